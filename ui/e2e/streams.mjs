// Eight counters at work on one station, five hundred operators' streams on one hub: how soon what was
// recorded is on the operators' pages, what it costs the hub's memory, and that a browser that stopped
// reading costs nobody's record.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'node:http';
import { cookieOf, openAs } from './browser.mjs';
import { until } from './demo.mjs';
import { passport, traveller } from './mrz.mjs';

const OPERATORS = Number(process.env.OPERATORS ?? 500);
const COUNTERS = 8;
/** Rounds of one traveller at each counter. */
const ROUNDS = 12;
/** As fetch says it: a session is of one kind of browser. */
const AGENT = 'node';
/** How late, in ms, what was recorded may be on a page, at the 99th percentile. */
const LATE = 1000;

/** What a kernel holds of a stream that is not read, in bytes: more than its send buffer may grow to. */
const FULL = 10 << 20;
/** After this long in ms without being read a stream is cut off for certain. */
const CUT_OFF = 16_000;

const quantile = (all, q) => [...all].sort((a, b) => a - b)[Math.min(all.length - 1, Math.ceil(all.length * q) - 1)];
const ms = (x) => `${Math.round(x)} ms`;

/** An operator's browser without its glass: reads a stream and notes when each number of crossings was first there. */
function operator(hub, cookie) {
  const o = { seen: new Map(), events: 0, bytes: 0, ended: false };
  const url = new URL('/live?topic=operations', hub);
  o.ready = new Promise((resolve, reject) => {
    const r = request(url, { headers: { Cookie: cookie, Accept: 'text/event-stream', 'User-Agent': AGENT }, agent: false }, (res) => {
      if (res.statusCode !== 200) {
        reject(new Error(`the hub answers ${res.statusCode}`));
        return;
      }
      let rest = '';
      res.setEncoding('utf8');
      res.on('data', (text) => {
        o.bytes += text.length;
        rest += text;
        const at = rest.lastIndexOf('\n\n');
        if (at < 0) return;
        const now = performance.now();
        for (const event of rest.slice(0, at).split('\n\n')) {
          const n = /data-figure=\\"crossings\\".{0,200}?<dd>([0-9\s]+)|data-figure=\\"crossings\\".{0,300}?dd\\u003e([^\\<]+)/u.exec(event);
          if (!n) continue;
          o.events++;
          const count = Number((n[1] ?? n[2]).replaceAll(/[^0-9]/g, ''));
          if (!o.seen.has(count)) o.seen.set(count, now);
          o.last = count;
          resolve();
        }
        rest = rest.slice(at + 2);
      });
      res.on('error', () => { o.ended = true; });
      res.on('end', () => { o.ended = true; });
    });
    r.on('error', reject);
    r.end();
    o.close = () => r.destroy();
  });
  return o;
}

/** A counter without its glass. */
async function counter(post, name, badge) {
  const cookie = await cookieOf(post, badge, name);
  const call = async (path, body, method = 'POST') => {
    const r = await fetch(`${post}/counters/${name}${path}`, { method, headers: { Cookie: cookie, 'Content-Type': 'application/json', Accept: 'application/json', Origin: post }, body: JSON.stringify(body) });
    if (!r.ok) throw new Error(`${path}: ${r.status} ${await r.text()}`);
    return r.status === 204 ? {} : r.json().catch(() => ({}));
  };
  const state = async () => {
    const r = await fetch(`${post}/api/v1/counters/${name}`, { headers: { Cookie: cookie, Accept: 'application/json' } });
    if (!r.ok) throw new Error(`view: ${r.status}`);
    return r.json();
  };
  await call('/holder', {});
  return {
    cookie,
    /** One traveller through; the answer is how long the decision took in ms and when it was answered. */
    async pass() {
      await call('/scans', { text: passport(traveller()).join('\n'), source: 'wedge' });
      const v = await until('somebody is there', async () => { const s = await state(); return s.encounter && s; });
      const start = performance.now();
      await call('/decisions', { encounter: v.encounter.id, revision: v.encounter.verdict.revision, outcome: 'admitted', values: {} });
      const at = performance.now();
      return { took: at - start, at };
    },
  };
}

/** A browser that is given a stream and reads all of it. */
function reading(base, path, cookie) {
  const o = { bytes: 0 };
  const r = request(new URL(path, base), { headers: { Cookie: cookie, Accept: 'text/event-stream', 'User-Agent': AGENT }, agent: false }, (res) => {
    res.on('data', (part) => { o.bytes += part.length; });
    res.on('error', () => {});
  });
  r.on('error', () => {});
  r.end();
  o.close = () => r.destroy();
  return o;
}

/** A browser that is given a stream and then reads no more of it. */
function stuck(base, path, cookie) {
  const { hostname, port } = new URL(base);
  const s = connect(Number(port), hostname);
  s.setNoDelay(true);
  s.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nCookie: ${cookie}\r\nUser-Agent: ${AGENT}\r\nAccept: text/event-stream\r\n\r\n`);
  s.on('error', () => {});
  return {
    /** The status that the server answered with. */
    given: new Promise((resolve) => {
      s.once('data', (first) => {
        s.pause();
        resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(first.toString('latin1'))?.[1]));
      });
    }),
    /** Reads what lies in the buffers; whether there is an end to it, as the server has cut it off. */
    cut: (patience) => new Promise((resolve) => {
      const late = setTimeout(() => resolve(false), patience);
      s.once('close', () => { clearTimeout(late); resolve(true); });
      s.on('data', () => {});
      s.resume();
    }),
    destroy: () => s.destroy(),
  };
}

const memory = (data, name) => {
  const pid = readFileSync(join(data, `${name}.pid`), 'utf8').trim();
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
};

export async function streams(context, demo, test) {
  const badges = ['1001', '1002', '1003', '1004', '1005', '1001', '1002', '1003'];
  const open = [];
  let counters = [];
  const rounds = async (n) => {
    const out = [];
    for (let i = 0; i < n; i++) out.push(...await Promise.all(counters.map((c) => c.pass())));
    return out;
  };
  let alone;
  let page;

  await test('streams: eight counters at work', async () => {
    for (let i = 0; i < COUNTERS; i++) counters.push(await counter(demo.post, String(i + 1), badges[i]));
    await rounds(3);
    alone = await rounds(ROUNDS);
    console.log(`       decisions of 8 counters, nobody watching: p50 ${ms(quantile(alone.map((d) => d.took), 0.5))}, p99 ${ms(quantile(alone.map((d) => d.took), 0.99))}`);
  });

  await test(`streams: ${OPERATORS} operators watch one hub`, async () => {
    const cookie = await cookieOf(demo.hub, '3001');
    const before = memory(demo.data, 'hub');
    page = await openAs(context, `${demo.hub}/`, '3001');
    const began = performance.now();
    for (let i = 0; i < OPERATORS; i++) {
      open.push(operator(demo.hub, cookie));
      if (i % 50 === 49) await Promise.all(open.slice(-50).map((o) => o.ready));
    }
    await Promise.all(open.map((o) => o.ready));
    console.log(`       ${OPERATORS} streams are open after ${ms(performance.now() - began)}`);
    const total = () => page.locator('[data-figure="crossings"] dd').innerText().then((t) => Number(t.replaceAll(/[^0-9]/g, '')));
    await until('the hub has everything', async () => Math.max(...open.map((o) => o.last)) === Math.min(...open.map((o) => o.last)) && (await total()) === open[0].last);
    let count = open[0].last;
    await page.evaluate(() => {
      globalThis.glass = new Map();
      new MutationObserver(() => {
        const n = document.querySelector('[data-figure="crossings"] dd')?.textContent.replaceAll(/[^0-9]/g, '');
        requestAnimationFrame(() => { if (n && !globalThis.glass.has(n)) globalThis.glass.set(n, Date.now()); });
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    const late = [];
    const glass = [];
    const took = [];
    for (let i = 0; i < ROUNDS; i++) {
      const done = await rounds(1);
      took.push(...done.map((d) => d.took));
      count += COUNTERS;
      const all = Math.max(...done.map((d) => d.at));
      await until('everybody has seen it', () => open.every((o) => o.last >= count), 20000);
      for (const o of open) late.push(o.seen.get(count) - all);
      const shift = Date.now() - performance.now();
      await until('the page shows it', () => page.evaluate((n) => globalThis.glass.has(n), String(count)), 10000);
      glass.push((await page.evaluate((n) => globalThis.glass.get(n), String(count))) - shift - all);
      await new Promise((r) => setTimeout(r, 300));
    }
    const after = memory(demo.data, 'hub');
    console.log(`       last of eight decisions → on ${OPERATORS} streams: p50 ${ms(quantile(late, 0.5))}, p99 ${ms(quantile(late, 0.99))}, most ${ms(Math.max(...late))} (limit ${LATE} ms at p99); on a page’s glass: p50 ${ms(quantile(glass, 0.5))}, most ${ms(Math.max(...glass))}`);
    console.log(`       decisions meanwhile: p50 ${ms(quantile(took, 0.5))}, p99 ${ms(quantile(took, 0.99))}; ratio of p50 to nobody watching ${(quantile(took, 0.5) / quantile(alone.map((d) => d.took), 0.5)).toFixed(2)}`);
    console.log(`       hub’s memory: ${before.toFixed(0)} → ${after.toFixed(0)} MiB, ${((after - before) * 1024 / OPERATORS).toFixed(0)} KiB a stream`);
    assert.ok(open.every((o) => !o.ended), 'streams were cut');
    assert.ok(quantile(late, 0.99) <= LATE, `p99 ${ms(quantile(late, 0.99))}`);
    assert.ok(quantile(glass, 0.99) <= LATE, `p99 ${ms(quantile(glass, 0.99))} on the glass`);
    assert.ok(after - before < 400, 'the streams take too much memory');
  });

  await test('streams: browsers that do not read slow nobody’s record', async () => {
    for (const o of open.splice(0)) o.close();
    await new Promise((r) => setTimeout(r, 1000));
    const took = async (n) => (await rounds(n)).map((d) => d.took);
    // Before and after: a machine has moods, which must not count for one side only.
    const without = await took(ROUNDS);
    const hub = await cookieOf(demo.hub, '3001');
    const held = [];
    for (let i = 0; i < 20; i++) held.push(stuck(demo.hub, '/live?topic=operations', hub));
    // All counters on each, so that more is written than the kernel holds for somebody who does not read.
    const topics = counters.map((_, i) => `topic=counters/${i + 1}`).join('&');
    const atPost = counters.flatMap((c) => [1, 2].map(() => stuck(demo.post, `/live?${topics}`, c.cookie)));
    held.push(...atPost);
    assert.deepEqual([...new Set(await Promise.all(held.map((s) => s.given)))], [200], 'each was given a stream');
    const base = memory(demo.data, 'post');
    const reader = reading(demo.post, `/live?${topics}`, counters[0].cookie); // shows how much is written to each
    await took(ROUNDS);
    const withStuck = await took(ROUNDS * 2);
    const grown = memory(demo.data, 'post') - base;
    for (let i = 0; i < 100 && reader.bytes < FULL; i++) await rounds(4); // until the kernel holds no more for them
    reader.close();
    await new Promise((r) => setTimeout(r, CUT_OFF));
    const cut = (await Promise.all(atPost.map((s) => s.cut(3000)))).filter(Boolean).length;
    for (const s of held) s.destroy();
    await new Promise((r) => setTimeout(r, 500));
    without.push(...await took(ROUNDS));
    const [a, b] = [quantile(without, 0.99), quantile(withStuck, 0.99)];
    console.log(`       decisions with ${held.length} browsers that do not read: p50 ${ms(quantile(withStuck, 0.5))}, p99 ${ms(b)}; without: p50 ${ms(quantile(without, 0.5))}, p99 ${ms(a)}; ratio of p99 ${(b / a).toFixed(2)}; the station grew by ${grown.toFixed(0)} MiB and cut off ${cut} of ${atPost.length} that had ${Math.round(reader.bytes / 2 ** 20)} MiB to read`);
    assert.ok(cut > 0, 'no write to them ever waited: nothing was shown');
    assert.ok(quantile(withStuck, 0.5) < 2 * quantile(without, 0.5) + 5, 'half of the decisions are much slower');
    assert.ok(b < 5000, 'somebody waited for a browser that does not read');
    assert.ok(grown < 100, `the station grew by ${grown.toFixed(0)} MiB`);
  });
  for (const o of open) o.close();
  await page?.close();
}
