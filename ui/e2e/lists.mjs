// The hub's pages about lists and cases, with something of everything on them (TestGallery in
// ui/cases): axe, sizes, forms by keyboard, a file that is sent in pieces, news without a reload.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { axe, openPage, SIZES } from './browser.mjs';
import { until } from './demo.mjs';
import { freePort } from './gallery.mjs';
import { serveTest } from './gotest.mjs';

const WIDTHS = { '1366x768': SIZES['1366x768'], '1920x1080': SIZES['1920x1080'], phone: { width: 390, height: 844 } };

/** Serves the pages; pass() lets a listed traveller pass. */
async function serve(root) {
  const address = `127.0.0.1:${await freePort()}`;
  const program = await serveTest(root, './ui/cases', 'TestGallery', { GARITA_UI_LISTS: address });
  await until('the pages answer', () => fetch(`http://${address}/lists`).then((r) => r.ok, () => false));
  return {
    folder: program.folder,
    url: `http://${address}`,
    pass: () => program.tell('pass'),
    end: program.end,
  };
}

const tell = (page) => page.locator('#outcome, #trouble').innerText();

/** Axe, and a picture in each size, of the page as it stands. */
async function look(page, name, pictures) {
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [size, box] of Object.entries(WIDTHS)) {
      await page.setViewportSize(box);
      const wide = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        if (scrollWidth <= clientWidth) return [];
        return [...document.querySelectorAll('main *, header *')].filter((el) => el.getBoundingClientRect().right > clientWidth && !el.closest('.scroll > *')).map((el) => `${el.localName}.${el.className}#${el.id}`);
      });
      assert.deepEqual(wide, [], `${name}, ${size}: the page scrolls sideways`);
      if (scheme === 'light' || size === '1366x768') await page.screenshot({ path: join(pictures, `hub-${name}-${scheme}-${size}.png`), fullPage: true });
    }
    assert.deepEqual(await axe(page), [], `${name}, ${scheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(WIDTHS['1366x768']);
  assert.deepEqual(page.faults, [], name);
}

/** Presses Tab until an element has the focus. */
async function tabTo(page, id, most = 60) {
  for (let i = 0; i < most; i++) {
    if ((await page.evaluate(() => document.activeElement.id)) === id) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`#${id} is not reached by Tab`);
}

export async function lists(context, root, test, pictures) {
  const site = await serve(root);
  /** Who is signed in: these pages stand behind sessions of tests (ui/gate/gatetest). */
  const as = (badge) => context.addCookies([{ name: 'garita_test', value: `${badge}//operator`, url: site.url }]);
  let page;
  try {
    await as('B-1');
    page = await openPage(context, `${site.url}/`);
    await test('lists: from page to page by the navigation', async () => {
      await page.getByRole('link', { name: 'Lists', exact: true }).click();
      assert.match(await page.locator('main h1').innerText(), /national list/);
      await page.getByRole('link', { name: 'Cases', exact: true }).click();
      assert.equal(await page.locator('main h1').innerText(), 'Cases');
      assert.equal(await page.locator('.hub-nav [aria-current]').innerText(), 'Cases');
    });
    await test('lists: the overview', async () => {
      await page.goto(`${site.url}/lists`);
      const text = await page.locator('main').innerText();
      for (const want of [/too old/, /1 version behind|versions behind/, /a wrong signature/, /holds no list/, /court\/1/, /up to date/, /waits to be confirmed/]) assert.match(text, want);
      await look(page, 'lists', pictures);
    });
    await test('lists: a proposal is approved by another person, by keyboard', async () => {
      await page.goto(`${site.url}/lists/entries`);
      await page.locator('details[data-proposal] summary').first().press('Enter');
      await look(page, 'entries', pictures);
      const id = await page.locator('details[data-proposal]').first().getAttribute('data-proposal');
      await as('B-5');
      await tabTo(page, `answer-${id}`);
      await page.keyboard.press('Enter');
      await page.waitForSelector('#trouble');
      assert.match(await tell(page), /must be another one/);
      assert.deepEqual(await axe(page), []);
      await as('B-6');
      await page.locator('details[data-proposal] summary').first().press('Enter');
      await tabTo(page, `answer-${id}`);
      await page.keyboard.press('Enter');
      await page.waitForSelector('#outcome');
      assert.match(await tell(page), /the change is in force/);
    });
    await test('lists: an entry with its history, and the form to change it', async () => {
      await page.locator('#find-source').fill('court');
      await page.locator('#find-id').fill('3');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#entry-title');
      assert.match(await page.locator('main').innerText(), /the court corrected the date/);
      assert.equal(new URL(page.url()).search, '');
      await page.locator('#write summary').click();
      await look(page, 'entry', pictures);
      await page.locator('#e-dates').fill('some day');
      await page.locator('#e-reason').fill('a test');
      await page.locator('#propose').click();
      assert.match(await tell(page), /a birth date cannot be right/);
      assert.equal(await page.locator('#e-dates').inputValue(), 'some day');
      assert.equal(await page.locator('#find-id').inputValue(), '3');
    });
    await test('lists: an import that waits', async () => {
      await page.goto(`${site.url}/lists`);
      await page.locator('#imports-table a').first().click();
      await page.locator('.lines summary').nth(1).click();
      await page.locator('.report summary').click();
      assert.match(await page.locator('main').innerText(), /not a date/);
      await look(page, 'preview', pictures);
    });
    await test('lists: a file is sent in pieces, read and confirmed', async () => {
      await page.goto(`${site.url}/lists/import`);
      await look(page, 'import', pictures);
      const rows = ['entry,surname,given_names,birth_date'];
      for (let i = 0; i < 9000; i++) rows.push(`X-${i},OXLEYWICK${i},PETRA MARIANNE OF UTOPIA,1990-01-01`);
      const file = join(site.folder, 'harbour list (1).csv');
      writeFileSync(file, `# list=harbour\n# version=1\n# issued=2026-11-01T00:00:00Z\n# entries=9000\n${rows.join('\n')}\n`);
      assert.ok(readFileSync(file).length > 2 * 192 * 1024, 'the file is one of several pieces');
      await page.setInputFiles('#files', file);
      await page.locator('#source').fill('harbour');
      await page.locator('#read').click();
      await page.waitForURL(/lists\/imports\//);
      assert.match(await page.locator('.figures').innerText(), /9.000/);
      assert.match(await page.locator('main').innerText(), /You have read this file/);
      await as('B-2');
      await page.reload();
      await page.locator('#confirm').press('Enter');
      await page.waitForSelector('#outcome');
      assert.match(await tell(page), /in force/);
      await page.goto(`${site.url}/lists/import`);
      await page.locator('#source').fill('harbour');
      await page.locator('#read').click();
      await page.waitForSelector('#trouble');
      assert.match(await tell(page), /Choose a file/);
    });
    await test('lists: a score is explained', async () => {
      await page.goto(`${site.url}/lists/explain`);
      await page.locator('#x-surname').fill('ZABRISTAN');
      await page.locator('#x-given').fill('DARIO');
      await page.locator('#x-born').fill('1979-01-19');
      await page.locator('#x-nat').fill('UTO');
      await page.locator('#x-purpose').selectOption('quality');
      await page.locator('#x-nat').press('Enter');
      await page.waitForSelector('.explained');
      assert.match(await page.locator('.explained').first().innerText(), /ZABRISTAN, DARIO OLEANDER[\s\S]*a part is missing/);
      assert.doesNotMatch(page.url(), /ZABRISTAN/);
      await look(page, 'explain', pictures);
    });
    await test('cases: the inbox, and a new case without a reload', async () => {
      await page.goto(`${site.url}/cases`);
      assert.match(await page.locator('main').innerText(), /Silent[\s\S]*overdue for/);
      await look(page, 'cases', pictures);
      const before = await page.locator('[data-case]').count();
      await page.locator('#badge').focus();
      site.pass();
      await until('it is there', async () => (await page.locator('[data-case]').count()) === before + 1);
      assert.equal(await page.evaluate(() => document.activeElement.id), 'badge', 'the focus has gone');
      await page.locator('#handling').selectOption('silent');
      await page.locator('#filter .action-button').click();
      await page.waitForLoadState();
      assert.equal(await page.locator('[data-case]').count(), 1);
      assert.equal(new URL(page.url()).search, '');
    });
    await test('cases: a silent case', async () => {
      await page.locator('[data-case] a').first().click();
      assert.match(await page.locator('main').innerText(), /nobody outside the hub may learn of it/);
      await look(page, 'silent', pictures);
    });
    await test('cases: not this person, with a second person, by keyboard', async () => {
      await page.goto(`${site.url}/cases`);
      await page.getByRole('link', { name: 'court/1' }).press('Enter');
      await page.waitForSelector('#do-countersign');
      await look(page, 'case', pictures);
      await as('B-3');
      await page.locator('#work').focus();
      await tabTo(page, 'do-countersign');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#trouble');
      assert.match(await page.locator('#trouble').innerText(), /another person has to agree/);
      assert.deepEqual(await axe(page), []);
      await as('B-4');
      await page.locator('#do-countersign').press('Enter');
      await until('it is closed', async () => (await page.locator('#state').innerText()) === 'Not this person');
      await look(page, 'closed', pictures);
    });
    await test('lists and cases: the hub ends, and the pages say so', async () => {
      await page.goto(`${site.url}/cases`);
      assert.equal(await site.end(), 0);
      await until('it says so', () => page.locator('#link').isVisible());
      assert.deepEqual(await axe(page), []);
    });
  } finally {
    await page?.close();
    await site.end();
  }
}
