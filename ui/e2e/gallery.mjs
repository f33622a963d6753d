// Every state of the counter's screen, made by the Go test TestGallery: axe, and a picture
// of each in both sizes and both colour schemes.
import { join } from 'node:path';
import { createServer } from 'node:net';
import { axe, openPage, SIZES } from './browser.mjs';
import { serveTest } from './gotest.mjs';

export const STATES = ['WAITING', 'FRESH', 'PROCEED', 'LOOK-EXIT', 'REFER', 'KEYED-OFFLINE', 'AFTER-RESTART', 'NOTICE',
  'VISITOR', 'RETURNING', 'LEAVING', 'KEYED-CHILD', 'GROUP', 'GROUP-MEMBER', 'REFERRALS',
  'FINGERS', 'FINGERS-PLACE', 'FINGERS-KEPT', 'FINGERS-FLAGGED', 'FINGERS-FAILED', 'FINGERS-DEGRADED'];

/** The dialogs: on which state, and how they are opened. Each gets axe and a picture. */
export const DIALOGS = {
  refuse: ['VISITOR', 'F9'], handover: ['VISITOR', 'F7'], refer: ['VISITOR', 'F3'], withdraw: ['VISITOR', 'F10'],
  known: ['VISITOR', 'F1'], abandon: ['VISITOR', 'Shift+F10'], document: ['VISITOR', 'Shift+F6'],
  switch: ['PROCEED', 'Control+F2'], lines: ['WAITING', 'F6'], keyed: ['WAITING', 'F6', 'F6'], declared: ['WAITING', 'F6', 'F6', 'F6'], paper: ['WAITING', 'Shift+F4'],
  correct: ['WAITING', 'Shift+F7'], group: ['WAITING', 'Shift+F2'], shift: ['REFERRALS', 'Shift+F1'], lift: ['KEYED-CHILD', 'Shift+F9'],
  import: ['GROUP', '#party-import'], shared: ['GROUP', '#party-share'], adult: ['GROUP', '[data-act="adult"]'], extend: ['LEAVING', '#extend-stay'],
  finger: ['FINGERS', 'Control+F7'], 'no-finger': ['FINGERS', 'Control+F8'], degrade: ['FINGERS', '#degrade-fingers'], 'fingers-again': ['FINGERS-DEGRADED', '#restore-fingers'],
};

const given = new Set();

/** Finds a free port that no connection is given meanwhile, as those that a system chooses itself would be. */
export async function freePort() {
  for (;;) {
    const port = 20000 + Math.floor(Math.random() * 12000);
    if (given.has(port)) continue;
    given.add(port);
    const free = await new Promise((resolve) => {
      const s = createServer();
      s.once('error', () => resolve(false));
      s.listen(port, '127.0.0.1', () => s.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

/** Serves the gallery; tell() changes a state of it, see TestGallery. */
export async function serveGallery(root) {
  const address = `127.0.0.1:${await freePort()}`;
  const program = await serveTest(root, './ui/counter', 'TestGallery', { GARITA_UI_GALLERY: address });
  for (let i = 0; ; i++) {
    try {
      await fetch(`http://${address}/counters/WAITING`);
      break;
    } catch (e) {
      if (i > 200) throw e;
      await new Promise((r) => setTimeout(r, 100));
    }
  }
  return {
    url: `http://${address}`,
    tell: program.tell,
    end: program.end,
  };
}

/** Looks at all states; check(name, problem) is called once for each. */
export async function gallery(context, root, pictures, check) {
  const g = await serveGallery(root);
  try {
    for (const state of STATES) {
      const page = await openPage(context, `${g.url}/counters/${state}`);
      await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
      for (const scheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme: scheme });
        for (const [name, size] of Object.entries(SIZES)) {
          if (scheme === 'dark' && name !== '1024x768') continue; // the colours are the same in all sizes
          await page.setViewportSize(size);
          await page.screenshot({ path: join(pictures, `counter-${state.toLowerCase()}-${scheme}-${name}.png`) });
        }
        const found = await axe(page);
        check(`axe: ${state}, ${scheme}`, found.join('\n'));
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
      check(`${state}: nothing wider than the screen`, wide ? 'the page scrolls sideways' : '');
      check(`${state}: no script error, nothing refused`, page.faults.join('\n'));
      await page.close();
    }
    for (const [name, [state, ...how]] of Object.entries(DIALOGS)) {
      const page = await openPage(context, `${g.url}/counters/${state}`);
      await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
      await page.waitForTimeout(500); // a verdict that has only just been painted takes no key
      for (const key of how) {
        if (/^[#[]/.test(key)) await page.locator(key).first().click();
        else await page.keyboard.press(key);
        await page.waitForTimeout(100);
      }
      const there = await page.evaluate(() => document.querySelector('dialog[open], #known[open], #shared[open]')?.id ?? '');
      check(`${name}: it opens`, there ? '' : 'nothing opened');
      for (const scheme of name === 'keyed' ? ['light', 'dark'] : ['light']) {
        await page.emulateMedia({ colorScheme: scheme });
        check(`axe: ${name}, ${scheme}`, (await axe(page)).join('\n'));
      }
      await page.emulateMedia({ colorScheme: 'light' });
      for (const [size, box] of Object.entries(SIZES).slice(0, 2)) {
        await page.setViewportSize(box);
        await page.screenshot({ path: join(pictures, `dialog-${name}-${size}.png`) });
        const out = await page.evaluate(() => {
          const r = document.querySelector('dialog[open]')?.getBoundingClientRect();
          return r && (r.left < 0 || r.right > innerWidth || r.top < 0 || r.bottom > innerHeight);
        });
        check(`${name}: inside the screen, ${size}`, out ? 'the dialog leaves the screen' : '');
      }
      await page.keyboard.press('Escape');
      check(`${name}: no script error, nothing refused`, page.faults.join('\n'));
      await page.close();
    }
    const paper = await openPage(context, `${g.url}/counters/WAITING/notices/01935200-0000-7000-8000-000000000001`);
    await paper.emulateMedia({ media: 'print' });
    check('axe: the notice', (await axe(paper)).join('\n'));
    await paper.screenshot({ path: join(pictures, 'notice.png'), fullPage: true });
    await paper.close();
  } finally {
    await g.end();
  }
}
