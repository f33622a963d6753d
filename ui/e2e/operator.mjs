// The operator's whole day at the hub, by keyboard only: what is silent is found, a hit is taken and judged, an entry is
// put on the list by two people, flows are looked at and taken away as a file, somebody is searched with a
// purpose. A day of the demo's travellers is played meanwhile; axe and pictures of each page at three sizes.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { axe, openPage, PIN, SIZES } from './browser.mjs';
import { until } from './demo.mjs';

const WIDTHS = { '1024x768': SIZES['1024x768'], '1280x800': { width: 1280, height: 800 }, '1920x1080': SIZES['1920x1080'] };

/** Axe, sideways scrolling, complaints and a picture at each size. */
async function look(page, name, pictures) {
  for (const [size, box] of Object.entries(WIDTHS)) {
    await page.setViewportSize(box);
    await page.waitForTimeout(150);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    assert.ok(!wide, `${name}, ${size}: the page scrolls sideways`);
    await page.screenshot({ path: join(pictures, `operator-${name}-${size}.png`), fullPage: true });
    assert.deepEqual(await axe(page), [], `${name}, ${size}`);
  }
  await page.setViewportSize(WIDTHS['1280x800']);
  assert.deepEqual(page.faults, [], name);
}

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

/** Presses Enter on what leads to another page, and waits for it. */
async function follow(page, selector, path) {
  await tabTo(page, selector);
  await Promise.all([page.waitForURL((u) => u.pathname === path), page.keyboard.press('Enter')]);
  await page.waitForLoadState();
}

async function fill(page, selector, text) {
  await tabTo(page, selector);
  await page.keyboard.type(text);
}

/** Chooses in a list by its keys: the beginning of the text. */
async function choose(page, selector, text) {
  await tabTo(page, selector);
  await page.keyboard.type(text);
}

async function signIn(page, badge) {
  await tabTo(page, '#badge');
  await page.keyboard.type(badge);
  await page.keyboard.press('Tab');
  await page.keyboard.type(PIN);
  await Promise.all([page.waitForURL((u) => u.pathname !== '/signin'), page.keyboard.press('Enter')]);
}

export async function operator(context, demo, test, pictures) {
  let page = await openPage(context, `${demo.hub}/signin`);
  let traveller = ''; // of the case
  const region = (name) => page.locator(`[data-region="${name}"]`).innerText();

  await test('operator: signs in; crossings arrive without a reload', async () => {
    await signIn(page, '3001');
    await until('crossings are counted', async () => /alive/.test(await region('stations')) && !/None yet/.test(await region('crossings')), 90000);
    await look(page, 'operations', pictures);
  });

  await test('operator: the map leads to the post, in words as well as by shape', async () => {
    await tabTo(page, 'a.map-post');
    assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /Paso Alto: alive/);
    await page.keyboard.press('Enter');
    assert.match(page.url(), /#post-PCA$/);
  });

  const silentSince = Date.now();
  await test('operator: the post falls silent, and is seen to be late', async () => {
    writeFileSync(join(demo.data, 'post.stopped'), '');
    process.kill(Number(readFileSync(join(demo.data, 'post.pid'), 'utf8').trim()), 'SIGKILL');
    await until('its station is late', async () => /late|silent/.test(await region('stations')), 60000);
  });

  await test('operator: a hit is found by keys, taken and judged', async () => {
    await follow(page, 'a[href="/cases"]', '/cases');
    await until('there is a case', async () => (await page.locator('tr[data-case]').count()) > 0);
    await look(page, 'cases', pictures);
    await page.locator('#work').focus();
    await page.keyboard.press('j');
    assert.ok(await page.evaluate(() => document.activeElement.id.startsWith('case-')), 'j leads to the first case');
    if ((await page.locator('tr[data-case]').count()) > 1) {
      const first = await page.evaluate(() => document.activeElement.id);
      await page.keyboard.press('j');
      assert.notEqual(await page.evaluate(() => document.activeElement.id), first);
      await page.keyboard.press('k');
      assert.equal(await page.evaluate(() => document.activeElement.id), first);
    }
    await Promise.all([page.waitForURL(/\/cases\/./), page.keyboard.press('Enter')]);
    await page.waitForLoadState();
    await look(page, 'case', pictures);
    const at = async (what) => {
      const key = await page.evaluate((id) => document.getElementById(id)?.getAttribute('aria-keyshortcuts'), what);
      assert.ok(key, `${what} is offered`);
      await page.keyboard.press(key);
      assert.equal(await page.evaluate(() => document.activeElement.id), what);
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    };
    const url = page.url();
    traveller = await page.locator('[aria-labelledby="traveller-title"] bdi').first().innerText();
    await page.locator('#work').focus();
    await at('do-take');
    assert.equal(page.url(), url);
    await page.locator('#work').focus();
    await page.keyboard.press('n');
    await page.keyboard.type('Another date of birth, another face.');
    await page.keyboard.press('Escape');
    await at('do-dismiss');
    assert.match(await page.locator('#work').innerText(), /not this person/i);
    await page.locator('#work').focus();
    await Promise.all([page.waitForURL((u) => u.pathname === '/cases'), page.keyboard.press('u')]);
  });

  await test('operator: a case changes while it is open: what is typed and the focus stay, and it is said once', async () => {
    await until('there is a case', async () => (await page.locator('tr[data-case]').count()) > 0);
    await page.locator('#work').focus();
    for (let i = await page.locator('tr[data-case]').count(); i > 0; i--) await page.keyboard.press('j');
    await Promise.all([page.waitForURL(/\/cases\/./), page.keyboard.press('Enter')]);
    await page.waitForLoadState();
    const url = page.url();
    // Somebody else: what the page sends, from elsewhere.
    const elsewhere = async (what, note = '') => {
      const version = await page.locator('input[name="version"]').inputValue();
      const r = await page.request.post(`${url}/act`, { form: { version, do: what, note }, headers: { Origin: demo.hub } });
      assert.ok(r.ok(), `${what}: ${r.status()}`);
      return version;
    };
    await page.evaluate(() => {
      globalThis.said = [];
      new MutationObserver(() => globalThis.said.push(document.getElementById('news').textContent)).observe(document.getElementById('news'), { childList: true, characterData: true, subtree: true });
    });
    const changed = (was) => until('the page has the change', async () => (await page.locator('input[name="version"]').inputValue()) !== was, 15000);
    await page.locator('#work').focus();
    await page.keyboard.press('n');
    await page.keyboard.type('Called the court: ');
    await changed(await elsewhere('take'));
    await page.keyboard.type('no answer yet');
    assert.equal(await page.locator('#note').inputValue(), 'Called the court: no answer yet');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'note', 'the focus stays in the note');
    assert.match(await page.locator('[data-region="head"]').innerText(), /Under review[\s\S]*Worked on by 3001/);
    const said = await page.evaluate(() => globalThis.said);
    assert.equal(said.length, 1, `said once: ${said}`);
    assert.match(said[0], /^The case has changed: .*3001/);
    // On an action: the focus stays on it, it keeps its digit, and a key pressed by habit does not act on what has just come.
    await page.keyboard.press('Escape');
    await page.keyboard.press(await page.evaluate(() => document.getElementById('do-note').getAttribute('aria-keyshortcuts')));
    assert.equal(await page.evaluate(() => document.activeElement.id), 'do-note');
    const was = await elsewhere('note', 'the second one');
    await page.waitForFunction((v) => document.querySelector('input[name="version"]').value !== v, was, { timeout: 15000 });
    await page.keyboard.press('Enter');
    await page.waitForTimeout(300);
    assert.equal(page.url(), url);
    assert.equal(await page.locator('#note').inputValue(), 'Called the court: no answer yet', 'nothing was sent');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'do-note', 'the focus stays on the action');
    assert.ok(await page.evaluate(() => document.activeElement.getAttribute('aria-keyshortcuts')), 'it has its digit again');
    assert.equal(await page.evaluate(() => globalThis.said.length), 2);
    assert.deepEqual(await axe(page), []);
    await page.waitForTimeout(700);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    assert.match(await page.locator('[data-region="history"]').innerText(), /Called the court: no answer yet/);
    await page.locator('#work').focus();
    await Promise.all([page.waitForURL((u) => u.pathname === '/cases'), page.keyboard.press('u')]);
  });

  await test('operator: the list of cases is read anew under the focus, which stays', async () => {
    await page.locator('#work').focus();
    await page.keyboard.press('j');
    const on = await page.evaluate(() => document.activeElement.id);
    assert.match(on, /^case-/);
    const row = page.locator('[data-region="rows"]');
    await row.evaluate((e) => { e.dataset.old = 'yes'; });
    await until('the list was read anew', async () => (await row.getAttribute('data-old')) === null, 15000);
    assert.equal(await page.evaluate(() => document.activeElement.id), on);
    await tabTo(page, '#state');
    await page.keyboard.press('ArrowDown');
    await page.waitForTimeout(6000);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'state', 'a filter that is being chosen keeps the focus');
  });

  await test('operator: an entry is proposed by one person and approved by another', async () => {
    await follow(page, 'a[href="/lists"]', '/lists');
    await look(page, 'lists', pictures);
    await follow(page, 'a[href="/lists/entries"]', '/lists/entries');
    await proposeEntry(page);
    await look(page, 'entries', pictures);
    assert.match(await page.locator('#outcome').innerText(), /Another person has to approve/);
    await press(page, '#sign-out');
    await page.waitForURL((u) => u.pathname === '/signin');
    await signIn(page, '3002');
    await follow(page, 'a[href="/lists"]', '/lists');
    await follow(page, 'a[href="/lists/entries"]', '/lists/entries');
    await press(page, '[data-proposal] > summary');
    await tabTo(page, '[formaction$="/approve"]');
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await page.waitForLoadState();
    assert.match(await page.locator('#work').innerText(), /in force/);
  });

  await test('operator: the post is silent now, and stands first', async () => {
    await follow(page, 'a[href="/"]', '/');
    await page.waitForTimeout(Math.max(0, silentSince + 118000 - Date.now()));
    await until('the station is silent', async () => /Station PCA-1 is silent/.test(await region('attention')), 60000);
    assert.match(await page.locator('.need').first().innerText(), /Now[\s\S]*silent[\s\S]*Call the post/);
    await look(page, 'silent', pictures);
    rmSync(join(demo.data, 'post.stopped'));
  });

  await test('operator: flows by keys; every plot has its table; the numbers as a file', async () => {
    await follow(page, 'a[href="/flows"]', '/flows');
    await until('the plots are drawn', async () => (await page.locator('.plot canvas').count()) === 2);
    await look(page, 'flows', pictures);
    await choose(page, '#group', 'Ex');
    await until('the part has changed', async () => /^Exits/.test(await page.locator('#flows-title').innerText()));
    assert.match(page.url(), /group=departures/);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'group', 'the focus stays');
    assert.match(await page.locator('#message').innerText(), /^Exits/);
    assert.equal(await page.locator('.chart details table').count(), await page.locator('.plot').count());
    await tabTo(page, 'a[download]');
    const [file] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    assert.match(readFileSync(await file.path(), 'utf8'), /^REF_AREA,POST,/);
  });

  await test('operator: newer numbers come by themselves; what is unfolded and in focus stays', async () => {
    await page.route((u) => u.pathname === '/flows', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: (await answer.text()).replace(/(id="flows-title">[^<]*<strong>)[^<]*/, '$1987 654') });
    });
    await page.locator('#flows .chart details').first().evaluate((d) => { d.open = true; });
    const frame = page.locator('#flows .division .scroll').first();
    const at = await frame.evaluate((el) => { el.focus(); return el.getAttribute('aria-labelledby'); });
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await until('newer numbers', async () => /987 654/.test(await page.locator('#flows-title').innerText()));
    await page.unrouteAll();
    assert.equal(await page.locator('#flows .chart details').first().getAttribute('open'), '', 'the table stays unfolded');
    assert.equal(await page.locator('.plot canvas').count(), 2, 'the plots are drawn');
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-labelledby')), at, 'the focus stays');
    assert.doesNotMatch(await page.locator('#message').innerText(), /987/, 'nothing is said of it');
  });

  await test('operator: flows without a script are a form', async () => {
    const html = await (await page.request.get(`${demo.hub}/flows?group=refusals&days=30`)).text();
    assert.match(html, /<form method="get" action="\/flows"/);
    assert.match(html, /Entries refused: All posts, The last 30 days/);
  });

  await test('operator: nobody is searched without a purpose; then somebody is found and opened', async () => {
    await follow(page, 'a[href="/search"]', '/search');
    await look(page, 'search', pictures);
    await choose(page, '#purpose', 'A case');
    await fill(page, '#reason', 'file 12/26');
    await fill(page, '#name', 'nobody-of-that-name');
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    assert.match(await page.locator('#found-title').innerText(), /^0 travellers/);
    assert.ok(traveller, 'the case named its traveller');
    await tabTo(page, '#name');
    await page.keyboard.press('Control+A');
    await page.keyboard.type(traveller);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await look(page, 'found', pictures);
    await tabTo(page, '#open-0');
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    assert.ok((await page.locator('#travels tbody tr').count()) > 0);
    assert.ok((await page.locator('[aria-labelledby="cases-title"] a').count()) > 0, 'the case is shown beside');
    await look(page, 'person', pictures);
    assert.doesNotMatch(page.url(), /\?/);
  });

  await test('operator: a report is downloaded', async () => {
    if (await page.locator('a[href="/reports"]').count() === 0) return;
    await follow(page, 'a[href="/reports"]', '/reports');
    await look(page, 'reports', pictures);
  });
  await page.close();
}

/** Proposes an entry on the page of entries, by keyboard. */
async function proposeEntry(page) {
  await tabTo(page, '#write > summary');
  if (!(await page.locator('#propose').isVisible())) await page.keyboard.press('Enter');
  await fill(page, '#e-source', 'courts');
  await fill(page, '#e-id', 'E2E-1');
  await fill(page, '#e-names', 'HENTZAU, RUPERT');
  await fill(page, '#e-dates', '1980-01-02');
  await fill(page, '#e-reason', 'order 12/26');
  await tabTo(page, '#propose');
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  await page.waitForLoadState();
}
