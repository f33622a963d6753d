// From one state of the counter's screen to another, on one page: whatever it showed and whatever was typed before,
// it then reads as a page that is opened just now, and the focus is on something that is there.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { openPage } from './browser.mjs';
import { SEED, chances } from './chance.mjs';
import { until } from './demo.mjs';
import { serveGallery, STATES } from './gallery.mjs';

/** The counter on which the states follow one another, and how many do. */
const COUNTER = 'WAITING';
const STEPS = 100;
/** How soon the page has it, in ms. */
const SOON = 5000;
const TYPED = 'QX';

/** The regions of the page as they read, or of the page that the station would send now; what the script says of who is
 * signed in is left out. */
const regions = (page, anew) => page.evaluate(async (url) => {
  const root = url ? new DOMParser().parseFromString(await (await fetch(url)).text(), 'text/html') : document;
  return Object.fromEntries([...root.querySelectorAll('[data-region], #state')].map((el) => {
    const copy = el.cloneNode(true);
    for (const own of copy.querySelectorAll('#hold')) own.hidden = true;
    return [el.dataset.region ?? 'state', copy.outerHTML.replaceAll(/\s+/g, ' ')];
  }));
}, anew ? `/counters/${COUNTER}` : '');

const encounter = (page) => page.evaluate(() => document.getElementById('state').dataset.encounter);

/** Puts the focus on one of the page's places, and types into it if something can be typed there. */
const meddle = (page, which) => page.evaluate(([n, text]) => {
  const all = [...document.querySelectorAll('[data-region] :is(input, select, textarea, button, a[href], summary, [tabindex])')].filter((el) => el.checkVisibility());
  const el = all[n % all.length];
  el?.focus();
  if (el?.matches('input:not([type="checkbox"], [type="radio"], [type="file"]), textarea')) el.value = text;
  if (el?.matches('select')) el.selectedIndex = el.options.length - 1;
  return el && (el.id || el.textContent.trim().slice(0, 20) || el.localName);
}, [which, TYPED]);

export async function walk(context, root, test) {
  const g = await serveGallery(root);
  try {
    await test(`walk: ${STEPS} times from one state to another, each as on a new page`, async () => {
      const page = await openPage(context, `${g.url}/counters/${COUNTER}`);
      await page.route(/./, (r) => (r.request().method() === 'GET' ? r.fallback() : r.fulfill({ status: 200, contentType: 'application/json', body: '{}' })));
      await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
      const chance = chances(SEED);
      let now = COUNTER;
      let before = await regions(page, true);
      let others = 0;
      for (let i = 0; i < STEPS; i++) {
        const at = await meddle(page, chance(0, 1000));
        const person = await encounter(page);
        const next = STATES.filter((s) => s !== now)[chance(0, STATES.length - 2)];
        g.tell(`as ${COUNTER} ${next}`);
        const step = `step ${i}, from ${now} to ${next} (SEED=${SEED})`;
        const want = await until(`${step}: the station has it`, async () => {
          const fresh = await regions(page, true);
          return !isDeepStrictEqual(fresh, before) && fresh;
        });
        before = want;
        let got;
        let same;
        const reads = async () => {
          got = await regions(page);
          same = person && person === (await encounter(page));
          if (same) got.record = want.record; // what was typed about the same person stays
          return isDeepStrictEqual(got, want);
        };
        await until('', reads, SOON).catch(() => assert.deepEqual(got, want, step));
        if (!same) others++;
        const [typed, focus] = await page.evaluate((text) => [
          [...document.querySelectorAll('[data-region] :is(input, textarea)')].filter((el) => el.value === text).length +
            [...document.querySelectorAll('[data-region] select')].filter((el) => ![...el.options].some((o) => o.defaultSelected) ? el.selectedIndex > 0 : !el.options[el.selectedIndex].defaultSelected).length,
          document.activeElement.checkVisibility() && document.activeElement !== document.body,
        ], TYPED);
        if (!same) assert.equal(typed, 0, `${step}: what was typed about somebody else is there`);
        assert.ok(focus, `${step}: the focus that was on ${at} is lost${same ? '; the person is the same' : ''}`);
        now = next;
      }
      assert.ok(others > STEPS / 4, `${others} of ${STEPS} steps led to somebody else`);
      assert.deepEqual(page.faults, []);
      console.log(`       ${others} of ${STEPS} steps led to somebody else, SEED=${SEED}`);
      await page.close();
    });
  } finally {
    await g.end();
  }
}
