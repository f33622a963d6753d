// The watchlist at the counter: what an officer sees of a possible match by its handling code, and
// of a traveller who was listed after they had passed. The demo's day has been played; one of its
// travellers became a late hit.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { axe, cookieOf, SIZES } from './browser.mjs';
import { openCounter } from './counterpage.mjs';
import { until } from './demo.mjs';

/** Specimens by their place on the shelf. */
const REFER = 15;
const OPEN = 16;
const SILENT = 17;

export async function watch(context, demo, test, pictures) {
  const c = await openCounter(context, demo.post, '2');
  const { page } = c;
  await page.setViewportSize(SIZES['1366x768']);
  const fits = async () => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than the screen');
  const clean = async (what) => { assert.deepEqual(await axe(page), [], what); await fits(); };
  const present = async (place) => {
    await page.locator(`#present-${place}`).click();
    await until('a document is shown', async () => (await c.state()).encounter);
    await page.waitForTimeout(500);
  };
  const withdraw = async () => {
    await page.keyboard.press('F10');
    await c.dialog('confirm');
    await page.keyboard.press('F8');
    await c.waits(); // the page speaks Spanish by now
  };

  const operator = await cookieOf(demo.hub, '3001');
  const cases = async () => (await (await fetch(`${demo.hub}/cases`, { headers: { Cookie: operator } })).text()).replace(/<[^>]*>/g, ' ');

  await test('watch: an officer who reads Spanish holds the counter', async () => {
    await c.switchTo('1002');
    await until('the officer has changed', async () => (await c.state()).holder === '1002');
  });

  await test('watch: a late hit is on the screen until somebody takes it in hand', async () => {
    const late = page.locator('[data-region="late"]');
    await until('the late hit is shown', async () => (await late.innerText()).includes('courts/H-1'));
    assert.equal(await late.locator('.hit-do').getAttribute('lang'), 'es');
    assert.match(await late.innerText(), /orden judicial/);
    await page.screenshot({ path: join(pictures, 'watch-late.png') });
    await clean('with a late hit');
    await late.locator('[data-act="acknowledge"]').click();
    await until('the late hit is gone', async () => (await page.locator('[data-region="late"]').getAttribute('hidden')) !== null);
    await until('the hub knows of it', async () => /Alerts that no post has acknowledged\s*0\s/.test(await cases()));
  });

  await test('watch: of an entry to be referred the officer sees the instruction and nothing else', async () => {
    await present(REFER);
    const hits = page.locator('[data-region="hits"]');
    assert.equal((await c.state()).level, 'refer');
    assert.equal(await hits.locator('.hit-do').getAttribute('lang'), 'es');
    assert.match(await hits.innerText(), /oficina del supervisor/);
    assert.doesNotMatch(await hits.innerText(), /courts|Order|in 100/);
    await page.screenshot({ path: join(pictures, 'watch-refer.png') });
    await clean('to be referred');
    await withdraw();
  });

  await test('watch: of an open entry the officer sees whom to compare with, and why', async () => {
    await present(OPEN);
    const hits = page.locator('[data-region="hits"]');
    assert.match(await hits.innerText(), /Llame al supervisor/);
    assert.match(await hits.innerText(), /courts\/C-/);
    assert.ok(await hits.locator('.hit-why li').count() > 1, 'no reasons');
    await page.screenshot({ path: join(pictures, 'watch-open.png') });
    await clean('an open hit');
    await withdraw();
  });

  await test('watch: a silent entry shows nothing, and the hub has a case', async () => {
    await present(SILENT);
    assert.equal((await c.state()).level, 'proceed');
    assert.notEqual(await page.locator('[data-region="hits"]').getAttribute('hidden'), null);
    await clean('a silent hit');
    await withdraw();
    await until('the hub has a case', async () => (await cases()).includes('courts/C-18'));
  });
  await page.close();
}
