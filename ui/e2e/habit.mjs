// Hands that are faster than eyes: a verdict that changes just before the key decides nothing, and the
// confirming key is the same for every outcome. And eyes that look elsewhere: news from the station takes
// nobody's focus and is spoken once.
import assert from 'node:assert/strict';
import { openPage } from './browser.mjs';
import { serveGallery } from './gallery.mjs';
import { until } from './demo.mjs';

/** How long in ms after a change of the verdict the key must do nothing. */
const ARMED = 400;

/** A check that goes wrong, for each wait: one that has gone wrong already would be no news. */
const ANOTHER = { 0: 'mrz', 50: 'expiry', 200: 'document_list', 350: 'stay' };

/** Opens a state of the gallery; what it sends is kept and taken. */
async function open(context, g, state) {
  const page = await openPage(context, `${g.url}/counters/${state}`);
  page.posts = [];
  await page.route(/./, (route) => {
    const r = route.request();
    if (r.method() === 'GET') return route.fallback();
    page.posts.push({ path: new URL(r.url()).pathname.split('/').pop(), body: r.postDataJSON() });
    return route.fulfill({ status: 200, contentType: 'application/json', body: '{}' });
  });
  await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
  await page.waitForTimeout(ARMED + 100);
  page.posts.length = 0;
  return page;
}

/** Has the page press F8 some ms after its verdict has changed, to the millisecond. */
const pressAfter = (page, attribute, ms) => page.evaluate(([name, wait]) => {
  const was = document.getElementById('state').getAttribute(name);
  globalThis.pressed = new Promise((resolve) => {
    const seen = new MutationObserver(() => {
      if (document.getElementById('state').getAttribute(name) === was) return;
      seen.disconnect();
      setTimeout(() => {
        dispatchEvent(new KeyboardEvent('keydown', { key: 'F8', bubbles: true, cancelable: true }));
        resolve();
      }, wait);
    });
    seen.observe(document.body, { subtree: true, childList: true, attributes: true });
    setTimeout(resolve, 5000); // a verdict that does not change fails below
  });
}, [attribute, ms]);

/** Keeps what live regions say from now on in globalThis.spoken. */
const listen = (page) => page.evaluate(() => {
  globalThis.spoken = [];
  const of = (n) => (n.nodeType === 1 ? n : n.parentElement);
  new MutationObserver((all) => {
    for (const m of all) {
      for (const n of m.type === 'characterData' ? [m.target] : m.addedNodes) {
        const live = of(n)?.closest('[aria-live]:not([aria-live="off"]), [role="alert"], [role="status"], [role="log"]') ??
          (n.nodeType === 1 ? n.querySelector('[aria-live]:not([aria-live="off"]), [role="alert"], [role="status"]') : null);
        const text = live && (live.contains(n) ? n.textContent : live.textContent).trim();
        if (text && live.checkVisibility()) globalThis.spoken.push(text.replaceAll(/\s+/g, ' '));
      }
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
});

export async function habit(context, root, test) {
  const g = await serveGallery(root);
  const decisions = (page) => page.posts.filter((p) => p.path === 'decisions');
  const message = (page) => page.locator('#message').innerText();
  try {
    for (const ms of Object.keys(ANOTHER).map(Number)) {
      for (const [what, line, attribute] of [['a worse verdict', 'verdict PROCEED look', 'data-level'], ['another reason', 'reason PROCEED mrz', 'data-say']]) {
        await test(`habit: ${what} ${ms} ms before the key: nothing is decided, and it is said`, async () => {
          g.tell('verdict PROCEED proceed');
          g.tell('verdict LOOK-EXIT look');
          const state = attribute === 'data-say' ? 'LOOK-EXIT' : 'PROCEED';
          const page = await open(context, g, state);
          try {
            await page.locator('#message').evaluate((el) => { el.textContent = ''; });
            await pressAfter(page, attribute, ms);
            g.tell(line.replace('PROCEED', state).replace('mrz', ANOTHER[ms]));
            await page.evaluate(() => globalThis.pressed);
            await until('the page says why', async () => (await message(page)) === (await page.locator('#words').getAttribute('data-too-soon')), 3000);
            await page.waitForTimeout(150);
            assert.deepEqual(decisions(page), []);
            assert.equal(await page.locator('dialog[open]').count(), 0);
            await page.waitForTimeout(ARMED);
            await page.keyboard.press('F8'); // now it has been seen
            await until('the decision is sent', () => decisions(page).length === 1, 3000);
            assert.equal(decisions(page)[0].body.revision, Number(await page.locator('#state').getAttribute('data-revision')));
          } finally {
            await page.close();
          }
        });
      }
    }

    await test('habit: a verdict that becomes "refer" under the hand, also in the dialog', async () => {
      g.tell('verdict PROCEED proceed');
      const page = await open(context, g, 'PROCEED');
      await pressAfter(page, 'data-level', 200);
      g.tell('verdict PROCEED refer');
      await page.evaluate(() => globalThis.pressed);
      assert.equal(await page.locator('dialog[open]').count(), 0);
      await page.waitForTimeout(ARMED);
      await page.keyboard.press('F8');
      await page.waitForSelector('#confirm[open]');
      await page.keyboard.press('F8'); // the second press of somebody who pressed twice
      await page.waitForTimeout(100);
      assert.deepEqual(decisions(page), []);
      await page.waitForTimeout(ARMED);
      g.tell('reason PROCEED mrz'); // the question was about another verdict
      await page.waitForSelector('#confirm', { state: 'hidden' });
      await page.keyboard.press('F8');
      await page.waitForTimeout(200);
      assert.deepEqual(decisions(page), []);
      await page.close();
      g.tell('verdict PROCEED proceed');
    });

    await test('habit: a hit of another entry under the open question: the question goes, and who was asked over it', async () => {
      g.tell('verdict REFER refer');
      g.tell('entry REFER sample/S-0012');
      const page = await open(context, g, 'REFER');
      await page.route('**/decisions', (route) => {
        page.posts.push({ path: 'decisions', body: route.request().postDataJSON() });
        return route.fulfill({ status: 403, contentType: 'application/json', body: '{"code":"second_needed","title":"","next":""}' });
      });
      await page.keyboard.press('F8');
      await page.waitForSelector('#confirm[open]');
      assert.match(await page.locator('#confirm [data-text]').innerText(), /S-0012/);
      await page.waitForTimeout(ARMED + 50);
      await page.keyboard.press('F8');
      await page.waitForSelector('#second[open]');
      await page.locator('#second-pin').fill('246810');
      g.tell('entry REFER sample/S-0034');
      await page.waitForSelector('#second', { state: 'hidden' });
      await page.waitForSelector('#confirm', { state: 'hidden' });
      assert.match(await page.locator('#say').textContent(), /S-0034/);
      assert.equal(await page.locator('#second-pin').inputValue(), '');
      assert.equal(decisions(page).length, 1);
      await page.waitForTimeout(ARMED + 50);
      await page.keyboard.press('F8');
      await page.waitForSelector('#confirm[open]');
      assert.match(await page.locator('#confirm [data-text]').innerText(), /S-0034/);
      await page.close();
    });

    await test('habit: one key confirms every outcome, and it is on every dialog that sends', async () => {
      const page = await open(context, g, 'VISITOR');
      const keys = await page.locator('dialog').evaluateAll((all) => all.filter((d) => d.querySelector('[data-act="send"]')).map((d) => `${d.id} ${d.querySelector('[data-act="send"] kbd')?.textContent}`));
      assert.ok(keys.length > 10);
      assert.deepEqual(keys.filter((k) => !k.endsWith(' F8')), []);
      for (const [key, id] of [['F9', 'refuse'], ['F10', 'confirm'], ['F7', 'handover'], ['F3', 'refer'], ['Shift+F10', 'abandon']]) {
        page.posts.length = 0;
        await page.evaluate(([k, d]) => { // open, filled in and sent in one breath
          const [name, shift] = [k.split('+').at(-1), k.startsWith('Shift')];
          dispatchEvent(new KeyboardEvent('keydown', { key: name, shiftKey: shift, bubbles: true, cancelable: true }));
          for (const el of document.querySelectorAll(`#${d} select, #${d} input`)) {
            if (el.localName === 'select') el.selectedIndex = 1;
            else el.value = 'No. 1';
          }
          dispatchEvent(new KeyboardEvent('keydown', { key: 'F8', bubbles: true, cancelable: true }));
        }, [key, id]);
        await page.waitForSelector(`#${id}[open]`);
        await page.waitForTimeout(ARMED + 100);
        assert.deepEqual(page.posts.map((p) => p.path), [], `${id}: too soon`);
        for (const other of ['Enter', 'NumpadEnter', 'Space', 'F9', 'F10', 'F7', 'F3']) await page.keyboard.press(other);
        await page.waitForTimeout(100);
        assert.deepEqual(page.posts.map((p) => p.path), [], `${id}: another key`);
        assert.ok(await page.locator(`#${id}`).isVisible(), id);
        await page.keyboard.press('Escape'); // closes the list that Enter or Space may have opened
        await page.waitForTimeout(100);
        if (await page.locator(`#${id}`).isVisible()) await page.keyboard.press('Escape');
        await page.waitForSelector(`#${id}`, { state: 'hidden' });
      }
      await page.close();
    });

    // With a verdict, without one, and with the lists of a group and of who is referred.
    for (const state of ['VISITOR', 'WAITING', 'GROUP', 'REFERRALS']) {
      await test(`news takes nobody’s focus, and moves no caret: ${state}`, async () => {
        const page = await open(context, g, state);
        await page.evaluate(() => { for (const d of document.querySelectorAll('details')) d.open = true; });
        const ids = await page.evaluate(() => [...document.querySelectorAll('main, h2[tabindex], input, select, textarea, button, summary, a[href]')]
          .filter((el) => el.checkVisibility() && (el.tabIndex >= 0 || el.matches('main, h2')) && !el.disabled).map((el) => el.id || el.outerHTML.slice(0, 90)));
        assert.deepEqual(ids.filter((id) => id.startsWith('<') && !/govuk-skip-link|href="\/counters|data-session/.test(id)), [], 'what has a focus has an id');
        assert.ok(ids.includes('work'));
        const lost = [];
        for (const id of ids.filter((i) => !i.startsWith('<'))) {
          if (!(await page.evaluate((i) => { const el = document.getElementById(i); el?.focus(); el?.setSelectionRange?.call(el, 0, 0); return document.activeElement?.id === i; }, id).catch(() => true))) continue;
          const before = await page.locator('[data-region="queue"]').innerHTML();
          g.tell(`news ${state}`);
          await until('the news is there', async () => (await page.locator('[data-region="queue"]').innerHTML()) !== before, 3000);
          const now = await page.evaluate(() => document.activeElement?.id);
          if (now !== id) lost.push(`${id} → ${now}`);
        }
        assert.deepEqual(lost, []);
        await page.close();
      });
    }

    await test('who has been decided takes the focus along to where the next one begins', async () => {
      const page = await open(context, g, 'VISITOR');
      await page.locator('#f-address').focus();
      g.tell('gone VISITOR');
      await page.waitForSelector('#waiting');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'waiting');
      await page.close();
      const asked = await open(context, g, 'LEAVING'); // also from under a dialog
      await asked.locator('#verdict-word').focus();
      await asked.keyboard.press('F10');
      await asked.waitForSelector('#confirm[open]');
      g.tell('gone LEAVING');
      await asked.waitForSelector('#waiting');
      assert.equal(await asked.evaluate(() => document.activeElement.id), 'waiting');
      await asked.close();
    });

    await test('what is spoken is spoken once', async () => {
      g.tell('verdict REFER refer');
      const page = await open(context, g, 'REFER');
      await listen(page);
      for (const line of ['news REFER', 'news REFER', 'news REFER', 'verdict REFER look', 'news REFER', 'reason REFER stay', 'news REFER', 'news REFER']) {
        g.tell(line);
        await page.waitForTimeout(200);
      }
      const spoken = await page.evaluate(() => globalThis.spoken);
      assert.equal(new Set(spoken).size, spoken.length, spoken.join('\n'));
      assert.ok(spoken.length >= 2 && spoken.length <= 4, spoken.join('\n'));
      await page.close();
      const asked = await open(context, g, 'RETURNING');
      await asked.locator('[data-region="record"] [data-required]').evaluateAll((all) => { for (const el of all) el.value = ''; });
      await listen(asked);
      await asked.keyboard.press('F8');
      await until('it says what is missing', async () => (await message(asked)).startsWith('Not recorded.'), 3000);
      await asked.waitForTimeout(150);
      const once = await asked.evaluate(() => globalThis.spoken);
      assert.equal(once.filter((text) => text.startsWith('Not recorded.')).length, 1, once.join('\n'));
      await asked.close();
      const late = await open(context, g, 'LATE-HIT');
      assert.equal(await late.locator('[data-region="late"]').isVisible(), true);
      await late.evaluate(() => {
        globalThis.alerts = 0;
        new MutationObserver((all) => {
          for (const m of all) for (const n of m.addedNodes) if (n.nodeType === 1 && (n.matches('[role="alert"]') || n.querySelector('[role="alert"]'))) globalThis.alerts++;
        }).observe(document.body, { subtree: true, childList: true });
      });
      for (let i = 0; i < 4; i++) {
        g.tell('news LATE-HIT');
        await late.waitForTimeout(150);
      }
      assert.equal(await late.evaluate(() => globalThis.alerts), 0, 'an alert that stands is spoken again');
      await late.close();
    });
  } finally {
    await g.end();
  }
}
