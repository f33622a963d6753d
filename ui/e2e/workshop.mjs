// The technician's screen, with scanners in all states and a station in a test's process
// (TestWorkshopPage in cmd/garita).
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { axe, openAs, SIZES } from './browser.mjs';
import { until } from './demo.mjs';
import { freePort } from './gallery.mjs';
import { serveTest } from './gotest.mjs';

/** Serves the station; tell() makes something happen to its scanners. */
export async function serve(root) {
  const address = `127.0.0.1:${await freePort()}`;
  const program = await serveTest(root, './cmd/garita', 'TestWorkshopPage', { GARITA_UI_WORKSHOP: address });
  await until('the station answers', () => fetch(`http://${address}/signin`).then((r) => r.ok, () => false));
  return {
    url: `http://${address}/workshop`,
    unknown: join(program.folder, 'unknown'), // the node of a reader that nobody has described
    tell: program.tell,
    end: program.end,
  };
}

/** The screen as the tests see it. */
class Screen {
  constructor(page) { this.page = page; }

  at(id) { return this.page.locator(`[data-scanner="${id}"]`); }

  async state(id) { return (await this.at(id).locator('.tag').first().innerText()).trim(); }

  is(id, state) { return until(`${id} is ${state}`, async () => (await this.state(id).catch(() => '')) === state); }

  result(id) { return this.at(id).locator('[data-result]').innerText(); }
}

async function clean(page, what) { assert.deepEqual(await axe(page), [], what); }

const WIDTHS = { ...SIZES, phone: { width: 390, height: 844 } };

export async function workshop(context, root, test, pictures) {
  const station = await serve(root);
  let page;
  try {
    page = await openAs(context, station.url, '4001');
    const s = new Screen(page);
    const finger = 'usb-1-1';
    await page.waitForSelector('body[data-live="on"]', { state: 'attached' });

    await test('workshop: every scanner has a state, a reason and what to do', async () => {
      await s.is('reader-1', 'Ready');
      await s.is(finger, 'Ready');
      await s.is('reader-2', 'Absent');
      await s.is('usb-1-2', 'No profile');
      await until('one that refuses has failed', async () => /Failed|Degraded/.test(await s.state('usb-1-3')));
      assert.match(await s.at('reader-1').innerText(), /belongs to no counter. Assign it/);
      assert.match(await s.at('usb-1-2').innerText(), /No profile is for this device/);
      assert.match(await s.at(finger).innerText(), /emulated: tested with our own emulation only/);
      assert.match(await s.at(finger).innerText(), /EMULATED-1/);
    });

    await test('workshop: a scanner is assigned by keyboard', async () => {
      await page.locator('#work').focus();
      for (let i = 0; i < 5 && (await page.evaluate(() => document.activeElement.id)) !== 'counter-reader-1'; i++) await page.keyboard.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'counter-reader-1');
      await page.keyboard.type('1');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await until('it says so', async () => /Belongs to counter 1 now/.test(await s.result('reader-1')));
      await until('the state shows it', async () => /Counter 1/.test(await s.at('reader-1').locator('.scanner-line').innerText()));
      assert.equal(await page.evaluate(() => document.activeElement.id), 'assign-reader-1', 'the focus stays');
    });

    await test('workshop: unplugged and plugged in again is seen at once, and what is being entered stays', async () => {
      await page.locator(`#counter-${finger}`).selectOption('2');
      station.tell('unplug');
      await s.is('reader-1', 'Absent');
      assert.match(await s.at('reader-1').innerText(), /not plugged in, or has no power/);
      assert.match(await page.locator('#say').textContent(), /Absent/);
      station.tell('replug');
      await s.is('reader-1', 'Ready');
      assert.equal(await page.locator(`#counter-${finger}`).inputValue(), '2');
    });

    await test('workshop: self-test, a finger, and a lamp that is not there', async () => {
      await page.locator(`#test-${finger}`).press('Enter');
      await until('the steps are there', async () => /Passed: blank-capture/.test(await s.result(finger)));
      station.tell('touch');
      await page.locator(`#capture-${finger}`).press('Enter');
      await until('the image is judged', async () => /384 × 290 pixels at 512 dpi, quality \d+/.test(await s.result(finger)));
      await page.locator(`#identify-${finger}`).press('Enter');
      await until('it says so', async () => /no lamp or beeper/.test(await s.result(finger)));
    });

    await test('workshop: the last frames, masked', async () => {
      station.tell('present');
      await page.locator('[data-scanner="reader-1"] summary').press('Enter');
      const rows = s.at('reader-1').locator('tbody tr');
      await until('a document is there', async () => /document with lines of 44, 44/.test((await rows.allInnerTexts()).join('\n')));
      const text = (await rows.allInnerTexts()).join('\n');
      assert.match(text, /41 3C 41 41 41/); // A<AAA
      assert.doesNotMatch(text, /55 54 4F/); // UTO
      await clean(page, 'with frames');
    });

    await test('workshop: another device in the same socket', async () => {
      station.tell('plug');
      await s.is('usb-1-2', 'Ready');
      assert.equal(await s.at('usb-1-2').locator('[data-act="capture"]').count(), 1);
    });

    await test('workshop: the diagnostic file', async () => {
      const [file] = await Promise.all([page.waitForEvent('download'), page.locator('#bundle-reader-1').click()]);
      assert.equal(file.suggestedFilename(), 'scanner-reader-1.zip');
    });

    await test('workshop: pictures and axe', async () => {
      for (const scheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme: scheme });
        for (const [name, size] of Object.entries(WIDTHS)) {
          await page.setViewportSize(size);
          await page.screenshot({ path: join(pictures, `workshop-${scheme}-${name}.png`), fullPage: name === 'phone' });
          const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
          assert.ok(!wide, `${name}: the page scrolls sideways`);
        }
        await clean(page, scheme);
      }
      assert.deepEqual(page.faults, []);
    });

    await test('workshop: the station ends, and the page says so', async () => {
      assert.equal(await station.end(), 0);
      await until('it says so', () => page.locator('#link').isVisible());
      await clean(page, 'without its station');
    });
  } finally {
    await page?.close();
    await station.end();
  }
}
