// How many keys an officer presses for a visitor after a scan by the demo's reader: the
// issue's bounds, counted on the page, every keydown of it.
import assert from 'node:assert/strict';
import { openCounter } from './counterpage.mjs';
import { until } from './demo.mjs';

/** The specimen of the demo who comes and goes: present it twice. */
const COMES_AND_GOES = 12;
const FIRST = 8;
const RETURNING = 3;

export async function keystrokes(context, demo, test) {
  const c = await openCounter(context, demo.post, '1');
  const { page } = c;
  await page.evaluate(() => {
    globalThis.pressed = [];
    addEventListener('keydown', (e) => globalThis.pressed.push(e.key), true);
  });
  /** Keys that the page has seen since the last call. */
  const pressed = () => page.evaluate(() => globalThis.pressed.splice(0));

  async function present() {
    await page.evaluate(() => document.activeElement?.blur());
    await page.locator(`#present-${COMES_AND_GOES}`).evaluate((b) => b.click());
    await until('the document is shown', async () => (await c.state()).encounter);
    await page.waitForTimeout(500); // the verdict has been seen
    await pressed();
  }

  const recorded = async (outcome) => {
    await until('it is recorded', async () => /^Recorded/.test(await c.message()));
    await c.waits();
    assert.match(await c.text('last'), outcome);
  };

  await test(`a visitor for the first time: at most ${FIRST} keys and the text that is asked`, async () => {
    await present();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'f-purpose', 'the focus is not where the officer begins');
    for (const key of ['1', 'Tab', '7', 'Tab']) await page.keyboard.press(key);
    const address = 'Hotel Amaurot';
    await page.keyboard.type(address, { delay: 10 });
    await page.keyboard.press('F8');
    await recorded(/Admitted/);
    const all = await pressed();
    console.log(`       first time: ${all.length - address.length} keys and ${address.length} characters of an address`);
    assert.ok(all.length - address.length <= FIRST, all.join(' '));
    const sent = JSON.parse(c.sent('decisions').at(-1).body);
    assert.equal(sent.outcome, 'admitted');
  });

  await test('the same person leaves: one key', async () => {
    await page.keyboard.press('F4');
    await until('the counter works on exit', async () => (await c.state()).direction === 'exit');
    await present();
    assert.match(await c.text('history'), /Inside: day 1 of 90/);
    await page.keyboard.press('F8');
    await recorded(/Departed/);
    assert.deepEqual(await pressed(), ['F8']);
    await page.keyboard.press('F4');
    await until('the counter works on entry', async () => (await c.state()).direction === 'entry');
  });

  await test(`a visitor who returns: at most ${RETURNING} keys, nothing known is asked`, async () => {
    await present();
    const asked = await page.locator('[data-fields="asked"] [data-field]').evaluateAll((all) => all.map((f) => f.dataset.field));
    assert.deepEqual(asked, ['purpose']);
    await page.keyboard.press('2');
    await page.keyboard.press('F8');
    await recorded(/Admitted/);
    const all = await pressed();
    console.log(`       returning: ${all.length} keys`);
    assert.ok(all.length <= RETURNING, all.join(' '));
  });

  await test('an officer in a hurry is told what is missing, and nothing is recorded', async () => {
    await page.locator('#present-0').evaluate((b) => b.click());
    await until('the document is shown', async () => (await c.state()).encounter);
    await page.waitForTimeout(500);
    const before = c.sent('decisions').length;
    await page.keyboard.press('F8');
    await c.says(/Fill in: Main purpose, Intended stay, Address/);
    assert.equal(c.sent('decisions').length, before);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'f-purpose');
  });

  await test('what is typed survives new views and a power cut', async () => {
    await page.locator('#f-purpose').selectOption('business');
    await page.locator('#f-address').focus();
    await page.keyboard.type('Pension Utopia', { delay: 15 });
    await page.keyboard.press('ArrowLeft');
    await until('the proposal follows the purpose', async () => /days granted 30/.test(await page.locator('#known-line').innerText()));
    const now = await page.evaluate(() => ({ id: document.activeElement.id, value: document.activeElement.value, caret: document.activeElement.selectionStart }));
    assert.deepEqual(now, { id: 'f-address', value: 'Pension Utopia', caret: 13 });
    await until('it is sent', () => c.sent('answers').some((p) => p.body.includes('Pension Utopia')));
    await page.waitForTimeout(300);
    await demo.cutPost();
    await until('the encounter waits again', async () => (await c.connected(), (await c.state()).encounter === '' && (await c.state()).next), 45000);
    await page.keyboard.press('F2');
    await until('it is called up', async () => (await c.state()).encounter);
    assert.equal(await page.locator('#f-address').inputValue(), 'Pension Utopia');
    assert.equal(await page.locator('#f-purpose').inputValue(), 'business');
    await page.waitForTimeout(500);
    await page.locator('#f-intended_days').fill('5');
    await page.keyboard.press('F8');
    await recorded(/Admitted/);
  });

  assert.equal(c.navigations, 0);
  await page.close();
}
