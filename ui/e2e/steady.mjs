// What somebody reads or types stays where it is while the page is kept up to date: focus and scrolling of
// the operator's tables, a stream whose worker has died, and a page that is to change its language.
import assert from 'node:assert/strict';
import { openAs } from './browser.mjs';
import { openCounter } from './counterpage.mjs';
import { until } from './demo.mjs';
import { passport, visitor } from './mrz.mjs';

/** A worker's death is noticed when it has been silent this long, in ms, and another is there by then. */
const NOTICED = 12_000;

const live = (page, state = 'on') => page.waitForSelector(`body[data-live="${state}"]`, { state: 'attached', timeout: NOTICED });
const lang = (page) => page.evaluate(() => document.documentElement.lang);
const focus = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute('href') || document.activeElement.localName);

async function choose(page, language) {
  await page.locator('#language summary').click();
  await page.locator(`#language-${language}`).click();
}

export async function steady(context, demo, test) {
  const c = await openCounter(context, demo.post, '1');
  const hub = await openAs(context, `${demo.hub}/`, '3001');
  await live(hub);
  const pass = async () => {
    const p = visitor();
    await c.page.bringToFront();
    await c.wedge(passport(p));
    await c.shown(p.surname);
    await c.page.keyboard.press('F10');
    await c.dialog('confirm');
    await c.accept();
    await c.waits();
  };
  const crossings = () => hub.locator('[data-region="crossings"]').innerText();

  await test('steady: an operator’s link keeps the focus, and a table its place, while crossings arrive', async () => {
    await pass();
    await until('the hub has it', async () => /Withdrawn/.test(await crossings()));
    for (const [link, table] of [['[data-region="posts"] a[href^="/flows?post="]', 'crossings-table'], ['[data-region="figures"] a', 'stations-table']]) {
      await hub.evaluate((id) => { // as if it had many rows
        const s = new CSSStyleSheet();
        s.replaceSync(`#${id} { max-height: 2.5rem !important; max-width: 20rem; overflow: auto !important; }`);
        document.adoptedStyleSheets = [s];
      }, table);
      await hub.locator(link).first().focus();
      const at = await focus(hub);
      const where = await hub.evaluate((id) => {
        const el = document.getElementById(id);
        el.scrollTo({ top: 25, left: 40, behavior: 'instant' });
        globalThis.was = el.closest('[data-region]').textContent;
        return [el.scrollTop, el.scrollLeft];
      }, table);
      assert.ok(where.every(Boolean), `it scrolls: ${where}`);
      const before = await hub.locator('[data-region="posts"], [data-region="figures"]').evaluateAll((all) => { globalThis.old = all; return all.length; });
      assert.ok(before > 0);
      await pass();
      await until(`${table} is painted anew`, () => hub.evaluate((id) => document.getElementById(id).closest('[data-region]').textContent !== globalThis.was, table));
      assert.deepEqual(await hub.evaluate((id) => [document.getElementById(id).scrollTop, document.getElementById(id).scrollLeft], table), where);
      assert.equal(await focus(hub), at);
    }
  });

  await test('steady: a shared worker that dies is noticed, and another takes its place', async () => {
    const cdp = await context.newCDPSession(hub);
    const workers = async () => (await cdp.send('Target.getTargets')).targetInfos.filter((t) => t.type === 'shared_worker' && t.url.startsWith(demo.hub));
    const [worker] = await workers();
    assert.ok(worker, 'there is one');
    await hub.evaluate(() => {
      globalThis.lost = false;
      new MutationObserver(() => { globalThis.lost ||= document.body.dataset.live === 'off'; }).observe(document.body, { attributes: true });
    });
    await cdp.send('Target.closeTarget', { targetId: worker.targetId });
    await until('the page says that it is cut off', () => hub.evaluate(() => globalThis.lost), NOTICED);
    await live(hub);
    assert.ok((await workers()).some((w) => w.targetId !== worker.targetId), 'there is another');
    const before = await crossings();
    await pass();
    await until('the page is up to date again', async () => (await crossings()) !== before);
  });

  await test('steady: another language waits for what is typed on a page of the hub', async () => {
    const search = await openAs(context, `${demo.hub}/search`, '3001');
    const field = search.locator('main input[type="text"], main input[type="search"], main input:not([type])').first();
    await field.fill('half a na');
    await choose(hub, 'fr');
    await until('the other page speaks French', async () => (await lang(hub).catch(() => '')) === 'fr');
    await search.waitForTimeout(4500); // longer than a page waits for a still hand
    assert.deepEqual([await lang(search), await field.inputValue()], ['en', 'half a na']);
    await choose(search, 'es');
    await search.waitForTimeout(1000);
    assert.deepEqual([await lang(search), await field.inputValue()], ['en', 'half a na']);
    assert.ok((await search.locator('#language-waits').innerText()).length > 10, 'it says what it waits for');
    await field.fill('');
    await until('it speaks Spanish when nothing is lost', async () => (await lang(search).catch(() => '')) === 'es');
    await search.close();
    await live(hub);
    await choose(hub, 'en');
    await until('the page speaks English', async () => (await lang(hub).catch(() => '')) === 'en');
  });

  await test('steady: the officer’s own choice of a language waits for the note', async () => {
    await c.page.bringToFront();
    await c.page.locator('#note').fill('says she lives in Amaurot');
    await choose(c.page, 'fr');
    await c.page.waitForTimeout(1500);
    assert.deepEqual([await lang(c.page), await c.page.locator('#note').inputValue()], ['en', 'says she lives in Amaurot']);
    await c.page.locator('#note').fill('');
    await until('it speaks French', async () => (await lang(c.page).catch(() => '')) === 'fr');
    await c.connected();
    await choose(c.page, 'en');
    await until('it speaks English', async () => (await lang(c.page).catch(() => '')) === 'en');
  });

  await test('steady: a counter’s page of another version of the program asks for itself anew, once', async () => {
    const own = await c.page.evaluate(() => document.querySelector('script[src$="/counter.js"]').getAttribute('src'));
    const old = own.replace(/[^/]+(?=\/counter\.js$)/, 'of-another-version');
    assert.notEqual(old, own);
    const page = await context.newPage();
    let others = 1; // how many more pages are of the other version
    let pages = 0;
    await page.route((url) => url.pathname === '/counters/1', async (r) => {
      if (r.request().resourceType() !== 'document') return r.fallback();
      const response = await r.fetch();
      const body = await response.text();
      assert.ok(body.includes(own));
      pages++;
      return r.fulfill({ response, body: others-- > 0 ? body.replaceAll(own, old) : body });
    });
    await page.route((url) => url.pathname === old, async (r) => r.fulfill({ response: await r.fetch({ url: demo.post + own }) }));
    await page.goto(`${demo.post}/counters/1`, { waitUntil: 'commit' }); // it may ask for itself before it is loaded
    await until('the page is the station’s own', async () => pages === 2);
    await live(page);
    assert.equal(await page.locator(`script[src="${own}"]`).count(), 1);

    await page.evaluate(() => sessionStorage.clear());
    others = Infinity; // as from a cache in between that keeps the old ones
    pages = 0;
    await page.reload({ waitUntil: 'commit' });
    await until('it asks for itself', async () => pages === 2);
    await live(page, 'off');
    await page.waitForTimeout(2000);
    assert.equal(pages, 2, 'asked for itself once, and not again and again');
    await live(page, 'off');
    await page.close();
  });
  await hub.close();
  await c.page.close();
}
