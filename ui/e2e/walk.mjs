// From one state of the counter's screen to another, on one page: whatever it showed and whatever was typed before,
// it then reads as a page that was opened just now, and the focus is on something that is there.
import assert from 'node:assert/strict';
import { openPage } from './browser.mjs';
import { SEED, chances } from './chance.mjs';
import { until } from './demo.mjs';
import { serveGallery, STATES } from './gallery.mjs';

/** The counter on which the states follow one another, and how many do. */
const COUNTER = 'WAITING';
const STEPS = 60;
const TYPED = 'QX';

/** The regions of the page as they read; what the script says of who is signed in is left out. */
const regions = (page) => page.evaluate(() => Object.fromEntries([...document.querySelectorAll('[data-region], #state')].map((el) => {
  const copy = el.cloneNode(true);
  for (const own of copy.querySelectorAll('#hold')) own.hidden = true;
  for (const now of [copy, ...copy.querySelectorAll('*')]) now.removeAttribute('data-place');
  return [el.dataset.region ?? 'state', copy.outerHTML.replaceAll(/\s+/g, ' ')];
})));

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
      const fresh = await openPage(context, `${g.url}/counters/${COUNTER}`);
      await page.route(/./, (r) => (r.request().method() === 'GET' ? r.fallback() : r.fulfill({ status: 200, contentType: 'application/json', body: '{}' })));
      await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
      const chance = chances(SEED);
      let now = COUNTER;
      let others = 0;
      for (let i = 0; i < STEPS; i++) {
        const at = await meddle(page, chance(0, 1000));
        const before = await page.evaluate(() => document.getElementById('state').dataset.encounter);
        const next = STATES.filter((s) => s !== now)[chance(0, STATES.length - 2)];
        g.tell(`as ${COUNTER} ${next}`);
        await fresh.waitForTimeout(5);
        let want;
        let got;
        const step = `step ${i}, from ${now} to ${next} (SEED=${SEED})`;
        await until(`${step}: the page shows it`, async () => {
          await fresh.goto(`${g.url}/counters/${COUNTER}`);
          [want, got] = [await regions(fresh), await regions(page)];
          return want.state === got.state;
        });
        const same = before && before === (await page.evaluate(() => document.getElementById('state').dataset.encounter));
        if (same) { // what was typed about the same person stays
          delete want.record;
          delete got.record;
        } else others++;
        assert.deepEqual(got, want, step);
        const [typed, focus] = await page.evaluate((text) => [
          [...document.querySelectorAll('[data-region] :is(input, textarea)')].filter((el) => el.value === text).length +
            [...document.querySelectorAll('[data-region] select')].filter((el) => ![...el.options].some((o) => o.defaultSelected) ? el.selectedIndex > 0 : !el.options[el.selectedIndex].defaultSelected).length,
          document.activeElement.checkVisibility() && document.activeElement !== document.body,
        ], TYPED);
        if (!same) assert.equal(typed, 0, `${step}: what was typed about somebody else is there`);
        assert.ok(focus, `${step}: the focus that was on ${at} is lost${same ? '; the person is the same' : ''}`);
        now = next;
      }
      assert.ok(others > STEPS / 2, `${others} of ${STEPS} steps led to somebody else`);
      assert.deepEqual(page.faults, []);
      console.log(`       ${others} of ${STEPS} steps led to somebody else, SEED=${SEED}`);
      await page.close();
      await fresh.close();
    });
  } finally {
    await g.end();
  }
}
