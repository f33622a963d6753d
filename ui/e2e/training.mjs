// Training at the counter: entered, worked at and left by keyboard alone. It looks like nothing else in every
// look that a reader can choose, takes no real document, and leaves nothing at the real counters.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { axe, openPage, PIN, SIZES } from './browser.mjs';
import { CounterPage } from './counterpage.mjs';
import { until } from './demo.mjs';
import { keys } from './hands.mjs';

/** The places of invented travellers on the list. */
const FIRST = 0;
const RETURNING = 1;
const REFER = 7;
const REFUSE = 8;

/** A real country's passport; nobody's. */
const REAL = ['P<FRADUPONT<<MARIE<CLAIRE<<<<<<<<<<<<<<<<<<<', '12AB345672FRA8503155F3004127<<<<<<<<<<<<<<00'];

const WORDS = { en: 'TRAINING', es: 'ENTRENAMIENTO', fr: 'FORMATION', ht: 'ANTRÈNMAN' };

export async function training(context, demo, test, pictures) {
  let page;
  let c;
  let hands;
  const shot = (name) => page.screenshot({ path: join(pictures, `training-${name}.png`) });
  const banner = () => page.locator('.training-banner');

  /** Puts an invented document on the reader, by keys. */
  async function present(index) {
    await hands.press(`#present-${index}`);
    await until('somebody is on the screen', async () => (await c.state()).encounter);
    await page.waitForTimeout(450);
  }

  await test('training: a counter of its own on the page of signing in, entered by keys', async () => {
    page = await openPage(context, `${demo.post}/signin?lang=en`);
    await page.setViewportSize(SIZES['1024x768']);
    hands = keys(page);
    await hands.type('#badge', '1004');
    await hands.type('#pin', PIN);
    await hands.check('input[name="counter"][value="T1"]');
    await shot('signin');
    assert.deepEqual(await axe(page), []);
    await Promise.all([page.waitForURL('**/counters/T1'), page.keyboard.press('Enter')]);
    c = new CounterPage(page);
    await c.connected();
    await until('the officer holds the counter', async () => (await c.state()).holder === '1004');
    assert.match(await page.title(), /^TRAINING – /);
    assert.match(await banner().innerText(), /TRAINING[\s\S]*Nothing is recorded/);
    assert.equal(await page.locator('.counters a').first().innerText(), 'Counter T1');
    await shot('waiting');
  });

  await test('training: the first visitor is let in, by keys alone', async () => {
    await present(FIRST);
    await hands.choose('#f-purpose', 'holiday');
    await hands.type('#f-intended_days', '7');
    await hands.type('#f-address', 'Hotel Amaurot');
    await shot('first');
    await page.keyboard.press('Tab');
    await c.accept();
  });

  await test('training: who has been here before is let in: the stays are known', async () => {
    await present(RETURNING);
    await until('the earlier stays', async () => (await page.locator('[data-region="history"] tbody tr').count()) === 2);
    await hands.choose('#f-purpose', 'holiday');
    await hands.type('#f-intended_days', '7');
    await hands.type('#f-address', 'Hotel Amaurot');
    await page.keyboard.press('Tab');
    await c.accept();
  });

  await test('training: somebody listed is referred, by keys alone', async () => {
    await present(REFER);
    await page.keyboard.press('F3');
    await c.dialog('refer');
    await shot('dialog');
    const reason = await page.locator('#refer select').first().getAttribute('id');
    const code = await page.locator(`#${reason} option`).nth(1).getAttribute('value');
    await hands.choose(`#${reason}`, code);
    await page.keyboard.press('F8');
    await c.waits();
    assert.match(await c.text('referrals'), /LINDGREN/);
  });

  await test('training: somebody listed is refused with a supervisor; the notice says that it is worth nothing', async () => {
    await present(REFUSE);
    await page.keyboard.press('F9');
    await c.dialog('refuse');
    await hands.choose('#ground', 'listed');
    await page.keyboard.press('F8');
    await c.second();
    await c.waits();
    await shot('refused');
    assert.deepEqual(await axe(page), []);
    const href = await page.locator('#print-notice').getAttribute('href');
    for (const [lang, word] of Object.entries(WORDS)) {
      const paper = await openPage(context, `${demo.post}${href}?lang=${lang}`);
      assert.equal(await paper.locator('.training-across').innerText(), word);
      assert.ok((await paper.locator('.training-says').innerText()).startsWith(word), lang);
      assert.deepEqual(await axe(paper), [], lang);
      await paper.emulateMedia({ media: 'print' });
      await paper.screenshot({ path: join(pictures, `training-notice-${lang}.png`) });
      assert.ok(await paper.locator('.training-across').isVisible() && await paper.locator('.training-says').isVisible(), 'on paper too');
      await paper.close();
    }
  });

  await test('training: a real passport from a reader that types is refused, and is nowhere on the page', async () => {
    await c.wedge(REAL);
    await c.says(/only the invented documents/);
    assert.equal((await c.state()).encounter, '');
    assert.ok(!(await page.content()).includes('DUPONT'));
    assert.ok(!(await page.evaluate(() => [...document.querySelectorAll('input, textarea')].some((f) => f.value.includes('DUPONT')))));
    await shot('real-refused');
    await page.waitForTimeout(2000); // an Enter so soon after a scan would be the reader’s
  });

  await test('training: the banner stays while the page scrolls, in every size, light, dark, more contrast and forced colours', async () => {
    await present(FIRST);
    for (const [size, box] of Object.entries(SIZES)) {
      await page.setViewportSize(box);
      for (const [look, media] of Object.entries({ light: {}, dark: { colorScheme: 'dark' }, contrast: { contrast: 'more' }, forced: { forcedColors: 'active' } })) {
        await page.emulateMedia({ colorScheme: 'light', contrast: 'no-preference', forcedColors: 'none', ...media });
        await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
        const at = await banner().boundingBox();
        assert.ok(at && Math.abs(at.y) < 1 && at.height >= 32, `${size}, ${look}: the banner is at ${at?.y}`);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${size}, ${look}: the page scrolls sideways`);
        const bare = await page.evaluate(() => [...document.querySelectorAll('.card')].filter((el) => el.checkVisibility() && !el.closest('dialog') && !el.parentElement.closest('.card') && !getComputedStyle(el, '::after').content.includes('TRAINING')).map((el) => el.className));
        assert.deepEqual(bare, [], `${size}, ${look}: parts without the word`);
        assert.deepEqual(await axe(page), [], `${size}, ${look}`);
        await page.evaluate(() => scrollTo(0, 0));
        await shot(`${look}-${size}`);
      }
    }
    await page.emulateMedia({ colorScheme: 'light', contrast: 'no-preference', forcedColors: 'none' });
    await page.setViewportSize(SIZES['1024x768']);
  });

  await test('training: the page in four languages', async () => {
    for (const [lang, word] of Object.entries({ es: WORDS.es, fr: WORDS.fr, ht: WORDS.ht, en: WORDS.en })) {
      await page.locator('#language-now').click();
      await page.locator(`#language-${lang}`).click();
      await page.waitForSelector(`html[lang="${lang}"]`);
      await c.connected();
      assert.ok((await page.title()).startsWith(`${word} – `), lang);
      assert.ok((await banner().innerText()).includes(word), lang);
      assert.ok((await page.evaluate(() => getComputedStyle(document.querySelector('.card'), '::after').content)).includes(word), lang);
      assert.deepEqual(await axe(page), [], lang);
      await shot(lang);
    }
  });

  await test('training: nothing real is reached from it, and leaving it is one key', async () => {
    const status = (path, method = 'GET') => page.evaluate(([p, m]) => fetch(p, { method: m, headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, ...(m === 'POST' ? { body: '{}' } : {}) }).then((r) => r.status), [path, method]);
    for (const [path, method] of [['/counters/1', 'GET'], ['/api/v1/counters', 'GET'], ['/api/v1/shifts/close', 'POST'], ['/api/v1/counters/1', 'GET'], ['/workshop', 'GET']]) {
      assert.ok([401, 403].includes(await status(path, method)), path); // another counter's is not even signed in
    }
    assert.equal(await status('/api/v1/counters/T1'), 404);
    await Promise.all([page.waitForURL('**/signin*'), hands.press('#leave-training')]);
    assert.deepEqual(page.faults, []);
    await hands.type('#badge', '1004');
    assert.ok(!(await page.locator('input[value="T1"]').isChecked()), 'training is not what is chosen next');
    await page.close();
  });
}
