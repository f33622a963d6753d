// An inspector's whole day on one station, twice: once with the keyboard alone, once with the fingers
// alone. Nothing is known of the page's words: it must go in every language.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { axe, openBrowser, openPage, PIN } from './browser.mjs';
import { CounterPage } from './counterpage.mjs';
import { until } from './demo.mjs';
import { keys, touch } from './hands.mjs';
import { card, passport, traveller, visitor } from './mrz.mjs';

/** How long a verdict or dialog must have been there before it takes a key. */
const ARMED = 450;
/** The specimen of the demonstration that the national list refers. */
const LISTED = 15;

/** What an inspector does, with some hands. */
class Inspector {
  constructor(c, hands) {
    Object.assign(this, { c, page: c.page, hands });
  }

  /** A reader reads a document. */
  async reads(lines) {
    const r = await this.page.evaluate(([text, base]) => fetch(`${base}/scans`, { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify({ text, source: 'wedge' }) }).then((x) => x.status), [lines.join('\n'), `/counters/${this.c.counter}`]);
    assert.ok(r < 300, `the station answers ${r} to a document`);
  }

  /** A traveller stands at the counter, their verdict has been read. */
  async meets(p, lines) {
    await this.reads(lines);
    await this.c.shown(p.surname);
  }

  /** The dialog is there, long enough to be read. */
  async dialog(id) {
    await this.page.waitForSelector(`#${id}[open]`);
    await this.page.waitForTimeout(ARMED);
  }

  /** Sends the open dialog and waits until it has gone. */
  async sends(id) {
    await this.dialog(id);
    await this.hands.send();
    await until(`${id} has gone`, async () => !(await this.page.locator(`#${id}`).isVisible())).catch(async (e) => {
      throw new Error(`${e.message}: ${await this.page.locator(`#${id} [data-message]`).innerText().catch(() => '')}`);
    });
  }

  /** A second person agrees. */
  async agrees(badge = '2001') {
    await this.dialog('second');
    await this.hands.type('#second-badge', badge);
    await this.hands.type('#second-pin', PIN);
    await this.hands.send();
  }

  /** Waits until something new is on record here, and nobody is left on the screen. */
  async recorded(before, { free = true } = {}) {
    await until('it is recorded', async () => (await this.c.state()).last !== before).catch(async (e) => { throw new Error(`${e.message}: ${await this.c.message()}`); });
    if (free) await this.c.waits();
  }

  /** Lets the person on the screen pass. */
  async accepts() {
    const { last } = await this.c.state();
    await this.hands.key('F8');
    await this.recorded(last);
  }

  /** Answers what a visitor is asked. */
  async asks(days = '7') {
    await this.hands.choose('#f-purpose', 'holiday');
    await this.hands.type('#f-intended_days', days);
    await this.hands.type('#f-address', 'Hotel Amaurot');
  }

  async opensGroup(kind, shared) {
    await this.hands.key('Shift+F2');
    await this.page.waitForSelector('#group[open]');
    await this.hands.choose('#group-kind', kind);
    await this.sends('group');
    await until('the group is there', async () => (await this.c.state()).group);
    await this.hands.press('#party-share');
    for (const [field, v] of Object.entries(shared)) {
      const at = `#s-${field}`;
      await until(`${at} is asked`, () => this.page.locator(at).isVisible());
      if (await this.page.locator(at).evaluate((el) => el.localName === 'select')) await this.hands.choose(at, v);
      else await this.hands.type(at, v);
      // What is chosen decides what is asked next: it goes to the station when the field is left.
      await this.page.evaluate(() => document.activeElement.blur());
      await until(`${at} is kept`, () => this.page.locator(at).evaluate((el, want) => el.dataset.value === want, v));
    }
    await this.hands.fold('#shared-line');
  }

  async imports(people, header = 'surname,given_names,document_number,document_issuer') {
    await this.hands.press('#party-import');
    await this.page.waitForSelector('#import[open]');
    const text = [header, ...people.map((p) => `${p.surname},${p.given},${p.number},${p.state ?? 'UTO'}`)].join('\n');
    // A list is pasted or chosen as a file; nobody types fifty names.
    await this.hands.press('#import-text');
    await this.page.locator('#import-text').fill(text);
    await this.dialog('import');
    await this.hands.send();
    await until('the list is taken, or its problems are shown', async () => !(await this.page.locator('#import').isVisible()) || (await this.page.locator('#import-problems li').count()) > 0);
    if (await this.page.locator('#import').isVisible()) await this.sends('import');
  }

  /** How many of the group are ready. */
  async ready() { return (await this.c.state()).ready.split(' ').filter(Boolean).length; }

  async untilReady(n) { await until(`${n} are ready`, async () => (await this.ready()) === n, 60000).catch(async (e) => { throw new Error(`${e.message}: ${await this.ready()} are: ${await this.c.text('members')}`); }); }

  /** Admits all that are ready. */
  async admitsAll() {
    await this.page.waitForTimeout(ARMED);
    await this.hands.key('Shift+F8');
    await until('nobody ready is left', async () => (await this.ready()) === 0);
  }

  /** Says which adult answers for each minor. */
  async links() {
    for (const id of await this.page.locator('[data-act="adult"]').evaluateAll((all) => all.map((b) => b.id))) {
      await this.hands.press(`#${id}`);
      await this.page.waitForSelector('#responsible[open]');
      await this.hands.choose('#adult', await this.page.locator('#adult option').nth(1).getAttribute('value'));
      await this.sends('responsible');
    }
  }

  async closesGroup() {
    await this.hands.press('#party-close');
    await this.sends('ask');
    await until('the group has gone', async () => (await this.c.state()).group === '');
  }
}

/** A child born some years ago. */
const child = () => ({ ...visitor(), birth: '190304', expiry: '310415' });

async function day(context, demo, test, pictures, make, counter, badge) {
  let i;
  const name = make.name;
  const step = (what, run) => test(`inspector, ${name}: ${what}`, async () => {
    try {
      await run();
    } catch (e) {
      await i?.page.screenshot({ path: join(pictures, `failed-${name}.png`) }).catch(() => {});
      throw e;
    }
  });

  await step('signs in and takes the counter', async () => {
    const page = await openPage(context, `${demo.post}/signin?lang=en&to=/counters/${counter}`);
    const hands = make(page);
    await hands.type('#badge', badge);
    await hands.type('#pin', PIN);
    await hands.check(`input[name="counter"][value="${counter}"]`);
    await Promise.all([page.waitForURL((u) => u.pathname !== '/signin'), hands.press('#go')]);
    const c = new CounterPage(page);
    c.counter = counter;
    i = new Inspector(c, hands);
    await c.connected();
    await until('the officer holds the counter', async () => (await c.state()).holder === badge);
    page.on('framenavigated', () => { c.navigations++; });
    // Nobody closes the printer's window here.
    await context.addInitScript(() => { globalThis.print = () => { globalThis.printed = (globalThis.printed ?? 0) + 1; }; });
    await page.evaluate(() => { globalThis.print = () => { globalThis.printed = (globalThis.printed ?? 0) + 1; }; });
  });
  if (!i) return;
  const { c, page, hands } = i;

  await step('a national, and a visitor for the first time', async () => {
    const a = traveller();
    await i.meets(a, card(a));
    await i.accepts();
    const b = visitor();
    await i.meets(b, passport(b));
    await i.asks();
    await i.accepts();
  });

  await step('a family of four with a child', async () => {
    await i.opensGroup('family', { purpose: 'holiday', intended_days: '14', address: 'Casa Elphberg' });
    const all = [visitor(), visitor(), visitor()];
    for (const p of all) await i.reads(passport(p));
    await i.reads(passport(child()));
    await i.untilReady(3);
    await i.links();
    await i.untilReady(4);
    await i.admitsAll();
    await i.closesGroup();
  });

  await step('a bus of 50 with two minors and a no-show, where a hit holds only its person', async () => {
    await i.opensGroup('bus', { purpose: 'holiday', intended_days: '5', address: 'Hotel Amaurot', transport_mode: 'road_bus', plate: 'Q-4711' });
    const adults = Array.from({ length: 47 }, visitor);
    const minors = [child(), child()];
    const away = visitor();
    await i.imports([...adults, ...minors, away]);
    for (const p of [...adults, ...minors]) await i.reads(passport(p));
    await until('a reader reads the fiftieth', () => page.locator(`#present-${LISTED}`).isVisible());
    await hands.press(`#present-${LISTED}`);
    await until('fifty are here', async () => (await page.locator('[data-region="members"] table').first().locator('tbody tr').count()) === 50, 60000);
    await i.untilReady(47);
    await page.screenshot({ path: join(pictures, `inspector-${name}-bus.png`), fullPage: true });
    await i.links();
    await i.untilReady(49);
    await i.admitsAll();
    const { look } = await c.state();
    assert.ok(look, 'nobody is left to look at');
    await hands.key('F2');
    await until('the listed one is on the screen', async () => (await c.state()).encounter === look);
    assert.equal((await c.state()).level, 'refer');
    await page.waitForTimeout(ARMED);
    await hands.key('F3');
    await page.waitForSelector('#refer[open]');
    await hands.choose('#refer-reason', 'hit');
    await i.sends('refer');
    await c.waits();
    await i.closesGroup();
  });

  await step('a crew of three', async () => {
    await i.opensGroup('crew', { category: 'crew', transport_mode: 'river', vessel: 'MV Elphberg', role: 'crew' });
    const all = [visitor(), visitor(), visitor()];
    await i.imports(all);
    for (const p of all) await i.reads(passport(p));
    await i.untilReady(3);
    await i.admitsAll();
    await i.closesGroup();
  });

  await step('a car with its driver', async () => {
    await i.opensGroup('vehicle', { purpose: 'visiting', intended_days: '3', address: 'Zenda 4', transport_mode: 'road_car', plate: 'Q-0815' });
    const all = [visitor(), visitor()];
    for (const p of all) await i.reads(card(p));
    await i.untilReady(2);
    const { encounter } = await c.state();
    if (!encounter) {
      await hands.press('[data-act="select"]');
      await until('one of them is on the screen', async () => (await c.state()).encounter);
    }
    await hands.fold('#known-line');
    await hands.choose('#f-role', 'driver');
    await hands.fold('#known-line');
    await until('it is kept', () => page.locator('#f-role').evaluate((el) => el.dataset.value === 'driver'));
    await i.untilReady(2);
    await i.admitsAll();
    await i.closesGroup();
  });

  await step('the one who was referred is taken from the list, and handed over', async () => {
    await until('somebody is on the list', () => page.locator('[data-act="take"]').first().isVisible());
    await hands.press('[data-act="take"]');
    await until('it is taken', async () => (await c.state()).encounter);
    await page.waitForTimeout(ARMED);
    const { last } = await c.state();
    await hands.key('F7');
    await page.waitForSelector('#handover[open]');
    await hands.choose('#handed-to', 'consulate');
    await hands.type('#receipt', 'No. 4');
    await i.dialog('handover');
    await hands.send();
    await until('it is recorded, or a second person is asked', async () => (await c.state()).last !== last || page.locator('#second').isVisible());
    if (await page.locator('#second').isVisible()) await i.agrees();
    await i.recorded(last);
  });

  await step('a refusal, with its notice', async () => {
    const p = visitor();
    await i.meets(p, passport(p));
    const { last } = await c.state();
    await hands.key('F9');
    await page.waitForSelector('#refuse[open]');
    await hands.choose('#ground', 'purpose');
    await i.dialog('refuse');
    await hands.send();
    await i.agrees();
    await i.recorded(last);
    const [paper] = await Promise.all([context.waitForEvent('page'), hands.press('#print-notice')]);
    await paper.waitForLoadState();
    assert.ok((await paper.locator('main').innerText()).includes(p.surname));
    const paperHands = make(paper);
    await paperHands.press('[data-act="print"], #print, button');
    await until('it is printed', () => paper.evaluate(() => globalThis.printed > 0));
    await paper.close();
    await page.bringToFront();
  });

  await step('what was recorded last is corrected', async () => {
    const p = visitor();
    await i.meets(p, card(p));
    await i.asks();
    await i.accepts();
    await hands.key('Shift+F7');
    await page.waitForSelector('#correct[open]');
    await hands.choose('#c-reason', 'typing');
    await hands.choose('#c-purpose', 'visiting');
    await i.sends('correct');
  });

  await step('the hub is lost, and comes back', async () => {
    const chip = page.locator('[data-chip="hub"]').first();
    await demo.stopHub();
    await until('the banner shows it', async () => (await chip.getAttribute('data-state')) === 'warn');
    const p = traveller();
    await i.meets(p, passport(p));
    await i.accepts();
    await demo.startHub();
    await until('the banner shows it', async () => (await chip.getAttribute('data-state')) === 'ok', 60000);
  });

  await step('the power goes at the key', async () => {
    const p = traveller();
    await i.meets(p, passport(p));
    const { last } = await c.state();
    await Promise.all([hands.key('F8'), demo.cutPost()]);
    await until('the screen is back, with the one recorded or waiting', async () => {
      const s = await c.state();
      return (await page.locator('body[data-live="on"]').count()) && (s.last !== last || s.next || s.encounter);
    }, 45000);
    await page.waitForTimeout(500);
    if ((await c.state()).last === last) {
      if (!(await c.state()).encounter) await hands.key('F2');
      await c.shown(p.surname);
      await i.accepts();
    }
    assert.ok((await c.text('last')).includes(p.surname));
    await c.waits();
  });

  await step('another one on the way out', async () => {
    await hands.key('F4');
    await until('the counter works on exit', async () => (await c.state()).direction === 'exit');
    const p = traveller();
    await i.meets(p, passport(p));
    await i.accepts();
    await hands.key('F4');
    await until('the counter works on entry', async () => (await c.state()).direction === 'entry');
  });

  await step('the shift’s report, its end and the next one', async () => {
    await hands.key('Shift+F1');
    await i.dialog('shift');
    const state = () => page.locator('#report').getAttribute('data-state');
    assert.equal(await state(), 'open');
    await hands.send();
    await until('it is closed', async () => (await state()) === 'closed');
    assert.deepEqual(await axe(page), []);
    await page.screenshot({ path: join(pictures, `inspector-${name}-shift.png`) });
    await hands.close();
    await until('the dialog has gone', async () => (await page.locator('dialog[open]').count()) === 0);
    await hands.key('Shift+F1');
    await i.dialog('shift');
    await hands.send();
    await until('a shift is open', async () => !(await page.locator('#shift').isVisible()));
  });

  await step('the page never navigated, nothing failed, everything could be reached', async () => {
    assert.equal(c.navigations, 0);
    assert.deepEqual(page.faults, []);
    assert.deepEqual([...hands.small], [], 'too small for a finger');
  });
  await page.close();
}

export async function inspector(context, demo, test, pictures) {
  await day(context, demo, test, pictures, keys, '1', '1001');
  const browser = await openBrowser({ hasTouch: true, viewport: { width: 1280, height: 800 } });
  try {
    await day(browser.context, demo, test, pictures, touch, '2', '1003');
  } finally {
    await browser.close();
  }
}
