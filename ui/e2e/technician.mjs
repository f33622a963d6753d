// The technician's day, by keyboard only, at a station with scanners in all states (TestWorkshopPage in cmd/garita):
// what the station says of itself, the first set-up, swapped readers, the disk measured, and the page in four
// languages at three sizes. What a scanner does when it is unplugged, tested or learned to know is workshop.mjs's.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { axe, openAs } from './browser.mjs';
import { until } from './demo.mjs';
import { serve } from './workshop.mjs';

const WIDTHS = { '1024x768': { width: 1024, height: 768 }, '1280x800': { width: 1280, height: 800 }, '1920x1080': { width: 1920, height: 1080 } };

/** A word of the page in each language, and a reason of a device in it. */
const WORDS = {
  es: ['Lectores de la estación PUT-1', /El lector no está conectado, o no tiene corriente\./, 'La estación misma'],
  en: ['Scanners of station PUT-1', /The scanner is not plugged in, or has no power\./, 'The station itself'],
  fr: ['Lecteurs de la station PUT-1', /Le lecteur n’est pas branché, ou n’est pas alimenté\./, 'La station elle-même'],
  ht: ['Lektè estasyon PUT-1', /Lektè a pa konekte, oswa li pa gen kouran\./, 'Estasyon an menm'],
};

/** Presses Tab until an element that fits has the focus. */
async function tabTo(page, selector, most = 120) {
  for (let i = 0; i < most; i++) {
    if (await page.evaluate((s) => document.activeElement.matches(s), selector)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${selector} is not reached by Tab`);
}

async function press(page, selector) {
  await tabTo(page, selector);
  await page.keyboard.press('Enter');
}

export async function technician(context, root, test, pictures) {
  const station = await serve(root);
  let page;
  try {
    page = await openAs(context, station.url, '4001');
    await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
    const step = (name) => page.locator('.setup-step', { hasText: name });
    const check = (id) => page.locator(`[data-check="${id}"]`);

    await test('technician: the first set-up says what is next, and a reload forgets nothing', async () => {
      await until('the disk is measured', async () => /Done/.test(await step('The disk was measured').innerText()));
      assert.match(await step('Enrolled at the hub').innerText(), /Done/);
      assert.match(await step('Every counter has a document reader').innerText(), /Next[^]*assign each to its counter/);
      await page.reload();
      assert.match(await step('The disk was measured').innerText(), /Done/);
    });

    await test('technician: a document on a reader is seen as the test scan', async () => {
      await page.locator('#work').focus();
      await tabTo(page, '#counter-reader-1');
      await page.keyboard.type('1');
      await press(page, '#assign-reader-1');
      await until('it is assigned', async () => /Counter 1/.test(await page.locator('[data-scanner="reader-1"] .scanner-line').innerText()));
      station.tell('present');
      await until('the test scan is seen', async () => /Done/.test(await step('A document was read').innerText()));
    });

    await test('technician: readers that were swapped are given to the other counter', async () => {
      await page.locator('#work').focus();
      await tabTo(page, '#counter-reader-1');
      await page.keyboard.type('2');
      await press(page, '#assign-reader-1');
      await until('it is the other one', async () => /Counter 2/.test(await page.locator('[data-scanner="reader-1"] .scanner-line').innerText()));
      await tabTo(page, '#counter-reader-2');
      await page.keyboard.type('1');
      await press(page, '#assign-reader-2');
      await until('and the other the first', async () => /Counter 1/.test(await page.locator('[data-scanner="reader-2"] .scanner-line').innerText()));
    });

    await test('technician: the station says how it is, and the disk is measured again', async () => {
      for (const id of ['disk', 'floor', 'clock', 'hub', 'certificate', 'roster', 'backup', 'power', 'heat', 'versions']) assert.ok(await check(id).count(), id);
      assert.match(await check('disk').innerText(), /OK|Attention/);
      const before = await check('floor').innerText();
      assert.match(before, /one write takes [\d.]+ ms/);
      await press(page, '#measure');
      await until('it is measured', async () => /Measured/.test(await page.locator('#measured').innerText()));
      assert.equal(await page.evaluate(() => document.activeElement.id), 'measure', 'the focus stays');
      assert.match(await check('backup').innerText(), /Attention[^]*Name a folder on another disk/);
    });

    for (const [lang, [title, reason, itself]] of Object.entries(WORDS)) {
      await test(`technician: the page in ${lang}, at three sizes`, async () => {
        await page.locator('#language > summary').focus();
        await page.keyboard.press('Enter');
        await Promise.all([page.waitForLoadState('load'), page.waitForURL('**/workshop'), press(page, `#language-${lang}`)]);
        await until('the language is there', async () => (await page.locator('html').getAttribute('lang')) === lang);
        await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
        assert.equal((await page.locator('#work h1').innerText()).trim(), title);
        assert.match(await page.locator('[data-scanner="reader-2"]').innerText(), reason);
        if (lang !== 'en') assert.doesNotMatch(await page.locator('#scanners').innerText(), /Unplug it/);
        assert.equal((await page.locator('#station-title').innerText()).trim(), itself);
        for (const [size, box] of Object.entries(WIDTHS)) {
          await page.setViewportSize(box);
          await page.waitForTimeout(150);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
          assert.ok(!wide, `${lang}, ${size}: the page scrolls sideways`);
          await page.screenshot({ path: join(pictures, `technician-${lang}-${size}.png`), fullPage: true });
        }
        assert.deepEqual(await axe(page), [], lang);
      });
    }

    await test('technician: what the API says comes in the reader’s language', async () => {
      // The last language is Haitian Creole.
      await press(page, '#identify-usb-1-1');
      await until('it says so', async () => (await page.locator('[data-scanner="usb-1-1"] [data-result]').innerText()).trim() !== '');
      assert.doesNotMatch(await page.locator('[data-scanner="usb-1-1"] [data-result]').innerText(), /This scanner has no lamp/);
      assert.deepEqual(page.faults, []);
    });
  } finally {
    await context.clearCookies({ name: 'garita_language' }); // the other parts read English
    await page?.close();
    await station.end();
  }
}
