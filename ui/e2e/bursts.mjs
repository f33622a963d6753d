// Readers that type into every field and on every button of the counter's page and of all its
// dialogs, which are found on the page itself: a zone is always read, whatever the gaps, the tears and
// the line ends; it decides nothing, and the field keeps what was typed before.
import assert from 'node:assert/strict';
import { openPage } from './browser.mjs';
import { DIALOGS, serveGallery } from './gallery.mjs';
import { card, passport, visitor } from './mrz.mjs';
import { SEED, chances } from './chance.mjs';

const GAPS = [5, 10, 30, 50, 80];
const ENDS = { CR: ['Enter'], LF: ['Control+j'], CRLF: ['Enter', 'Control+j'], 'keypad’s Enter': ['NumpadEnter'], TAB: ['Tab'] };
const PAGES = ['WAITING', 'VISITOR', 'GROUP-MEMBER', 'FINGERS', 'REFERRALS', 'NOTICE'];
/** How many pages type at once: the machine must keep up with the shortest gaps. */
const LANES = 2;

/** What has a focus on the page or in the open dialog: a selector for each. */
const places = (page) => page.evaluate(() => {
  const open = [...document.querySelectorAll('dialog[open]')].at(-1);
  const all = [...(open ?? document.body).querySelectorAll('input, select, textarea, button, summary, a[href], [tabindex]')];
  const named = [];
  for (const [i, el] of all.entries()) {
    if (!el.checkVisibility() || el.disabled) continue;
    el.dataset.place = String(i);
    named.push({ at: `[data-place="${i}"]`, name: el.id || el.dataset.act || el.dataset.key || el.textContent.trim().slice(0, 20) || el.localName,
      field: el.matches('input:not([type="file"], [type="checkbox"], [type="radio"]), textarea'), select: el.matches('select') });
  }
  return named;
});

/** Types lines with these gaps: each key carries the time at which a reader would have sent it, by which
 * the page judges. The wall clock is not waited for: the slow ones would take an hour. */
async function type(cdp, lines, { ends, gap, tear }) {
  const keys = lines.flatMap((l) => [...l, ...ends]);
  const times = [];
  let t = 0;
  for (let i = 0; i < keys.length; i++) times.push(t += i === tear ? 700 : gap());
  const start = Date.now() / 1000 - t / 1000;
  const sent = [];
  for (const [i, key] of keys.entries()) {
    const timestamp = start + times[i] / 1000;
    const of = { Enter: ['Enter', 'Enter', 13, '\r', 0], NumpadEnter: ['Enter', 'NumpadEnter', 13, '\r', 0], Tab: ['Tab', 'Tab', 9, '', 0], 'Control+j': ['j', 'KeyJ', 74, '', 2] }[key];
    const [k, code, virtual, text, modifiers] = of ?? [key, /[A-Z]/.test(key) ? `Key${key}` : /\d/.test(key) ? `Digit${key}` : 'Comma', key.charCodeAt(0), key, 0];
    const what = { key: k, code, windowsVirtualKeyCode: virtual, modifiers, timestamp };
    sent.push(cdp.send('Input.dispatchKeyEvent', { type: text ? 'keyDown' : 'rawKeyDown', text: text || undefined, ...what }),
      cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', ...what }));
  }
  await Promise.all(sent);
}

/** A page of the gallery whose station takes everything and answers at once. */
async function open(context, url) {
  const page = await openPage(context, url);
  page.posts = [];
  page.under = new Set(); // requests that have no answer yet
  page.on('request', (r) => r.method() !== 'GET' && page.under.add(r));
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (r) => page.under.delete(r));
  await page.route(/./, (route) => {
    const r = route.request();
    if (r.method() === 'GET') return route.fallback();
    page.posts.push({ path: new URL(r.url()).pathname.split('/').pop(), body: r.postData() });
    return route.fulfill({ status: 200, contentType: 'application/json', body: '{}' });
  });
  await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
  await page.evaluate(() => { // the browser's own find and print must not open, and nothing may leave the page
    addEventListener('click', (e) => { if (e.target.closest('a')) globalThis.left = e.target.outerHTML; }, true);
  });
  page.cdp = await context.newCDPSession(page);
  return page;
}

/** Waits until what the page has sent of itself, as what is typed when its field is left, has been answered. */
async function settled(page) {
  await page.evaluate(async () => { await fetch('/settled', { method: 'POST' }); }); // whatever was sent before is known by then
  for (let i = 0; i < 400 && page.under.size > 0; i++) await page.waitForTimeout(10);
}

/** One burst at one place; the answer is '' or what went wrong. */
async function burst(page, place, lines, rhythm) {
  const el = page.locator(place.at).first();
  if (!(await el.count())) return ''; // it went with the view
  const kept = place.field ? await el.evaluate((e) => {
    if (e.maxLength === 0 || e.readOnly) return null;
    e.value = 'AB 12'.slice(0, e.maxLength > 0 ? Math.min(e.maxLength, 5) : 5);
    return e.value;
  }) : null;
  await el.evaluate((e) => { e.focus(); e.setSelectionRange?.call(e, e.value?.length ?? 0, e.value?.length ?? 0); }).catch(() => {}); // a file's field has no caret
  const state = () => page.evaluate(() => ({
    values: [...document.querySelectorAll('input, select, textarea')].map((f) => `${f.id}=${f.value}`), open: [...document.querySelectorAll('dialog[open]')].map((d) => d.id).join(),
    folds: [...document.querySelectorAll('details')].map((d) => d.open).join(), focus: document.activeElement?.dataset?.place ?? document.activeElement?.id, path: location.pathname, left: globalThis.left,
  }));
  await settled(page);
  const before = await state();
  page.posts.length = 0;
  await type(page.cdp, lines, rhythm);
  for (let i = 0; i < 400 && page.posts.length === 0; i++) await page.waitForTimeout(10);
  const after = await state();
  const problems = [];
  const sent = page.posts.map((p) => p.path);
  if (sent.join() !== 'scans') problems.push(`sent ${page.posts.map((p) => `${p.path} ${p.body}`).join(', ') || 'nothing'}`);
  else if (JSON.parse(page.posts[0].body).text !== lines.join('\n')) problems.push(`read ${page.posts[0].body}`);
  for (const k of Object.keys(before)) {
    if (String(before[k]) !== String(after[k])) {
      problems.push(`${k}: ${k === 'values' ? after.values.filter((v, i) => v !== before.values[i]).join(' | ') : `${before[k]} became ${after[k]}`}`);
    }
  }
  if (kept !== null && !after.values.some((v) => v.endsWith(`=${kept}`))) problems.push('what was typed before is gone');
  return problems.join('; ');
}

/** Every place of a page or dialog, each field with some of the line ends; gaps and tears by chance. */
async function everywhere(page, what, chance, bad, count) {
  const ends = Object.keys(ENDS);
  for (const place of await places(page)) {
    const all = place.field ? ends.filter((e) => e === 'TAB' || chance(0, 1)) : [ends[chance(0, ends.length - 1)]];
    for (const end of all) {
      const p = visitor();
      const lines = chance(0, 3) === 0 ? card(p) : passport(p);
      const g = GAPS[chance(0, GAPS.length - 1)];
      const even = chance(0, 3) > 0;
      const tear = chance(0, 1) ? chance(2, lines.join('').length - 2) : -1;
      const problem = await burst(page, place, lines, { ends: ENDS[end], gap: even ? () => g : () => chance(5, 80), tear });
      count.n++;
      if (problem) bad.push(`${what}, ${place.name}, ${end}, ${even ? `${g} ms` : 'uneven'}${tear < 0 ? '' : `, torn at ${tear}`}: ${problem}`);
    }
  }
}

export async function bursts(context, root, test) {
  const g = await serveGallery(root);
  const seen = new Set();
  const count = { n: 0 };
  const jobs = [
    ...PAGES.map((state) => ({ name: `bursts in every field of ${state}`, state, how: [] })),
    ...Object.entries(DIALOGS).map(([name, [state, ...how]]) => ({ name: `bursts in every field of ${name}`, state, how, dialog: true })),
  ];
  const run = async (job) => {
    const page = await open(context, `${g.url}/counters/${job.state}`);
    try {
      for (const el of await page.locator('dialog').evaluateAll((all) => all.map((d) => d.id))) if (!seen.has(el)) seen.add(el);
      const bad = [];
      if (job.dialog) {
        await page.waitForTimeout(500); // a verdict that has only just been painted takes no key
        for (const key of job.how) {
          if (/^[#[]/.test(key)) await page.locator(key).first().click();
          else await page.keyboard.press(key);
          await page.waitForTimeout(100);
        }
        const id = await page.evaluate(() => [...document.querySelectorAll('dialog[open]')].at(-1)?.id ?? '');
        if (id) opened.add(id);
      } else await page.evaluate(() => { for (const d of document.querySelectorAll('details')) d.open = true; });
      await everywhere(page, job.name, chances(SEED + jobs.indexOf(job)), bad, count);
      assert.deepEqual(bad, [], `${bad.length} bursts left something (SEED=${SEED})`);
      assert.deepEqual(page.faults, []);
    } finally {
      await page.close();
    }
  };
  const opened = new Set();
  try {
    const waiting = [...jobs];
    await Promise.all(Array.from({ length: LANES }, async () => {
      for (let job = waiting.shift(); job; job = waiting.shift()) await test(job.name, () => run(job));
    }));
    // Dialogs that no key of the list above opens are opened by force: none is left out.
    for (const id of [...seen].filter((d) => !opened.has(d))) {
      await test(`bursts in every field of ${id}, opened by force`, async () => {
        const page = await open(context, `${g.url}/counters/FINGERS`);
        try {
          const there = await page.evaluate((d) => {
            const el = document.getElementById(d);
            for (const h of el?.querySelectorAll('[hidden]') ?? []) h.hidden = false;
            el?.showModal();
            return Boolean(el);
          }, id);
          if (!there) return; // of another state
          const bad = [];
          await everywhere(page, id, chances(SEED), bad, count);
          assert.deepEqual(bad, [], `SEED=${SEED}`);
        } finally {
          await page.close();
        }
      });
    }
  } finally {
    await g.end();
  }
  console.log(`       ${count.n} bursts, SEED=${SEED}`);
}
