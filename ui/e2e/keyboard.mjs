// Readers that type, hands that slip: no key that a scanner can send decides anything, a
// scan leaves no trace wherever the focus is, and typing loses no character.
import assert from 'node:assert/strict';
import { openCounter } from './counterpage.mjs';
import { until } from './demo.mjs';
import { card, passport, traveller, visitor } from './mrz.mjs';

// A reproducible source of chance; the seed is printed with a failure.
const SEED = Number(process.env.SEED ?? 20261122);
let seed = SEED;
function chance(from, to) {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return from + Math.floor((seed / 2 ** 32) * (to - from + 1));
}

/** Where the focus may be when a reader types; before and after bring it there and away. */
const PLACES = {
  'nothing': { focus: (p) => p.evaluate(() => document.activeElement?.blur()) },
  'the note': { focus: async (p) => { await p.locator('#note').fill('kept 12'); await p.locator('#note').focus(); } },
  'the button to switch officers': { focus: (p) => p.locator('#switch').focus() },
  'the PIN of another officer': {
    focus: async (p) => { await p.locator('#switch').click(); await p.locator('#switch-pin').fill('24'); await p.locator('#switch-pin').focus(); },
    after: (p) => p.keyboard.press('Escape'),
  },
  'the key to admit': { focus: (p) => p.locator('#key-F8').focus() },
  'a specimen’s button': { focus: (p) => p.locator('#present-1').focus() },
  'the specimens’ heading': { focus: (p) => p.locator('#specimens summary').focus() },
  'a link to another counter': { focus: (p) => p.locator('.counters a').last().focus() },
  'the ground of a refusal': {
    focus: async (p) => { await p.keyboard.press('F9'); await p.waitForSelector('#refuse[open]'); await p.locator('#ground').focus(); },
    after: (p) => p.keyboard.press('Escape'),
  },
  'a document being typed': {
    focus: async (p) => { await p.keyboard.press('F6'); await p.locator('#keyed-text').fill('I<UTO'); await p.locator('#keyed-text').focus(); },
    after: async (p) => { await p.locator('#keyed-text').fill(''); await p.keyboard.press('Escape'); },
  },
  'the button that reads a typed document': {
    focus: async (p) => { await p.keyboard.press('F6'); await p.locator('#keyed-send').focus(); },
    after: (p) => p.keyboard.press('Escape'),
  },
};

const RECORD = {
  'the purpose of the journey': { focus: (p) => p.locator('#f-purpose').focus() },
  'the address, half typed': {
    focus: async (p) => {
      await p.locator('#f-address').fill('Hotel 12');
      await p.locator('#f-purpose').focus(); // leaving it sends it
      await p.waitForSelector('#f-address[data-value="Hotel 12"]');
      await p.locator('#f-address').focus();
    },
  },
  'a country': { focus: async (p) => { if (!(await p.locator('#known').evaluate((d) => d.open))) await p.keyboard.press('F1'); await p.locator('#f-residence').focus(); } },
};

const RHYTHMS = { '5 ms': () => 5, '30 ms': () => 30, '80 ms': () => 80, 'uneven': () => chance(5, 80) };

const fields = (p) => p.evaluate(() => ({
  values: [...document.querySelectorAll('input, select, textarea')].map((f) => f.value),
  focus: document.activeElement?.id ?? '', open: document.getElementById('specimens').open, path: location.pathname,
}));

export async function keyboard(context, demo, test) {
  const c = await openCounter(context, demo.post, '2');
  const { page } = c;
  const p = visitor();
  const documents = [passport(p)];
  await c.wedge(documents[0]);
  await c.shown(p.surname);

  let n = 0;
  for (const [place, { focus, after }] of Object.entries({ ...PLACES, ...RECORD })) {
    for (const end of place in RECORD ? ['CR', 'TAB'] : ['CR', 'LF', 'TAB']) {
      // The slowest rhythm takes eight seconds a scan, an uneven one four: not on every place. All of them are
      // tried in every field and dialog by the part bursts.
      const rhythm = (end === 'LF' && n % 4 !== 1) || (end === 'TAB' && n % 2 === 0) ? '30 ms' : { CR: '5 ms', LF: '80 ms', TAB: 'uneven' }[end];
      const lines = documents[0];
      n++;
      await test(`a wedge scan on ${place}, ended by ${end}, ${rhythm}${n % 2 ? ', torn' : ''}`, async () => {
        try {
          await c.connected(); // without a link, no dialog of a decision opens
          await focus(page);
          const before = await fields(page);
          c.posts.length = 0;
          const tears = n % 2 ? [chance(2, 40), chance(41, 87)] : [];
          await c.wedge(lines, { end, gap: RHYTHMS[rhythm], tears });
          await until('the scan is sent', () => c.sent('scans').length > 0, 8000).catch(() => { throw new Error(`no scan was sent (seed ${SEED})`); });
          await page.waitForTimeout(place in RECORD ? 1800 : 150); // what is typed is sent when no key could be a reader's
          assert.deepEqual(c.posts.map((x) => x.path), ['scans'], `seed ${SEED}`);
          assert.deepEqual(JSON.parse(c.posts[0].body), { text: lines.join('\n'), source: 'wedge' });
          assert.deepEqual(await fields(page), before, `seed ${SEED}`);
          assert.match(await c.text('document'), new RegExp(p.surname));
        } finally {
          await after?.(page); // also after a failure: the next place begins anew
        }
      });
    }
  }

  await test('Enter, Tab, Space, digits and letters decide nothing, wherever the focus is', async () => {
    c.posts.length = 0;
    const { encounter } = await c.state();
    for (const id of ['key-F8', 'key-F9', 'key-F10', 'note', 'switch']) {
      for (const key of ['Enter', 'NumpadEnter', 'Space', '8', 'A', 'a', '<', 'Tab']) {
        await page.evaluate((i) => document.getElementById(i).focus(), id);
        await page.keyboard.press(key);
        if (id === 'switch' && key !== 'Tab') await page.keyboard.press('Escape');
      }
    }
    await page.keyboard.press('F9');
    await c.dialog('refuse');
    for (const key of ['Enter', 'Space', 'Enter', '1', 'D', 'Tab', 'Enter']) await page.keyboard.press(key);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.waitForTimeout(300);
    assert.deepEqual(c.sent('decisions'), []);
    assert.equal((await c.state()).encounter, encounter);
  });

  await test('a key pressed right after Esc is heard', async () => {
    // The browser closes a dialog at once and tells of it later: here, after the next key.
    const opened = await page.evaluate(() => {
      const press = (key) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      const refuse = document.getElementById('refuse');
      return [1, 2, 3].map(() => {
        press('F9');
        const { open } = refuse;
        refuse.close();
        return open;
      });
    });
    assert.deepEqual(opened, [true, true, true]);
    assert.deepEqual(c.sent('decisions'), []);
  });

  await test('typing loses no character, however fast', async () => {
    for (const [text, delay] of [['TRAVELS WITH 2 CHILDREN, SEE P<UTO 123<456', 0], ['nosecondaryinspectionneeded', 15], ['0123456789012345678901234567890123456789', 5], ['Été à Colón', 40]]) {
      await page.locator('#note').fill('');
      await page.locator('#note').focus();
      c.posts.length = 0;
      await page.keyboard.type(text, { delay });
      await page.keyboard.press('Enter');
      await page.waitForTimeout(1700); // longer than a torn scan would be waited for
      assert.equal(await page.locator('#note').inputValue(), text);
      assert.deepEqual(c.posts, []);
    }
    await page.locator('#note').fill('');
  });

  await test('a document typed by hand is read, and marked as keyed', async () => {
    const hand = traveller();
    await c.fillIn();
    await page.keyboard.press('F8'); // frees the counter
    await until('the counter waits again', async () => (await c.state()).encounter === '');
    await page.keyboard.press('F6');
    await page.waitForSelector('#keyed[open]');
    const lines = passport(hand);
    await page.keyboard.type(lines[0].toLowerCase(), { delay: 135 });
    await page.keyboard.press('Enter');
    await page.keyboard.type(lines[1], { delay: 135 });
    assert.equal((await page.locator('#keyed-text').inputValue()).toUpperCase(), lines.join('\n'));
    assert.match(await page.locator('#keyed-count').innerText(), /44 \+ 44/);
    await page.keyboard.press('F8');
    await c.shown(hand.surname);
    assert.match(await page.locator('[data-badge="source"]').innerText(), /Keyed by hand/);
    assert.ok(!(await page.locator('#keyed').isVisible()));
    await c.accept();
  });

  await test('what cannot be read says so and opens nothing', async () => {
    await page.keyboard.press('F6');
    await page.locator('#keyed-text').fill('NO ZONE AT ALL');
    await page.waitForTimeout(500); // longer than a dialog is deaf to a key pressed by habit
    await page.keyboard.press('F8');
    await until('the dialog says so', async () => (await page.locator('#keyed-message').innerText()).length > 10);
    assert.equal((await c.state()).encounter, '');
    await page.keyboard.press('Escape');
  });

  await test('the second counter’s page never navigated, and nothing on it failed', async () => {
    assert.equal(c.navigations, 0);
    assert.deepEqual(page.faults, []);
  });
  await page.close();
}
