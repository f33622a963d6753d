// The technician's day, by keyboard only, at a station with scanners in all states (TestWorkshopPage in cmd/garita):
// what the station says of itself, the first set-up, swapped readers, faulty firmware, a reader that is learned and put in
// force by a second person, the disk measured, and the pages in four languages at three sizes. What a scanner does when it is unplugged, tested or learned to know is workshop.mjs's.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { axe, openAs, signIn } from './browser.mjs';
import { until } from './demo.mjs';
import { serve } from './workshop.mjs';

const WIDTHS = { '1024x768': { width: 1024, height: 768 }, '1280x800': { width: 1280, height: 800 }, '1920x1080': { width: 1920, height: 1080 } };

/** A word of the page in each language, and a reason of a device in it. */
const WORDS = {
  es: ['Lectores de la estación PUT-1', /El lector no está conectado, o no tiene corriente\./, 'La estación misma'],
  en: ['Scanners of station PUT-1', /The scanner is not plugged in, or has no power\./, 'The station itself'],
  fr: ['Lecteurs de la station PUT-1', /Le lecteur n’est pas branché, ou n’est pas alimenté\./, 'La station elle-même'],
  ht: ['Lektè estasyon PUT-1', /Lektè a pa ploge, oswa li pa gen kouran\./, 'Estasyon an menm'],
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

/** What the page of learning is called. */
const LEARN = { es: 'Aprendizaje de un lector desconocido', en: 'Learn an unknown reader', fr: 'Apprentissage d’un lecteur inconnu', ht: 'Aprann yon lektè nou pa konnen' };

/** The page of learning as the tests see it. */
class Lesson {
  constructor(page) { this.page = page; }

  run() { return this.page.locator('#run').innerText(); }

  profile() { return this.page.locator('[data-profile]'); }

  /** Waits until the lesson, or the profile, is in a state. */
  is(what, where = '#run') { return until(`it says ${what}`, async () => (await this.page.locator(`${where} .tag`).first().innerText().catch(() => '')).trim() === what); }
}

/** A station in another officer's hands: the page is opened as that officer. */
async function as(page, badge, url) {
  await page.locator('#sign-out').press('Enter');
  await signIn(page, badge);
  await page.goto(url);
  await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
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

    await test('technician: faulty firmware has its state, its reason and what to do', async () => {
      const reader = page.locator('[data-scanner="reader-3"]');
      await until('it is degraded', async () => (await reader.locator('.tag').first().innerText()).trim() === 'Degraded');
      const text = await reader.innerText();
      assert.match(text, /Firmware 2\.21 is known to be faulty\. Ask Ficta for firmware 2\.31\./);
      assert.match(text, /Firmware\s+2\.21\s/);
      assert.equal(text.match(/known to be faulty/g).length, 1, 'it is said once');
      assert.match(await page.locator('[data-region="summary"]').innerText(), /1 degraded/);
      await tabTo(page, '#test-reader-3');
      await page.keyboard.press('Enter');
      await until('it passes its self-test all the same', async () => /Passed: identify/.test(await reader.locator('[data-result]').innerText()));
      assert.match(await reader.locator('.tag').first().innerText(), /Degraded/, 'and stays degraded');
    });

    const learn = new Lesson(page);
    const learning = station.url.replace('/workshop', '/workshop/learn');
    const name = 'learned-acme-9000';
    await test('technician: an unknown reader is taught by keyboard, and what comes is seen without telling it', async () => {
      await press(page, '#learn');
      await page.waitForURL('**/workshop/learn');
      await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
      assert.match(await learn.run(), /Nothing yet/);
      assert.match(await page.locator('#nodes').innerText(), /No port is free|Ports that no scanner has/);
      await tabTo(page, '#path');
      await page.keyboard.type(station.unknown);
      await tabTo(page, '#name');
      await page.keyboard.type('Acme 9000');
      await press(page, '#utopia');
      await tabTo(page, '#bauds');
      await page.keyboard.type('9600');
      await press(page, '#listen');
      await learn.is('Listening');
      await page.screenshot({ path: join(pictures, 'learn-listening.png'), fullPage: true });
      assert.deepEqual(await axe(page), [], 'listening');
      await press(page, '#stop');
      await learn.is('Stopped');
      // What runs is told by the stream, how it ended by the answer; they come by two ways.
      await until('the answer says so', async () => /It was stopped/.test(await page.locator('#taught').innerText()));
      await press(page, '#listen');
      await learn.is('Listening');
      station.tell('present-unknown');
      await learn.is('Understood');
      const text = await learn.run();
      assert.match(text, /92 bytes, 97 %/);
      assert.doesNotMatch(text, /ERIKSSON|L898902C/);
      await learn.is('Draft', '[data-profile]');
      assert.match(await learn.profile().innerText(), /9600 8N1[^]*between the bytes 1C 1D[^]*emulated: tested with our own emulation only/);
    });

    await test('technician: the draft is tried with three documents in a row, and one that came wrongly does not count', async () => {
      await press(page, `#trial-${name}`);
      await learn.is('Trying');
      for (const what of ['present-unknown', 'present-torn', 'present-unknown', 'present-card', 'present-card']) {
        const before = await page.locator('#run .learn-documents li').count();
        station.tell(what);
        await until('it is listed', async () => (await page.locator('#run .learn-documents li').count()) > before);
      }
      await learn.is('Passed');
      const text = await learn.run();
      assert.match(text, /Does not count[^]*Check digits are wrong/);
      assert.match(text, /3 lines of 30 characters/);
      assert.match(text, /The same document as before/);
      await learn.is('Tried', '[data-profile]');
      assert.equal(await page.locator('[data-act="accept"]').count(), 0);
    });

    await test('technician: who made it cannot put it in force; a supervisor looks at it and does, and it serves', async () => {
      await press(page, `#proposal-${name}`);
      await learn.is('Waits for a second person', '[data-profile]');
      assert.equal(await page.locator('[data-act="accept"]').count(), 0);
      await as(page, '2001', station.url);
      await page.locator('[data-region="summary"] a', { hasText: 'waits for a second person' }).press('Enter');
      await page.waitForURL('**/workshop/learn');
      await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
      assert.equal(await page.locator('#teach').count(), 0, 'a supervisor teaches nobody');
      await page.screenshot({ path: join(pictures, 'learn-to-decide.png'), fullPage: true });
      assert.deepEqual(await axe(page), [], 'to decide');
      await page.locator('#work').focus();
      await press(page, `#accept-${name}`);
      await learn.is('In force', '[data-profile]');
      assert.match(await learn.profile().innerText(), /Put in force\s+2001/);
      await page.goto(station.url);
      await until('it serves', async () => (await page.locator(`[data-scanner="${name}"] .tag`).first().innerText().catch(() => '')).trim() === 'Ready');
      assert.match(await page.locator(`[data-scanner="${name}"]`).innerText(), /This station learned this profile/);
    });

    await test('technician: and it can be undone', async () => {
      await as(page, '4001', learning);
      await press(page, `#withdraw-${name}`);
      await learn.is('Withdrawn', '[data-profile]');
      await page.goto(station.url);
      await until('it serves nobody', async () => (await page.locator(`[data-scanner="${name}"]`).count()) === 0);
      assert.deepEqual(page.faults, []);
      await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
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
        await page.goto(learning);
        await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
        assert.equal((await page.locator('#work h1').innerText()).trim(), LEARN[lang]);
        if (lang !== 'en') assert.doesNotMatch(await page.locator('#work').innerText(), /was not measured|Nothing marks/);
        for (const [size, box] of Object.entries(WIDTHS)) {
          await page.setViewportSize(box);
          await page.waitForTimeout(150);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
          assert.ok(!wide, `${lang}, ${size}: the page of learning scrolls sideways`);
          await page.screenshot({ path: join(pictures, `learn-${lang}-${size}.png`), fullPage: true });
        }
        assert.deepEqual(await axe(page), [], `${lang}, learning`);
        await page.emulateMedia({ colorScheme: 'dark' });
        assert.deepEqual(await axe(page), [], `${lang}, learning, dark`);
        await page.screenshot({ path: join(pictures, `learn-${lang}-dark.png`), fullPage: true });
        await page.goto(station.url);
        await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
        assert.deepEqual(await axe(page), [], `${lang}, dark`);
        await page.screenshot({ path: join(pictures, `technician-${lang}-dark.png`), fullPage: true });
        await page.emulateMedia({ colorScheme: 'light' });
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
