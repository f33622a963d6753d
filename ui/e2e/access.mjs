// Signing in, and the hub's pages about who belongs (TestGallery in ui/signin): by keyboard, in
// four languages, axe, sizes.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { axe, openPage, PIN, signIn, SIZES } from './browser.mjs';
import { until } from './demo.mjs';
import { serveTest } from './gotest.mjs';

const WIDTHS = { '1366x768': SIZES['1366x768'], '1920x1080': SIZES['1920x1080'], phone: { width: 390, height: 844 } };

/** Serves the pages; tell() has the world do something: expire the roster, end sessions by time. */
async function serve(root) {
  const program = await serveTest(root, './ui/signin', 'TestGallery', { GARITA_UI_ACCESS: 'yes' }, 'pipe');
  const lines = createInterface({ input: program.out })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value ?? '';
  const [hub, station] = [(await line()).replace('hub ', ''), (await line()).replace('station ', '')];
  return {
    hub,
    station,
    async tell(what) {
      program.tell(what);
      assert.equal(await line(), 'done');
    },
    end: program.end,
  };
}

/** Axe, and a picture in each size, of the page as it stands. */
async function look(page, name, pictures) {
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [size, box] of Object.entries(WIDTHS)) {
      await page.setViewportSize(box);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
      assert.ok(!wide, `${name}, ${size}: the page scrolls sideways`);
      if (scheme === 'light' || size === '1366x768') await page.screenshot({ path: join(pictures, `access-${name}-${scheme}-${size}.png`), fullPage: true });
    }
    assert.deepEqual(await axe(page), [], `${name}, ${scheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(WIDTHS['1366x768']);
  assert.deepEqual(page.faults, [], name);
}

/** Presses Tab until an element has the focus. */
async function tabTo(page, id, most = 80) {
  for (let i = 0; i < most; i++) {
    if ((await page.evaluate(() => document.activeElement.id)) === id) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`#${id} is not reached by Tab`);
}

const told = (page) => page.locator('#outcome, #trouble').innerText();

export async function access(context, root, test, pictures) {
  const site = await serve(root);
  let page;
  try {
    page = await openPage(context, `${site.station}/signin?lang=en`);
    await test('sign-in: the page in four languages, with what is known and the clock', async () => {
      for (const [lang, words] of Object.entries({ es: /Iniciar sesión/, en: /Sign in/, fr: /Connexion/, ht: /Konekte/ })) {
        await page.locator(`.languages [hreflang="${lang}"]`).click();
        await page.waitForURL(new RegExp(`lang=${lang}`));
        assert.match(await page.locator('h1').innerText(), words);
        assert.equal(await page.evaluate(() => document.documentElement.lang), lang);
        assert.match(await page.locator('#demo').innerText(), /246810/);
        assert.match(await page.locator('#roster').innerText(), /2026-11-25 08:00 UTC/);
        await look(page, `signin-${lang}`, pictures);
      }
      await page.goto(`${site.station}/signin`);
      assert.equal(await page.evaluate(() => document.documentElement.lang), 'ht', 'the language chosen last on this machine');
      await page.locator('.languages [hreflang="en"]').click();
    });
    await test('sign-in: a wrong PIN, by keyboard, and nothing of it is shown', async () => {
      await page.goto(`${site.station}/signin?lang=en`);
      assert.equal(await page.evaluate(() => document.activeElement.id), 'badge');
      await page.keyboard.type('1001');
      await page.keyboard.press('Tab');
      await page.keyboard.type('111222');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#trouble');
      assert.equal(await page.locator('#trouble').innerText(), 'Badge or PIN is wrong.');
      assert.equal(await page.locator('#badge').inputValue(), '1001');
      assert.equal(await page.locator('#pin').inputValue(), '');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'pin');
      assert.ok(!(await page.content()).includes('111222'));
      assert.equal(new URL(page.url()).search, '');
      await look(page, 'signin-wrong', pictures);
    });
    await test('sign-in: too many wrong PINs lock the badge, and the page says so', async () => {
      for (let i = 0; i < 14 && !/Too many/.test(await page.locator('#trouble').innerText()); i++) {
        await page.locator('#badge').fill('1002');
        await page.locator('#pin').fill('111222');
        await page.locator('#pin').press('Enter');
        await page.waitForLoadState();
      }
      assert.match(await page.locator('#trouble').innerText(), /Too many tries/);
    });
    await test('sign-in: a roster that has expired asks for a supervisor', async () => {
      await site.tell('expire');
      await page.goto(`${site.station}/signin?lang=en`);
      assert.match(await page.locator('#roster').innerText(), /EXPIRED/);
      await page.locator('#badge').fill('2001');
      await page.locator('#pin').fill('294817');
      await page.locator('input[name="counter"][value="2"]').check();
      await page.locator('#go').click();
      await page.waitForLoadState();
      if (await page.locator('#approver').count()) {
        await look(page, 'signin-approver', pictures);
      } else {
        // The only supervisor needs nobody.
        await page.goto(`${site.station}/signin?lang=en`);
        assert.match(await page.locator('.signin-state').innerText(), /is signed in here/);
        assert.ok(await page.locator('input[value="2"]').isChecked(), 'the counter is not remembered');
      }
      await page.close();
    });

    page = await openPage(context, `${site.hub}/officers`);
    await test('hub: whoever is not signed in is led to sign in, and back', async () => {
      assert.equal(new URL(page.url()).pathname, '/signin');
      await signIn(page, '9001');
      assert.equal(new URL(page.url()).pathname, '/officers');
      assert.equal(await page.locator('#who-badge').innerText(), '9001');
      assert.match(await page.locator('.marks').first().innerText(), /DEMO[\s\S]*SOFTWARE KEYS/);
      const links = await page.locator('.hub-nav a').allInnerTexts();
      assert.deepEqual(links, ['Operations', 'Flows', 'Reports', 'Stations', 'Officers', 'My account']);
      await look(page, 'officers', pictures);
    });
    await test('hub: an officer is added by keyboard; the PIN is shown once', async () => {
      await tabTo(page, 'new-badge', 200);
      await page.keyboard.type('1777');
      await page.keyboard.press('Tab');
      await page.keyboard.type('Officer Seven');
      await page.locator('#new input[name="role"][value="inspector"]').check();
      await page.locator('#add').press('Enter');
      await page.waitForSelector('#secret');
      const pin = await page.locator('#secret .secret').innerText();
      assert.match(pin, /^\d{6,}$/);
      await look(page, 'officers-pin', pictures);
      assert.ok(!(await page.content().then((html) => html.split(pin).length > 2)), 'the PIN is there twice');
      await page.goto(`${site.hub}/officers`);
      assert.ok(!(await page.content()).includes(pin), 'the PIN is shown again');
      assert.match(await page.locator('tr[data-officer="1777"]').innerText(), /First PIN/);
    });
    await test('hub: roles that exclude each other, a revoked account', async () => {
      const of = page.locator('details[data-change="1777"]');
      await of.locator('summary').click();
      await look(page, 'officers-change', pictures);
      await of.locator('input[value="auditor"]').check();
      await of.locator('button', { hasText: 'Change 1777' }).click();
      await page.waitForSelector('#trouble');
      assert.match(await told(page), /must not be who is watched/);
      await of.locator('summary').click();
      await page.locator('#o-1777-reason').fill('Left the service.');
      await page.locator('#o-1777-reason').press('Enter');
      await page.waitForSelector('#outcome');
      assert.match(await page.locator('tr[data-officer="1777"]').innerText(), /Closed/);
    });
    await test('hub: stations, with a code that is shown once and counts down', async () => {
      await page.getByRole('link', { name: 'Stations', exact: true }).click();
      assert.match(await page.locator('main').innerText(), /ends in 9 days[\s\S]*stolen <on the road>/);
      await look(page, 'stations', pictures);
      await page.locator('#new-station').fill('PUE-1');
      await page.locator('#new-post').fill('PUE');
      await page.locator('#new-zone').fill('America/Panama');
      await page.locator('#new-zone').press('Enter');
      await page.waitForSelector('#code');
      await until('it counts down', async () => /^1[45]:\d\d$/.test(await page.locator('#code-left').innerText()));
      assert.match(await page.locator('#code').innerText(), /garita-post enrol https:\/\/hub\.example:8443 /);
      await look(page, 'stations-code', pictures);
      await page.goto(`${site.hub}/stations`);
      assert.ok(!(await page.locator('#code').count()), 'the code is shown again');
      assert.match(await page.locator('tr[data-row="PUE-1"]').innerText(), /Invited/);
    });
    await test('hub: one’s own account; a PIN that is too easy', async () => {
      await page.getByRole('link', { name: 'My account' }).click();
      await look(page, 'account', pictures);
      await page.locator('#old').fill(PIN);
      await page.locator('#new').fill('123456');
      await page.locator('#again').fill('123456');
      await page.locator('#again').press('Enter');
      await page.waitForSelector('#trouble');
      assert.match(await told(page), /Choose another/);
      await page.locator('#old').fill(PIN);
      await page.locator('#new').fill('730164');
      await page.locator('#again').fill('730164');
      await page.locator('#again').press('Enter');
      await page.waitForSelector('#outcome');
      await page.getByRole('link', { name: 'Officers', exact: true }).click();
      assert.equal(new URL(page.url()).pathname, '/officers', 'the session has not followed the PIN');
    });
    await test('hub: a session that ends elsewhere: the card, and nothing typed is lost', async () => {
      await page.locator('#new-badge').fill('1888');
      await page.locator('#new-name').fill('Half written');
      await site.tell('end');
      await page.evaluate(() => fetch('/officers', { headers: { Accept: 'application/json' } }));
      await page.locator('#lock-now').click();
      await page.waitForSelector('#lock:not([hidden])');
      assert.ok(!(await page.content()).includes('Hub operator 3001'), 'the page is still there behind the card');
      await look(page, 'lock', pictures);
      await page.keyboard.type('111222');
      await page.keyboard.press('Enter');
      await until('it says so', async () => /wrong/.test(await page.locator('#lock-message').innerText()));
      assert.deepEqual(await axe(page), []);
      await page.keyboard.type('730164');
      await page.keyboard.press('Enter');
      await until('the page is there again', () => page.locator('#new-name').isVisible());
      assert.equal(await page.locator('#new-name').inputValue(), 'Half written');
      assert.equal(await page.locator('#new-badge').inputValue(), '1888');
    });
    await test('hub: sign out, and the way back shows nothing', async () => {
      await page.locator('#sign-out').click();
      await page.waitForURL(/signin/);
      await page.goBack();
      await page.waitForLoadState();
      await until('the sign-in page', async () => new URL(page.url()).pathname === '/signin' || (await page.locator('#signin').count()) > 0);
      assert.ok(!(await page.content()).includes('Hub operator 3001'));
    });
    await test('hub: reviews', async () => {
      await page.goto(`${site.hub}/review`);
      await signIn(page, '3001');
      assert.match(await page.locator('main').innerText(), /3 took effect[\s\S]*Passed a hit[\s\S]*the radio is silent <b>/);
      await look(page, 'review', pictures);
      await page.locator('[id^="follow-"]').first().click();
      assert.match(await told(page), /Say what is to be followed up/);
      await tabTo(page, await page.locator('[id^="note-"]').nth(1).getAttribute('id'));
      await page.keyboard.type('Looked at the day.');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#outcome');
      await page.getByRole('link', { name: 'Reviewed', exact: true }).click();
      assert.match(await page.locator('main').innerText(), /Fine[\s\S]*by 3001: Looked at the day/);
      await look(page, 'reviewed', pictures);
      await page.locator('#sign-out').click();
      await page.waitForURL(/signin/);
    });
    await test('hub: the auditor sees acts and proofs, and nothing else', async () => {
      await page.goto(`${site.hub}/audit`);
      await signIn(page, '6001');
      assert.deepEqual(await page.locator('.hub-nav a').allInnerTexts(), ['Audit', 'My account']);
      assert.match(await page.locator('main').innerText(), /It has forgotten events/);
      await look(page, 'audit', pictures);
      await page.locator('#result').selectOption('refused');
      await page.locator('#show').click();
      await page.waitForLoadState();
      assert.ok((await page.locator('#acts-table tbody tr').count()) > 5);
      assert.equal(await page.locator('#acts-table .tag--ok').count(), 0);
      await page.locator('#from').fill('yesterday');
      await page.locator('#show').click();
      await page.waitForSelector('#trouble');
      assert.match(await told(page), /is written 2026-12-31/);
      assert.equal(new URL(page.url()).search, '');
      const r = await page.goto(`${site.hub}/officers`);
      assert.equal(r.status(), 403);
    });
  } finally {
    await page?.close();
    const code = await site.end();
    await test('sign-in: the pages’ program ends in order', () => assert.equal(code, 0));
  }
}
