// Who works at a counter of a running demo: switching, locking, second people, nobody to be
// reached, a session that ends elsewhere; all by keyboard.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { axe, cookieOf, openAs, openPage, PIN, signIn, SIZES } from './browser.mjs';
import { openCounter } from './counterpage.mjs';
import { until } from './demo.mjs';
import { passport, traveller, visitor } from './mrz.mjs';

/** What a switch may take on the screen, in ms, with the browser and all programs on one machine. */
const SWITCH = 2000;

export async function belong(context, demo, test, pictures) {
  await context.clearCookies(); // a browser keeps those of other demos on this host: cookies know no ports
  const c = await openCounter(context, demo.post, '1');
  const { page } = c;
  await page.setViewportSize(SIZES['1366x768']);
  const clean = async (what, on = page) => assert.deepEqual(await axe(on), [], what);
  const behind = (text) => page.evaluate((t) => document.documentElement.outerHTML.includes(t), text);
  const unlock = async (pin = PIN) => {
    await page.waitForSelector('#lock:not([hidden])');
    await page.keyboard.type(pin);
    await page.keyboard.press('Enter');
  };
  const open = async (p = visitor()) => {
    await c.wedge(passport(p));
    await c.shown(p.surname);
    await page.waitForTimeout(1300); // until an Enter is a person's again
    return p;
  };
  const withdraw = async () => {
    await page.keyboard.press('F10');
    await c.dialog('confirm');
    await page.keyboard.press('F8');
    await c.waits();
  };

  await test('belong: the head says who works here, and that it is a demonstration', async () => {
    assert.equal(await page.locator('#who-badge').innerText(), '1001');
    assert.match(await page.locator('#who-name').innerText(), /Varela/);
    assert.match(await page.locator('header .marks').innerText(), /DEMO[\s\S]*SOFTWARE KEYS/);
    assert.ok(!(await page.locator('.holder-who').isVisible()), 'the holder is said twice');
    await clean('signed in');
  });

  await test('belong: another officer goes on in at most 2 s; the encounter and what is typed stay', async () => {
    const p = await open();
    await page.locator('#f-address').fill('Half an addr');
    await page.locator('#note').fill('kept');
    const { encounter } = await c.state();
    const token = (await context.cookies(demo.post)).find((k) => k.name.startsWith('garita_post')).value;
    await page.keyboard.press('Control+F2');
    await c.dialog('switch-officer');
    await clean('the switch');
    await page.screenshot({ path: join(pictures, 'belong-switch.png') });
    await page.keyboard.type('1003');
    await page.keyboard.press('Tab');
    await page.keyboard.type('111222');
    await page.keyboard.press('Enter');
    await until('a wrong PIN is said', async () => /wrong/.test(await page.locator('#switch-officer [data-message]').innerText()));
    assert.equal(await page.locator('#switch-pin').inputValue(), '');
    assert.equal((await c.state()).holder, '1001');
    await page.keyboard.type(PIN);
    await page.waitForTimeout(450);
    const began = performance.now();
    await page.keyboard.press('Enter');
    await until('the officer has changed', async () => (await c.state()).holder === '1003' && (await page.locator('#who-badge').innerText()) === '1003');
    const took = performance.now() - began;
    console.log(`       switching took ${Math.round(took)} ms`);
    assert.ok(took <= SWITCH, `it took ${Math.round(took)} ms`);
    await until('the dialog is over', async () => (await page.locator('dialog[open]').count()) === 0);
    assert.equal((await c.state()).encounter, encounter);
    assert.ok((await c.text('document')).includes(p.surname));
    assert.equal(await page.locator('#f-address').inputValue(), 'Half an addr');
    assert.equal(await page.locator('#note').inputValue(), 'kept');
    const now = (await context.cookies(demo.post)).find((k) => k.name.startsWith('garita_post'));
    assert.notEqual(now.value, token, 'the token has not changed');
    assert.ok(now.httpOnly && now.sameSite === 'Strict', 'the cookie can be read or sent from elsewhere');
    const old = await fetch(`${demo.post}/counters/1`, { headers: { Cookie: `${now.name}=${token}`, 'User-Agent': await page.evaluate(() => navigator.userAgent) } });
    assert.equal(old.status, 401, 'the old token still opens the counter');
    await withdraw();
  });

  await test('belong: locked by hand: the page is gone, scans are not read, the same officer goes on', async () => {
    const p = await open();
    await page.locator('#f-address').fill('Typed before');
    await page.locator('#f-address').focus();
    const { encounter } = await c.state();
    await page.locator('#lock-now').click();
    await page.waitForSelector('#lock:not([hidden])');
    assert.ok(!(await behind(p.surname)) && !(await behind('Typed before')), 'the traveller is behind the card');
    await clean('the card');
    await page.screenshot({ path: join(pictures, 'belong-lock.png') });
    const before = c.posts.length;
    await c.wedge(passport(traveller()));
    await page.waitForTimeout(1700); // until an Enter is a person's again
    assert.deepEqual(c.posts.slice(before), [], 'something was sent while nobody was there');
    assert.equal(await page.locator('#lock-pin').inputValue(), '', 'a scan has become a PIN');
    for (const key of ['F8', 'F9', 'F10', 'Escape', 'Control+F2']) await page.keyboard.press(key);
    await page.waitForTimeout(200);
    assert.deepEqual(c.posts.slice(before), []);
    const r = await page.evaluate(() => fetch('/counters/1', { headers: { Accept: 'application/json' } }).then((x) => x.status));
    assert.equal(r, 401, 'the session goes on behind the card');
    await unlock('111222');
    await until('a wrong PIN is said', async () => /wrong/.test(await page.locator('#lock-message').innerText()));
    await unlock();
    await c.shown(p.surname);
    assert.equal((await c.state()).encounter, encounter);
    assert.equal(await page.locator('#f-address').inputValue(), 'Typed before');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'f-address');
    await withdraw();
  });

  await test('belong: nobody touches the counter: it locks itself, with a dialog half filled in', async () => {
    await page.route('**/counters/1', async (route) => {
      const r = await route.fetch();
      await route.fulfill({ response: r, body: (await r.text()).replace(/data-idle="\d+"/, 'data-idle="20"') });
    });
    await page.reload();
    await page.unroute('**/counters/1');
    await c.connected();
    const p = await open();
    await page.keyboard.press('F9');
    await c.dialog('refuse');
    await page.locator('#refuse-note').fill('half a no');
    await page.waitForSelector('#lock:not([hidden])', { timeout: 60000 });
    assert.ok(!(await behind(p.surname)) && !(await behind('half a no')), 'the page is behind the card');
    assert.match(await page.locator('#lock-why').innerText(), /touched/);
    await unlock();
    await until('the dialog is there again', () => page.locator('#refuse').isVisible());
    assert.equal(await page.locator('#refuse-note').inputValue(), 'half a no');
    assert.ok(await page.evaluate(() => document.getElementById('refuse').matches(':modal')), 'the dialog is not in front');
    assert.ok((await c.text('document')).includes(p.surname));
    await page.keyboard.press('Escape');
    await withdraw();
    await page.reload();
    await c.connected();
  });

  await test('belong: a second person agrees with their own PIN, or nobody can be reached and it is said why', async () => {
    const p = await open();
    await page.keyboard.press('F9');
    await c.dialog('refuse');
    await page.locator('#ground').selectOption('purpose');
    await page.keyboard.press('F8');
    await c.dialog('second');
    await clean('the second person');
    await page.screenshot({ path: join(pictures, 'belong-second.png') });
    await page.locator('#second-badge').fill('2001');
    await page.locator('#second-pin').fill('111222');
    await page.keyboard.press('F8');
    await until('a wrong PIN is said', async () => /wrong/.test(await page.locator('#second [data-message]').innerText()));
    assert.equal(await page.locator('#second-pin').inputValue(), '');
    assert.ok(!(await page.locator('#lock').isVisible()), 'somebody else’s wrong PIN has locked the page');
    await page.keyboard.press('Escape');
    assert.ok(await page.locator('#refuse').isVisible(), 'the refusal is gone with the second person');
    assert.equal(await page.locator('#ground').inputValue(), 'purpose');
    await page.keyboard.press('F8');
    await c.dialog('second');
    await page.keyboard.press('F6');
    await page.keyboard.press('F8');
    await until('a reason is asked for', async () => /Not yet/.test(await page.locator('#second [data-message]').innerText()));
    await page.keyboard.type('The supervisor is on the river.');
    await clean('nobody can be reached');
    await page.screenshot({ path: join(pictures, 'belong-awaiting.png') });
    await page.keyboard.press('F8');
    await until('it is recorded', async () => /^Recorded/.test(await c.message()));
    await c.waits();
    assert.match(await c.text('last'), new RegExp(`Refused[\\s\\S]*${p.surname}`));
    assert.equal(c.sent('decisions').filter((s) => JSON.parse(s.body).awaiting === 'The supervisor is on the river.').length, 1);
    assert.ok(c.posts.every((s) => !(s.body ?? '').includes(PIN) || /session|seconds/.test(s.path)), 'a PIN was sent elsewhere');
  });

  await test('belong: a session that ends elsewhere: the card at once, and a decision is not lost', async () => {
    const p = await open();
    await page.locator('#f-purpose').selectOption('holiday');
    const { encounter } = await c.state();
    // The same officer signs in at the same counter from another machine.
    await cookieOf(demo.post, '1003', '1');
    await page.waitForSelector('#lock:not([hidden])', { timeout: 8000 });
    assert.ok(!(await behind(p.surname)));
    await unlock();
    await c.shown(p.surname);
    assert.equal((await c.state()).encounter, encounter);
    assert.equal(await page.locator('#f-purpose').inputValue(), 'holiday');
    await withdraw();
  });

  await test('belong: another officer goes on at the card; one who has nothing to do here is led away', async () => {
    const p = await open();
    await page.locator('#lock-now').click();
    await page.locator('#lock-badge').fill('1003');
    await page.locator('#lock-pin').fill(PIN);
    await page.locator('#lock-pin').press('Enter');
    await c.shown(p.surname);
    await until('they hold the counter', async () => (await c.state()).holder === '1003');
    await withdraw();
    await page.locator('#lock-now').click();
    await page.locator('#lock-badge').fill('4001');
    await page.locator('#lock-pin').fill(PIN);
    await page.locator('#lock-pin').press('Enter');
    await until('it is said', async () => /nothing to do at a counter/.test(await page.locator('#lock-message').innerText()));
    await page.locator('#lock a').click();
    await page.waitForURL(/signin/);
    await signIn(page, '4001');
    assert.equal(new URL(page.url()).pathname, '/workshop');
    assert.deepEqual(await page.locator('.hub-nav a').allInnerTexts(), ['Workshop']);
    const r = await page.goto(`${demo.post}/counters/1`);
    assert.equal(r.status(), 403);
    await page.goto(`${demo.post}/workshop`);
    await page.locator('#sign-out').click();
    await page.waitForURL(/signin/);
  });
  assert.deepEqual(page.faults, []);
  await page.close();

  await test('belong: what took effect without a second person is reviewed at the hub', async () => {
    const hub = await openAs(context, `${demo.hub}/`, '3001');
    await until('the alarm is there', async () => /second/i.test(await hub.locator('[data-region="attention"]').innerText()));
    await hub.getByRole('link', { name: 'Reviews' }).click();
    assert.match(await hub.locator('#work').innerText(), /Refused entry[\s\S]*No second person could be reached: The supervisor is on the river/);
    await hub.locator('[id^="fine-"]').first().click();
    await hub.waitForSelector('#outcome');
    await hub.getByRole('link', { name: 'Reviewed' }).click();
    assert.match(await hub.locator('#work').innerText(), /Fine/);
    await clean('reviewed', hub);
    await hub.locator('#sign-out').click();
    await hub.waitForURL(/signin/);
    await hub.close();
  });

  await test('belong: a PIN that is tried too often is locked for its badge, and for nobody else', async () => {
    const other = await openPage(context, `${demo.post}/signin?lang=en`);
    for (let i = 0; i < 12 && !/Too many/.test(await other.locator('#trouble').innerText().catch(() => '')); i++) {
      await other.locator('#badge').fill('1005');
      await other.locator('#pin').fill('111222');
      await other.locator('input[name="counter"][value="2"]').check();
      await Promise.all([other.waitForNavigation(), other.locator('#go').click()]);
    }
    assert.match(await other.locator('#trouble').innerText(), /Too many tries/);
    await other.locator('#badge').fill('1004');
    await other.locator('#pin').fill(PIN);
    await Promise.all([other.waitForURL(/counters\/2/), other.locator('#go').click()]);
    await other.close();
  });
}
