// The inspector's work on good days and bad ones, seen from the counter and from the hub.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { axe, openAs, SIZES } from './browser.mjs';
import { openCounter } from './counterpage.mjs';
import { until } from './demo.mjs';
import { card, passport, traveller, visitor } from './mrz.mjs';

/** The register as the hub's page shows it. */
class HubPage {
  constructor(page) { this.page = page; }

  async total() {
    const text = await this.page.locator('[data-figure="crossings"] dd').innerText();
    return Number(text.replace(/[^0-9]/g, ''));
  }

  reaches(n) { return until(`the hub shows ${n} crossings`, async () => (await this.total()) === n, 45000); }
}

async function clean(page, what) {
  const found = await axe(page);
  assert.deepEqual(found, [], what);
}

export async function flow(context, demo, test, pictures) {
  const hub = new HubPage(await openAs(context, `${demo.hub}/`, '3001'));
  const c = await openCounter(context, demo.post);
  const { page } = c;
  let crossings = await hub.total();

  await test('the first load is small', async () => {
    const bytes = await page.evaluate(() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
      .filter((e) => !e.name.includes('/live/')).reduce((sum, e) => sum + e.encodedBodySize, 0));
    assert.ok(bytes > 1000 && bytes < 120_000, `${bytes} bytes`);
  });

  await test('a wedge scan gets a verdict, a key decides, the hub sees it', async () => {
    const p = traveller();
    await c.wedge(passport(p));
    await c.shown(p.surname);
    assert.equal((await c.state()).level, 'proceed');
    assert.match(await c.text('verdict'), /Proceed/);
    assert.match(await page.locator('[data-badge="source"]').innerText(), /keyboard reader/);
    assert.match(await page.locator('#say').textContent(), /Verdict: Proceed/);
    await page.screenshot({ path: join(pictures, 'flow-verdict.png') });
    await clean(page, 'with a verdict');
    await c.accept();
    assert.match(await c.text('last'), new RegExp(`Admitted.*${p.surname}`, 's'));
    assert.equal(c.sent('decisions').length, 1);
    await hub.reaches(++crossings);
    const seen = await hub.page.locator('[data-region="crossings"] tbody tr').first().innerText();
    assert.match(seen, /Admitted/);
    assert.ok(!(await hub.page.content()).includes(p.surname), 'a name on the hub’s page');
    await clean(page, 'waiting again');
  });

  await test('a document on the simulated reader appears by itself', async () => {
    await page.locator('#present-1').click();
    await until('a document is shown', async () => (await c.state()).encounter);
    assert.match(await page.locator('[data-badge="source"]').innerText(), /From the reader/);
    await page.waitForTimeout(500);
    await page.keyboard.press('F10');
    await c.dialog('confirm');
    await c.accept();
    assert.match(await c.text('last'), /Withdrawn/);
    await hub.reaches(++crossings);
  });

  await test('a refusal needs a ground and a supervisor, its key is the same, and it has a notice', async () => {
    const p = visitor();
    await c.wedge(card(p), { end: 'CRLF' });
    await c.shown(p.surname);
    const before = c.sent('decisions').length;
    await page.keyboard.press('F9');
    await c.dialog('refuse');
    await page.keyboard.press('F8');
    assert.match(await page.locator('#refuse [data-message]').innerText(), /Ground/);
    await page.locator('#ground').selectOption('purpose');
    assert.equal(c.sent('decisions').length, before);
    await page.keyboard.press('F8');
    await c.second('1001');
    await until('not oneself', async () => /second person/.test(await page.locator('#second [data-message]').innerText()));
    await c.second();
    await until('it is recorded', async () => /^Recorded/.test(await c.message()));
    await c.waits();
    assert.match(await c.text('last'), /Refused/);
    await hub.reaches(++crossings);
    const [paper] = await Promise.all([context.waitForEvent('page'), page.locator('#print-notice').click()]);
    await paper.waitForLoadState();
    const text = await paper.locator('main').innerText();
    assert.match(text, new RegExp(`Notice of refusal.*${p.surname}.*Purpose or conditions`, 's'));
    await clean(paper, 'the notice');
    await paper.close();
  });

  await test('an own national is not refused, and the page says why', async () => {
    const p = traveller();
    await c.wedge(card(p), { end: 'CRLF' });
    await c.shown(p.surname);
    await page.keyboard.press('F9');
    await c.says(/own national is not refused/);
    await c.accept();
    await hub.reaches(++crossings);
  });

  await test('the next traveller waits and is called up; the counter turns to exit', async () => {
    const [a, b] = [traveller(), traveller()];
    await c.wedge(passport(a));
    await c.shown(a.surname);
    await c.wedge(passport(b));
    await until('the second waits', async () => (await c.text('queue')).includes(b.surname));
    assert.ok((await c.text('document')).includes(a.surname), 'the open encounter stays open');
    await c.accept();
    await page.keyboard.press('F2');
    await c.shown(b.surname);
    await page.keyboard.press('F4');
    await until('the counter works on exit', async () => (await c.state()).direction === 'exit');
    await page.waitForTimeout(500);
    // A document that never came in: look closer, but no bar to leaving.
    await c.accept();
    assert.match(await c.text('last'), new RegExp(`Departed.*${b.surname}`, 's'));
    await page.keyboard.press('F4');
    await until('the counter works on entry', async () => (await c.state()).direction === 'entry');
    await hub.reaches(crossings += 2);
  });

  await test('a key pressed twice decides once, and never on somebody who has only just appeared', async () => {
    const p = traveller();
    const before = c.sent('decisions').length;
    await c.wedge(passport(p));
    await until('on the screen', async () => (await c.state()).encounter);
    await page.evaluate(() => dispatchEvent(new KeyboardEvent('keydown', { key: 'F8', bubbles: true })));
    await page.waitForTimeout(600);
    const early = c.sent('decisions').length;
    await page.evaluate(() => { for (let i = 0; i < 5; i++) dispatchEvent(new KeyboardEvent('keydown', { key: 'F8', bubbles: true })); });
    await until('the counter waits again', async () => (await c.state()).encounter === '');
    await page.keyboard.press('F8');
    await page.waitForTimeout(300);
    assert.ok(c.sent('decisions').length - early <= 1 && c.sent('decisions').length === before + 1, `${c.sent('decisions').length - before} decisions`);
    await hub.reaches(++crossings);
  });

  await test('a verdict that worsened meanwhile is said again, not decided', async () => {
    const p = traveller();
    await c.wedge(passport(p));
    await c.shown(p.surname);
    await page.route('**/decisions', (r) => r.fulfill({ status: 409, contentType: 'application/json',
      body: JSON.stringify({ code: 'stale', title: 'Not recorded: the verdict has become worse.', next: 'Read it again.' }) }));
    await page.keyboard.press('F8');
    await until('the page says so', async () => /has become worse/.test(await c.message()));
    assert.match(await page.locator('#say').textContent(), /has become worse.*Verdict:/s);
    await page.unroute('**/decisions');
    await page.waitForTimeout(500);
    await c.accept();
    await hub.reaches(++crossings);
  });

  await test('pictures and axe: the hub’s page', async () => {
    for (const scheme of ['light', 'dark']) {
      await hub.page.emulateMedia({ colorScheme: scheme });
      for (const [name, size] of Object.entries(SIZES)) {
        await hub.page.setViewportSize(size);
        await hub.page.screenshot({ path: join(pictures, `hub-${scheme}-${name}.png`) });
      }
      await clean(hub.page, scheme);
    }
    const wide = await hub.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    assert.ok(!wide, 'the page scrolls sideways');
  });

  await test('the hub is away: the same work, and the banner says so', async () => {
    await demo.stopHub();
    await until('the banner shows it', async () => (await c.chip('hub').getAttribute('data-state')) === 'warn');
    assert.match(await c.text('banner'), /Work goes on here/);
    await until('the hub’s page says so', () => hub.page.locator('#link').isVisible());
    await clean(hub.page, 'the hub’s page without its hub');
    const p = traveller();
    await c.passes(p, passport(p));
    assert.match(await c.text('last'), new RegExp(`Admitted.*${p.surname}`, 's'));
    await until('the banner counts it', async () => /1 record to send/.test(await c.chip('hub').innerText()));
    await page.screenshot({ path: join(pictures, 'flow-hub-away.png') });
    await clean(page, 'hub away');
  });

  await test('the hub is back: delivered', async () => {
    await demo.startHub();
    await until('the banner shows it', async () => (await c.chip('hub').getAttribute('data-state')) === 'ok', 60000);
    await hub.reaches(++crossings);
    await until('nothing is left to send', async () => !/to send/.test(await c.chip('hub').innerText()));
  });

  await test('power cut after the key: what was recorded last comes first', async () => {
    const p = traveller();
    await c.passes(p, passport(p));
    await demo.cutPost();
    await until('the screen is back and shows it', async () => /before the restart/.test(await c.text('last')), 45000);
    assert.match(await c.text('last'), new RegExp(`Admitted.*${p.surname}`, 's'));
    const top = async (s) => (await page.locator(s).boundingBox()).y;
    assert.ok((await top('[data-region="last"]')) < (await top('[data-region="verdict"]')), 'it is not shown first');
    await page.screenshot({ path: join(pictures, 'flow-after-power-cut.png') });
    await clean(page, 'after the power cut');
    await hub.reaches(++crossings);
  });

  await test('power cut at the key: recorded exactly once, before or after', async () => {
    for (let round = 0; round < 3; round++) {
      const p = traveller();
      await c.connected();
      await c.wedge(passport(p));
      await c.shown(p.surname);
      const pressed = page.keyboard.press('F8');
      await new Promise((r) => setTimeout(r, round * 3));
      await Promise.all([pressed, demo.cutPost()]);
      await until('the screen is back', async () => {
        const last = await c.text('last');
        return /before the restart/.test(last) && (last.includes(p.surname) || (await c.text('queue')).includes(p.surname));
      }, 45000);
      if (!(await c.text('last')).includes(p.surname)) {
        await page.keyboard.press('F2');
        await c.shown(p.surname);
        await c.accept();
      }
      assert.match(await c.text('last'), new RegExp(`Admitted.*${p.surname}`, 's'));
      assert.ok(!(await c.text('queue')).includes(p.surname), 'recorded and waiting');
      await hub.reaches(++crossings);
    }
    await page.waitForTimeout(2500); // a second copy would have come by now
    assert.equal(await hub.total(), crossings);
  });

  await test('the page never navigated, and nothing on it failed', async () => {
    assert.equal(c.navigations, 0);
    assert.deepEqual(page.faults, []);
    assert.deepEqual(hub.page.faults, []);
  });

  await page.close();
  await hub.page.close();
}
