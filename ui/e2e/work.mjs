// What officers do besides passports: keyed and declared people, outcomes, the post's list,
// groups, shifts, corrections, paper. All by keyboard where an officer would.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { axe } from './browser.mjs';
import { openCounter } from './counterpage.mjs';
import { until } from './demo.mjs';
import { card, passport, traveller, visitor } from './mrz.mjs';

export async function work(context, demo, test, pictures) {
  const c = await openCounter(context, demo.post, '2');
  const { page } = c;
  const clean = async (what) => assert.deepEqual(await axe(page), [], what);
  const region = (name, pattern) => until(`${name} shows ${pattern}`, async () => pattern.test(await c.text(name)));
  const type = async (fields) => { for (const [id, v] of Object.entries(fields)) await page.locator(`#${id}`).fill(v); };

  /** Presses F8 in the dialog and waits until it has gone. */
  async function send(id) {
    await c.dialog(id);
    await page.keyboard.press('F8');
    await until(`${id} has gone: ${await page.locator(`#${id} [data-message]`).innerText()}`, async () => !(await page.locator(`#${id}`).isVisible()));
  }

  await test('a document without a zone is keyed, edited, and joined by another', async () => {
    await page.keyboard.press('F6');
    await page.keyboard.press('F6');
    await page.locator('#p-kind').selectOption('birth_certificate');
    await type({ 'p-number': 'B-77', 'p-issuer': 'QRU', 'p-surname': 'HENTZAU', 'p-given': 'RUPERT', 'p-nationality': 'QRU', 'p-born': '1990' });
    await send('keyed');
    await c.shown('HENTZAU');
    assert.match(await c.text('document'), /Keyed: no zone was read/);
    await page.locator('#edit-document').click();
    assert.equal(await page.locator('#p-born').inputValue(), '1990-XX-XX');
    await page.locator('#p-given').fill('RUPERT JOHANN');
    await send('keyed');
    await region('document', /RUPERT JOHANN/);
    await page.keyboard.press('Shift+F6');
    await page.locator('#p-kind').selectOption('lost_document_report');
    await type({ 'p-number': '17/26', 'p-surname': 'HENTZAU' });
    await send('keyed');
    await region('document', /Report of a lost document/);
    await clean('a keyed person with two documents');
    await page.screenshot({ path: join(pictures, 'work-keyed.png') });
    await page.keyboard.press('F7');
    await page.locator('#handed-to').selectOption('consulate');
    await page.locator('#receipt').fill('No. 4, Consul of Ruritania');
    await send('handover');
    await region('last', /Handed over/);
  });

  await test('nobody’s document: the person’s word; abandoned with a reason', async () => {
    await page.keyboard.press('F6');
    await page.keyboard.press('F6');
    await page.keyboard.press('F6');
    await type({ 'p-surname': 'NOBODY', 'p-nationality': 'QSY' });
    await send('keyed');
    await c.shown('NOBODY');
    assert.match(await c.text('document'), /no document/);
    await page.keyboard.press('Shift+F10');
    await page.locator('#abandon-reason').selectOption('mistake');
    await send('abandon');
    await c.waits();
  });

  await test('a need is noted with one key, blocks refusal, and is not shown; a supervisor lifts it', async () => {
    const p = visitor();
    await c.wedge(passport(p));
    await c.shown(p.surname);
    await page.keyboard.press('Control+F10');
    await c.says(/^Noted\. Refusal is blocked until handed over or lifted\.$/);
    await until('it is marked', async () => (await c.state()).protected === 'yes');
    await page.keyboard.press('F9');
    await c.says(/Refusal is blocked/);
    const shown = await page.evaluate(() => [...document.querySelectorAll('[data-region]:not([data-region="keys"]), #state')].map((e) => e.outerHTML).join(''));
    assert.ok(!/child.alone/i.test(shown.replace(/ref-?er/gi, '')), 'the page shows which need');
    await page.keyboard.press('Shift+F9');
    await page.locator('#lift-reason').fill('the parents are here');
    await c.dialog('lift');
    await page.keyboard.press('F8');
    await c.second();
    await until('it is lifted', async () => (await c.state()).protected === '');
  });

  await test('a traveller is referred, and taken from the post’s list', async () => {
    await page.waitForTimeout(450); // what was lifted has only just come onto the screen
    await page.keyboard.press('F3');
    await page.locator('#refer-reason').selectOption('document');
    await send('refer');
    await c.waits();
    await region('referrals', /Doubt about a document/);
    await clean('the list of referrals');
    await page.keyboard.press('Shift+F3');
    await page.keyboard.press('Enter');
    await until('it is taken', async () => (await c.state()).encounter);
    await region('document', /Referred by/);
    await page.waitForTimeout(450);
    await c.fillIn();
    await c.accept();
  });

  await test('another officer takes the counter over with their own PIN', async () => {
    const { holder } = await c.state();
    await c.switchTo('1004');
    await until('the holder has changed', async () => (await c.state()).holder !== holder);
    await until('the dialog is over', async () => (await page.locator('dialog[open]').count()) === 0);
  });

  await test('what was recorded last is corrected, by a second officer if it was another’s', async () => {
    await page.keyboard.press('Shift+F7');
    await c.dialog('correct');
    await page.keyboard.press('F8');
    assert.match(await page.locator('#correct [data-message]').innerText(), /Reason/);
    await page.locator('#c-reason').selectOption('typing');
    await page.locator('#c-purpose').selectOption('visiting');
    await clean('the correction');
    await c.dialog('correct');
    await page.keyboard.press('F8');
    await c.second();
    await c.says(/correction/);
    await page.keyboard.press('Shift+F7');
    await c.dialog('correct');
    assert.equal(await page.locator('#c-purpose').inputValue(), 'visiting');
    await page.keyboard.press('Escape');
  });

  await test('a crossing from paper is entered with its sheet and time', async () => {
    await page.keyboard.press('Shift+F4');
    const day = await page.evaluate(() => new Date(Date.now() - 36 * 3600e3).toISOString().slice(0, 10));
    await page.locator('#p-direction').selectOption('entry');
    await page.locator('#p-kind').selectOption('border_card');
    await type({ 'p-sheet': 'A-0017', 'p-day': day, 'p-time': '0405', 'p-number': 'BC-9', 'p-issuer': 'QRU', 'p-surname': 'PAPER', 'p-given': 'MARIA', 'p-nationality': 'QRU', 'p-born': '19800101' });
    await send('keyed');
    await c.shown('PAPER');
    assert.match(await c.text('document'), /From paper: sheet A-0017/);
    await c.fillIn();
    if ((await c.state()).level === 'refer') {
      await page.keyboard.press('F8');
      await c.dialog('confirm');
    }
    await c.accept();
  });

  await test('a family: shared answers once, a list, all that are ready in one key, the group closed', async () => {
    const family = [visitor(), visitor(), visitor()];
    const kid = { ...visitor(), birth: '190304', expiry: '310415' };
    await page.keyboard.press('Shift+F2');
    await page.locator('#group-kind').selectOption('family');
    await send('group');
    await until('the group is there', async () => (await c.state()).group);
    await page.locator('#party-share').click();
    await page.locator('#s-purpose').selectOption('holiday');
    await page.locator('#s-intended_days').fill('14');
    await page.locator('#s-address').fill('Casa Elphberg, Amaurot');
    await page.locator('#note').focus();
    await region('party', /holiday/i);
    await page.locator('#party-import').click();
    const row = (p) => `${p.surname},${p.given},${p.number},${p.state}`;
    await page.locator('#import-text').fill(['surname,given_names,document_number,document_issuer', ...family.map(row), 'AWAY,NINA,E2E999999,QRU,,,,,,,,,'].join('\n'));
    await c.dialog('import');
    await page.keyboard.press('F8');
    await until('the list is taken, or its problems are shown', async () => !(await page.locator('#import').isVisible()) || (await page.locator('#import-problems li').count()) > 0);
    if (await page.locator('#import').isVisible()) await send('import');
    for (const p of [...family, kid]) {
      await c.wedge(passport(p));
      await region('members', new RegExp(p.surname));
    }
    await page.waitForTimeout(500);
    await clean('a group');
    await page.screenshot({ path: join(pictures, 'work-group.png') });
    const ready = (await c.state()).ready.split(' ').filter(Boolean).length;
    assert.equal(ready, 3, await c.text('members'));
    await page.keyboard.press('Shift+F8');
    await c.says(/Recorded: 3 people/);
    // The child is held back until an adult answers for it.
    await page.locator('[data-act="adult"]').first().click();
    await page.locator('#adult').selectOption({ index: 1 });
    await send('responsible');
    await region('members', /with/);
    // Linked, and with all that is shared, the child is ready too.
    await until('the child is ready', async () => (await c.state()).ready);
    await page.waitForTimeout(450);
    await page.keyboard.press('Shift+F8');
    await c.says(/Recorded: 1 person\./);
    await page.locator('#party-close').click();
    await send('ask');
    await until('the group has gone', async () => (await c.state()).group === '');
  });

  await test('a second document of the open person is read, and joined', async () => {
    const p = visitor();
    await c.wedge(passport(p));
    await c.shown(p.surname);
    await c.wedge(card({ ...p, number: 'E2EC00001' }));
    await until('it waits', async () => (await c.text('queue')).includes(p.surname));
    await page.locator('[data-act="join"]').click();
    await send('ask');
    await region('document', /Further documents/);
    await page.keyboard.press('F10');
    await send('confirm');
    await c.waits();
  });

  await test('the shift’s report, its end, and the next one', async () => {
    await page.keyboard.press('Shift+F1');
    await c.dialog('shift');
    assert.match(await page.locator('#report').innerText(), /Crossings/);
    await clean('the report of a shift');
    await page.keyboard.press('F8');
    await until('it is closed', async () => (await page.locator('#report').getAttribute('data-state')) === 'closed');
    await page.screenshot({ path: join(pictures, 'work-shift.png') });
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+F1');
    await c.dialog('shift');
    await page.keyboard.press('F8');
    await c.says(/The shift is open/);
  });

  await test('nothing of it navigated or failed', async () => {
    assert.equal(c.navigations, 0);
    assert.deepEqual(page.faults, []);
  });
  await page.close();
}
