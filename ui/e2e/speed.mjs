// How fast the counter's page is, measured in the browser and printed: from the station's receiving a
// document to the verdict on the glass, from the key to "recorded" on the glass. Something is on the glass with
// the second animation frame after it changed. Machines differ: each figure stands beside that of an
// empty question to the same station, asked in between.
import assert from 'node:assert/strict';
import { openCounter } from './counterpage.mjs';
import { until } from './demo.mjs';
import { card, passport, traveller } from './mrz.mjs';

/** How many travellers each table rests on. */
const N = Number(process.env.N ?? 60);

/** The limits in ms at the 95th percentile, and for a CPU four times slower. */
const VERDICT = 50;
const RECORDED = 60;
const SLOW = 150;
/** The first load, in bytes as they travel. */
const LOAD = 120_000;

const quantile = (all, q) => [...all].sort((a, b) => a - b)[Math.min(all.length - 1, Math.ceil(all.length * q) - 1)];

/** Measures one round of N travellers; times are in the page's own clock. */
async function round(c, n) {
  const { page } = c;
  const out = { verdict: [], recorded: [], floor: [], frame: [], early: 0 };
  for (let i = 0; i < n; i++) {
    const p = traveller();
    const lines = i % 2 ? card(p) : passport(p);
    // A reader's document comes to the station beside the page; here the page itself sends it, so that one
    // clock measures both ends. The empty question is what such a sending takes alone.
    const got = await page.evaluate(async ([text, base]) => {
      const glass = () => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)));
      const json = { 'Content-Type': 'application/json', Accept: 'application/json' };
      const t0 = performance.now();
      await glass();
      const t1 = performance.now();
      await fetch('/session', { headers: json });
      const t2 = performance.now();
      const shown = new Promise((resolve) => {
        const seen = new MutationObserver(() => {
          if (!document.getElementById('state').dataset.encounter) return;
          seen.disconnect();
          const changed = performance.now();
          glass().then(() => resolve({ changed, painted: performance.now() }));
        });
        seen.observe(document.body, { subtree: true, childList: true, attributes: true });
      });
      const start = performance.now();
      const sent = fetch(`${base}/scans`, { method: 'POST', headers: json, body: JSON.stringify({ text, source: 'wedge' }) });
      const { painted } = await shown;
      await sent;
      return { verdict: painted - start, floor: t2 - t1, frame: t1 - t0 };
    }, [lines.join('\n'), `/counters/1`]);
    for (const k of ['verdict', 'floor', 'frame']) out[k].push(got[k]);
    await page.waitForTimeout(430);
    await page.evaluate(() => {
      globalThis.took = new Promise((resolve) => {
        addEventListener('keydown', (e) => {
          const start = performance.now();
          const seen = new MutationObserver(() => {
            if (!/\S/.test(document.getElementById('message').textContent)) return;
            seen.disconnect();
            requestAnimationFrame(() => requestAnimationFrame(() => resolve({ took: performance.now() - start, before: start - e.timeStamp, said: document.getElementById('message').textContent })));
          });
          document.getElementById('message').textContent = '';
          seen.observe(document.getElementById('message'), { childList: true, characterData: true, subtree: true });
        }, { once: true, capture: true });
      });
    });
    await page.keyboard.press('F8');
    const decided = await page.evaluate(() => globalThis.took);
    await c.waits();
    assert.ok((await page.locator('#message').getAttribute('class')).includes('message--bad') === false, decided.said);
    out.recorded.push(decided.took + Math.max(0, decided.before));
  }
  return out;
}

const row = (name, all, limit) => `       ${name.padEnd(44)} ${quantile(all, 0.5).toFixed(0).padStart(5)} ${quantile(all, 0.95).toFixed(0).padStart(5)} ${(limit ? String(limit) : '').padStart(6)}`;

/** @param {(name: string, run: () => Promise<void>) => Promise<void>} test */
export async function speed(context, demo, test) {
  const c = await openCounter(context, demo.post, '1');
  const { page } = c;
  const client = await context.newCDPSession(page);
  const tables = {};
  await test('speed: the first load', async () => {
    const fresh = await context.newPage();
    const cdp = await context.newCDPSession(fresh);
    await cdp.send('Network.enable');
    await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
    let bytes = 0;
    const sizes = [];
    const urls = new Map();
    cdp.on('Network.responseReceived', (e) => urls.set(e.requestId, e.response.url));
    cdp.on('Network.loadingFinished', (e) => {
      bytes += e.encodedDataLength;
      sizes.push(`${new URL(urls.get(e.requestId) ?? 'x:/').pathname} ${e.encodedDataLength}`);
    });
    await fresh.goto(`${demo.post}/counters/1`);
    await fresh.waitForSelector('body[data-live="on"]', { state: 'attached' });
    await fresh.waitForTimeout(500);
    await fresh.close();
    console.log(`       first load: ${bytes} bytes with headers (limit ${LOAD}): ${sizes.join(', ')}`);
    assert.ok(bytes > 1000 && bytes < LOAD, `${bytes} bytes`);
  });
  await test('speed: travellers at full speed', async () => {
    await round(c, 5); // warms everything
    tables.full = await round(c, N);
  });
  await test('speed: travellers on a CPU that is four times slower', async () => {
    await client.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    tables.slow = await round(c, N);
    await client.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  });
  const lines = ['       speed in ms (n = ' + N + ' each)'.padEnd(33) + '  p50   p95  limit'];
  for (const [name, t] of Object.entries(tables)) {
    const slow = name === 'slow';
    lines.push(row(`document received → verdict painted${slow ? ', CPU ÷ 4' : ''}`, t.verdict, slow ? SLOW : VERDICT), row(`key → "recorded" painted${slow ? ', CPU ÷ 4' : ''}`, t.recorded, slow ? '' : RECORDED),
      row(`  floor: an empty question${slow ? ', CPU ÷ 4' : ''}`, t.floor), row(`  floor: two animation frames${slow ? ', CPU ÷ 4' : ''}`, t.frame));
  }
  console.log(lines.join('\n'));
  await page.close();
  // A busy machine is no slow page: the limits hold where the floors are those of a machine at rest.
  await test('speed: the limits', async () => {
    await until('both tables are there', () => tables.full && tables.slow, 100);
    const floor = (t) => quantile(t.floor, 0.95) + quantile(t.frame, 0.95);
    const share = (t, what) => quantile(t[what], 0.95) / floor(t);
    console.log(`       as a multiple of the floors together: verdict ${share(tables.full, 'verdict').toFixed(2)}, recorded ${share(tables.full, 'recorded').toFixed(2)}, verdict at a quarter ${share(tables.slow, 'verdict').toFixed(2)}`);
    const over = [];
    for (const [t, what, limit] of [[tables.full, 'verdict', VERDICT], [tables.full, 'recorded', RECORDED], [tables.slow, 'verdict', SLOW]]) {
      const p95 = quantile(t[what], 0.95);
      if (p95 > limit && p95 > 3 * floor(t)) over.push(`${what}: ${p95.toFixed(0)} ms, limit ${limit}, floors ${floor(t).toFixed(0)}`);
    }
    assert.deepEqual(over, []);
  });
}
