// What is begun about one traveller must not end with another: dialogs while the person on the
// screen changes, the card, other windows; and a hand that types while a reader does.
import assert from 'node:assert/strict';
import { openBrowser, openPage, PIN } from './browser.mjs';
import { openCounter } from './counterpage.mjs';
import { until } from './demo.mjs';
import { passport, traveller, visitor } from './mrz.mjs';

export async function mixups(_, demo, test) {
  const browser = await openBrowser({ camera: true });
  try {
    await mixed(browser.context, demo, test);
  } finally {
    await browser.close();
  }
}

async function mixed(context, demo, test) {
  const c = await openCounter(context, demo.post, '1');
  const { page } = c;
  const other = await openPage(context, `${demo.post}/counters/1`); // another window of the same browser
  await other.waitForSelector('body[data-live="on"]', { state: 'attached' });
  await page.bringToFront();

  const api = async (path, body) => {
    const r = await other.evaluate(async ([url, text]) => {
      const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body: text });
      return { status: answer.status, text: await answer.text() };
    }, [`/counters/1${path}`, JSON.stringify(body)]);
    assert.equal(r.status, 200, `${path}: ${r.text}`);
  };
  const shows = (surname) => until(`${surname} is on the screen`, async () => (await c.text('document')).includes(surname), 8000);
  const declare = async (surname) => {
    await api('/encounters', { identity: 'declared', surname, given_names: 'ANNA', birth_date: '1980', sex: 'F', nationality: 'UTO' });
    await shows(surname);
  };
  const abandon = async (encounter) => api('/abandoned', { encounter, reason: await page.locator('#abandon-reason option').nth(1).getAttribute('value') });
  /** Whoever is on the screen leaves it in another window, and somebody else comes. */
  const replace = async (surname) => {
    await abandon((await c.state()).encounter);
    await declare(surname);
  };
  const opened = () => page.evaluate(() => [...document.querySelectorAll('dialog[open]')].map((d) => d.id));
  const clear = async () => {
    for (let i = 0; i < 3 && (await opened()).length > 0; i++) await page.keyboard.press('Escape');
    const { encounter } = await c.state();
    if (encounter) await abandon(encounter);
    await c.waits();
    while (await page.locator('[data-act="call"]').count() > 0) {
      await abandon(await page.locator('[data-act="call"]').first().getAttribute('data-encounter'));
      await page.waitForTimeout(200);
    }
    c.posts.length = 0;
  };
  const cover = async () => {
    await page.locator('#lock-now').evaluate((b) => b.click());
    await page.waitForSelector('#lock:not([hidden])');
  };
  const uncover = async (badge = '1001') => {
    await page.locator('#lock-badge').fill(badge);
    await page.locator('#lock-pin').fill(PIN);
    await page.locator('#lock-pin').press('Enter');
    await until('the page is there again', async () => !(await page.locator('#lock').isVisible()));
  };

  /** A case that begins with nobody at the counter, whatever became of the last one. */
  const alone = (name, run) => test(name, async () => {
    await clear();
    await run();
  });

  await alone('mixups: an answer that comes late is not about who came meanwhile, and keeps nobody’s key', async () => {
    const [before, after] = [traveller(), traveller()];
    let held = false;
    await page.route('**/decisions', async (route) => {
      const response = await route.fetch();
      if (!held) {
        held = true;
        await page.waitForTimeout(2500);
      } else await page.evaluate(() => { globalThis.answered = true; }); // from here on the second may be said to be recorded
      await route.fulfill({ response });
    });
    await c.wedge(passport(before));
    await shows(before.surname);
    await page.waitForTimeout(450);
    await page.keyboard.press('F8');
    await c.waits();
    await c.wedge(passport(after));
    await shows(after.surname);
    await page.evaluate(() => {
      globalThis.mistold = false;
      const message = document.getElementById('message');
      new MutationObserver(() => { if (!globalThis.answered && /Recorded/.test(message.textContent) && document.getElementById('state').dataset.encounter) globalThis.mistold = true; }).observe(message, { childList: true, characterData: true, subtree: true });
    });
    await page.waitForTimeout(450);
    await page.keyboard.press('F8');
    await until('the second is recorded, too', async () => (await c.text('last')).includes(after.surname), 10000);
    assert.equal(await page.evaluate(() => globalThis.mistold), false, 'the first was said to be recorded while the second was on the screen');
    await page.unrouteAll();
  });

  await alone('mixups: a decision that waits for a late answer is not sent when its person has gone', async () => {
    let held = false;
    await page.route('**/decisions', async (route) => {
      const response = await route.fetch();
      if (!held) {
        held = true;
        await page.waitForTimeout(3500);
      }
      await route.fulfill({ response });
    });
    const [before, second] = [traveller(), traveller()];
    await c.wedge(passport(before));
    await shows(before.surname);
    await page.waitForTimeout(450);
    await page.keyboard.press('F8');
    await c.waits();
    await c.wedge(passport(second));
    await shows(second.surname);
    await page.waitForTimeout(450);
    await page.keyboard.press('F8');
    await replace('CHARLIE');
    const { encounter } = await c.state();
    await page.waitForTimeout(4000);
    assert.equal(c.sent('decisions').length, 1, 'a decision went out with the form of somebody else');
    assert.equal((await c.state()).encounter, encounter, 'who came stays');
    await page.unrouteAll();
  });

  await alone('mixups: what is keyed for one person is not kept for the next', async () => {
    for (const key of ['edit', 'Shift+F6']) {
      await declare('ALPHA');
      if (key === 'edit') await page.locator('#edit-document').click();
      else await page.keyboard.press(key);
      await c.dialog('keyed');
      await replace('BRAVO');
      assert.deepEqual(await opened(), [], `${key}: the dialog stays`);
      await page.waitForTimeout(450);
      c.posts.length = 0;
      await page.keyboard.press('F6'); // typing a new document goes on over a change
      await c.dialog('keyed');
      await page.keyboard.press('Escape');
      assert.deepEqual(c.posts, []);
      assert.match(await c.text('document'), /BRAVO/);
      await clear();
    }
  });

  await alone('mixups: “the same person?” is about the person who was on the screen', async () => {
    await declare('CHARLIE');
    const p = visitor();
    const q = visitor();
    for (const x of [p, q]) {
      await c.wedge(passport(x));
      await until('one waits', async () => (await c.text('queue')).includes(x.surname));
    }
    const [waiting, next] = await page.locator('[data-act="join"]').evaluateAll((all) => all.map((b) => b.dataset.encounter));
    await page.locator('[data-act="join"]').first().click();
    await c.dialog('ask');
    const { encounter } = await c.state();
    await abandon(encounter);
    await api('/call-up', { encounter: next });
    await shows(q.surname);
    assert.deepEqual(await opened(), []);
    const late = await page.evaluate(async (body) => (await fetch('/counters/1/joined', { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body })).status,
      JSON.stringify({ encounter, waiting }));
    assert.equal(late, 409, 'an answer that was on its way joins another person');
    assert.ok((await c.text('queue')).includes(p.surname));
  });

  await alone('mixups: a portrait is of whoever was before the camera', async () => {
    await declare('ECHO');
    await page.evaluate(() => {
      const slow = HTMLCanvasElement.prototype.toBlob;
      globalThis.portraitWas = slow;
      HTMLCanvasElement.prototype.toBlob = function toBlob(done, ...how) { slow.call(this, (b) => setTimeout(() => done(b), 1500), ...how); };
    });
    const is = (state) => until(`the camera: ${state}`, async () => (await page.locator('#portrait').getAttribute('data-state')) === state);
    await page.keyboard.press('Control+F6');
    await is('live');
    await page.waitForTimeout(450);
    await page.keyboard.press('F8');
    await is('taken');
    await page.waitForTimeout(450);
    c.posts.length = 0;
    await page.keyboard.press('F8');
    await replace('FOXTROT');
    await page.waitForTimeout(2500);
    assert.deepEqual(c.sent('portrait'), []);
    await page.evaluate(() => { HTMLCanvasElement.prototype.toBlob = globalThis.portraitWas; });
  });

  await alone('mixups: no camera runs behind the card', async () => {
    await declare('GOLF');
    await page.evaluate(() => {
      const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (how) => (globalThis.cameraStream = await get(how));
    });
    await page.keyboard.press('Control+F6');
    await until('the camera runs', async () => (await page.locator('#portrait').getAttribute('data-state')) === 'live');
    await cover();
    assert.deepEqual(await page.evaluate(() => globalThis.cameraStream.getTracks().map((t) => t.readyState)), ['ended']);
    await uncover();
    assert.deepEqual(await opened(), []);
  });

  await alone('mixups: a dialog that was answered behind the card is gone, and its F8 decides nothing', async () => {
    const p = traveller();
    await c.wedge(passport(p));
    await c.shown(p.surname);
    await page.route('**/documents', async (route) => {
      const response = await route.fetch();
      await new Promise((r) => setTimeout(r, 1500));
      await route.fulfill({ response });
    });
    await page.keyboard.press('Shift+F6');
    await c.dialog('keyed');
    await page.locator('#p-kind').selectOption({ index: 1 });
    for (const [id, text] of Object.entries({ number: 'X1234567', issuer: 'UTO', surname: p.surname, given: 'ANNA', nationality: 'UTO', born: '1980-01-01' })) await page.locator(`#p-${id}`).fill(text);
    await page.keyboard.press('F8');
    await page.waitForTimeout(300);
    await cover();
    await page.waitForTimeout(2000);
    await page.unroute('**/documents');
    await uncover();
    assert.deepEqual(await opened(), []);
    c.posts.length = 0;
    await page.keyboard.press('F8'); // what is on the screen again has only just been seen
    await page.waitForTimeout(300);
    assert.deepEqual(c.sent('decisions'), []);
  });

  await alone('mixups: behind a dialog that the page does not know, no key decides', async () => {
    const p = traveller();
    await c.wedge(passport(p));
    await c.shown(p.surname);
    c.posts.length = 0;
    await page.evaluate(() => document.getElementById('attach-paper').showModal());
    for (const key of ['F8', 'F9', 'F10', 'F7', 'Shift+F8']) await page.keyboard.press(key);
    await page.waitForTimeout(300);
    assert.deepEqual(c.posts, []);
    assert.deepEqual(await opened(), ['attach-paper']);
    await page.keyboard.press('Escape');
  });

  await alone('mixups: after the card, the page says who works here; what another was about to decide is gone', async () => {
    const p = traveller();
    await c.wedge(passport(p));
    await c.shown(p.surname);
    await page.keyboard.press('F10');
    await c.dialog('confirm');
    await cover();
    c.posts.length = 0;
    await uncover('1003');
    await until('they hold the counter', async () => (await c.state()).holder === '1003');
    assert.equal(await page.locator('#who-badge').innerText(), '1003');
    assert.doesNotMatch(await page.locator('#who-name').innerText(), /Varela/);
    assert.deepEqual(await opened(), []);
    assert.deepEqual(c.sent('decisions'), []);
    await cover();
    await uncover('1001');
    await until('they hold the counter again', async () => (await c.state()).holder === '1001');
    await other.reload(); // it was covered, too, and stays so for another officer
    await other.waitForSelector('body[data-live="on"]', { state: 'attached' });
    await page.bringToFront();
  });

  await alone('mixups: a window that is open says who the session belongs to now', async () => {
    for (const badge of ['1003', '1001']) {
      await page.waitForTimeout(450);
      await c.switchTo(badge);
      await until('they hold the counter', async () => (await c.state()).holder === badge);
      await until('the other window says so, too', async () => (await other.locator('#who-badge').innerText()) === badge);
      await until('it knows whose counter it is', async () => !(await other.locator('#hold').isVisible()));
      await until('the dialog is over', async () => (await opened()).length === 0);
    }
  });

  await alone('mixups: the dialog says who is abandoned', async () => {
    await declare('HOTEL');
    const p = visitor();
    await c.wedge(passport(p));
    await until('one waits', async () => (await c.text('queue')).includes(p.surname));
    await page.locator('[data-act="abandon"]').first().click();
    await c.dialog('abandon');
    assert.match(await page.locator('#abandon').innerText(), new RegExp(p.surname));
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+F10');
    await c.dialog('abandon');
    assert.match(await page.locator('#abandon').innerText(), /HOTEL/);
  });

  // A hand and a reader at once.

  const lines = async (all, { before = async () => {}, at = -1 } = {}) => {
    let n = 0;
    for (const line of all) {
      for (const char of line) {
        if (n++ === at) await before();
        await page.keyboard.press(char);
      }
      await page.keyboard.press('Enter');
    }
  };

  await alone('mixups: a key of a hand amid a burst stays in its field, and the document is read', async () => {
    const p = visitor();
    await c.wedge(passport(p));
    await c.shown(p.surname);
    await page.locator('#f-address').fill('Hotel');
    await page.waitForTimeout(200);
    c.posts.length = 0;
    const next = visitor();
    await lines(passport(next), { at: 12, before: () => page.keyboard.press('e') });
    await until('the document waits', async () => (await c.text('queue')).includes(next.surname));
    assert.equal(await page.locator('#f-address').inputValue(), 'Hotele');
    assert.deepEqual(JSON.parse(c.sent('scans')[0].body).text, passport(next).join('\n'));
    await page.waitForTimeout(1800);
    assert.ok(!JSON.stringify(c.sent('answers')).includes(next.surname), 'a document was sent as an answer');
  });

  await alone('mixups: a field that gets the focus amid a burst keeps nothing of it', async () => {
    const p = visitor();
    await c.wedge(passport(p));
    await c.shown(p.surname);
    await page.evaluate(() => document.activeElement?.blur());
    c.posts.length = 0;
    const next = visitor();
    await lines(passport(next), { at: 15, before: () => page.locator('#f-address').focus() });
    await until('the document waits', async () => (await c.text('queue')).includes(next.surname));
    assert.equal(await page.locator('#f-address').inputValue(), '');
    await page.waitForTimeout(1800);
    assert.deepEqual(c.sent('answers'), []);
  });

  await alone('mixups: after a scan, Tab goes to the next field', async () => {
    const p = visitor();
    await lines(passport(p));
    await c.shown(p.surname);
    await page.locator('#f-address').focus();
    await page.keyboard.type('AB', { delay: 60 });
    await page.keyboard.press('Tab');
    assert.equal(await page.locator('#f-address').inputValue(), 'AB');
    assert.notEqual(await page.evaluate(() => document.activeElement.id), 'f-address');
  });

  await alone('mixups: what is typed after a reader that stopped is kept', async () => {
    await page.locator('#note').fill('');
    await page.locator('#note').focus();
    await lines(passport(visitor()).slice(0, 1));
    await page.waitForTimeout(200);
    await page.keyboard.type('481739', { delay: 90 });
    await page.waitForTimeout(1900);
    assert.equal(await page.locator('#note').inputValue(), '481739');
    await page.locator('#note').fill('');
  });

  await alone('mixups: a bar code at a button presses nothing', async () => {
    c.posts.length = 0;
    await page.locator('#specimens').evaluate((d) => { d.open = true; });
    await page.locator('#present-1').focus();
    for (const key of '4006381333931') await page.keyboard.press(key);
    await page.keyboard.press('Enter');
    await page.waitForTimeout(300);
    assert.deepEqual(c.posts, []);
    await page.waitForTimeout(500);
    await page.keyboard.press('Enter');
    await until('by itself it does', async () => c.sent('present').length === 1);
    await until('it is there', async () => (await c.state()).encounter);
  });

  await clear(); // for the parts that follow
  await other.close();
  assert.deepEqual(page.faults, []);
  await page.close();

  await test('mixups: a document that is read at the sign-in page is nobody’s badge', async () => {
    const at = await openPage(context, `${demo.post}/signin?lang=en`);
    const posts = [];
    at.on('request', (r) => { if (r.method() !== 'GET') posts.push(r.url()); });
    for (const id of ['badge', 'pin']) {
      await at.locator(`#${id}`).focus();
      for (const line of passport(visitor())) {
        for (const char of line) await at.keyboard.press(char);
        await at.keyboard.press('Enter');
      }
      await at.waitForTimeout(300);
      assert.equal(await at.locator(`#${id}`).inputValue(), '');
    }
    assert.deepEqual(posts, []);
    assert.match(await at.locator('#key-trouble').innerText(), /Sign in first/);
    await at.close();
  });
}
