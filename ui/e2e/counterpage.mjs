// The counter's page as an inspector uses it, and as readers and careless hands do.
import { openPage, PIN, signIn } from './browser.mjs';
import { until } from './demo.mjs';

/** How long a verdict must have been on the screen before a key decides on it. */
const ARMED = 450;

const ENDS = { CR: ['Enter'], LF: ['Control+j'], TAB: ['Tab'], CRLF: ['Enter', 'Control+j'] };

/** Who works at which counter, unless it is said. */
const INSPECTORS = { 1: '1001', 2: '1003' };

/** Signs an officer in at a counter, where they take the place of whoever holds it. */
export async function openCounter(context, url, counter = '1', badge = INSPECTORS[counter]) {
  const page = await openPage(context, `${url}/signin?lang=en&to=/counters/${counter}`);
  await signIn(page, badge, { counter });
  const c = new CounterPage(page);
  page.on('request', (r) => {
    if (r.method() !== 'GET') c.posts.push({ path: new URL(r.url()).pathname.split('/').pop(), body: r.postData() });
  });
  page.on('framenavigated', () => { c.navigations++; });
  await c.connected();
  // A counter that nobody holds is taken by itself; from somebody else it is taken over.
  await until('somebody holds the counter', async () => (await c.state()).holder);
  if ((await c.state()).holder !== badge) {
    await page.locator('#hold').click();
    await c.dialog('ask');
    await page.keyboard.press('F8');
  }
  await until('the officer holds the counter', async () => (await c.state()).holder === badge);
  await until('the dialog is over', async () => (await page.locator('dialog[open]').count()) === 0);
  c.posts.length = 0;
  return c;
}

/** A counter's page. */
export class CounterPage {
  constructor(page) {
    this.page = page;
    this.posts = [];
    this.navigations = 0;
  }

  connected() { return this.page.waitForSelector('body[data-live="on"]', { state: 'attached', timeout: 30000 }); }

  state() { return this.page.evaluate(() => ({ ...document.getElementById('state').dataset })); }

  text(region) { return this.page.locator(`[data-region="${region}"]`).innerText(); }

  chip(name) { return this.page.locator(`[data-chip="${name}"]`).first(); }

  message() { return this.page.locator('#message').innerText(); }

  sent(path) { return this.posts.filter((p) => p.path === path); }

  /** Types lines as a reader does: gaps in ms, a pause of tear ms before each torn key. */
  async wedge(lines, { end = 'CR', gap = () => 8, tears = [] } = {}) {
    let n = 0;
    const press = async (key) => {
      await new Promise((r) => setTimeout(r, tears.includes(n) ? 700 : gap()));
      n++;
      await this.page.keyboard.press(key);
    };
    for (const line of lines) {
      for (const c of line) await press(c);
      for (const key of ENDS[end]) await press(key);
    }
  }

  /** Waits until a traveller is on the screen, long enough to be decided on. */
  async shown(surname) {
    await until(`${surname} is on the screen`, async () => (await this.text('document')).includes(surname));
    await this.page.waitForTimeout(ARMED);
  }

  /** Answers what is asked of a visitor, without counting keys. */
  async fillIn() {
    await this.page.locator('#f-purpose').selectOption('holiday');
    await this.page.locator('#f-intended_days').fill('7');
    await this.page.locator('#f-address').fill('Hotel Amaurot');
  }

  /** Waits until a dialog is there, long enough for its F8. */
  async dialog(id) {
    await this.page.waitForSelector(`#${id}[open]`);
    await this.page.waitForTimeout(ARMED);
  }

  /** Another officer goes on at this counter. */
  async switchTo(badge, pin = PIN) {
    await this.page.keyboard.press('Control+F2');
    await this.dialog('switch-officer');
    await this.page.keyboard.type(badge);
    await this.page.keyboard.press('Tab');
    await this.page.keyboard.type(pin);
    await this.page.keyboard.press('Enter');
  }

  /** A second person agrees in the dialog that asks for one. */
  async second(badge = '2001', pin = PIN) {
    await this.dialog('second');
    await this.page.locator('#second-badge').fill(badge);
    await this.page.locator('#second-pin').fill(pin);
    await this.page.keyboard.press('F8');
  }

  /** Waits until the message line says something. */
  says(pattern) { return until(`the page says ${pattern}`, async () => pattern.test(await this.message())); }

  /** Waits until nobody is on the screen. */
  waits() { return until('the counter waits again', async () => (await this.state()).encounter === ''); }

  /** Presses the key that lets pass and waits for the record. */
  async accept() {
    await this.page.keyboard.press('F8');
    await until('it is recorded', async () => /^Recorded/.test(await this.message()));
    await until('the counter waits again', async () => (await this.state()).encounter === '');
  }

  async passes(p, lines) {
    await this.wedge(lines);
    await this.shown(p.surname);
    await this.accept();
  }
}
