// Every state of the counter's screen, made by the Go test TestGallery: axe, and a picture
// of each in both sizes and both colour schemes.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { axe, openPage, SIZES } from './browser.mjs';

export const STATES = ['WAITING', 'FRESH', 'PROCEED', 'LOOK-EXIT', 'REFER', 'KEYED-OFFLINE', 'AFTER-RESTART', 'NOTICE'];

/** Finds a free port. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const s = createServer();
    s.once('error', reject);
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });
}

/** Serves the gallery; returns its address and a function that ends it. */
export async function serveGallery(root) {
  const address = `127.0.0.1:${await freePort()}`;
  const folder = mkdtempSync(join(tmpdir(), 'garita-gallery-'));
  const program = join(folder, 'counter.test');
  // Built first: go test would not pass its standard input on, with which the gallery ends.
  execFileSync('go', ['test', '-c', '-o', program, './ui/counter'], {
    cwd: root, env: { CGO_CFLAGS: '-O2 -g -DHAVE_FDATASYNC=1', ...process.env }, stdio: 'inherit',
  });
  const child = spawn(program, ['-test.run', '^TestGallery$', '-test.timeout', '30m'], {
    cwd: folder, env: { ...process.env, GARITA_UI_GALLERY: address }, stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
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
    async end() {
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Looks at all states; check(name, problem) is called once for each. */
export async function gallery(context, root, pictures, check) {
  const g = await serveGallery(root);
  try {
    for (const state of STATES) {
      const page = await openPage(context, `${g.url}/counters/${state}`);
      await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
      await page.locator('#officer').selectOption('1041');
      for (const scheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme: scheme });
        for (const [name, size] of Object.entries(SIZES)) {
          await page.setViewportSize(size);
          await page.screenshot({ path: join(pictures, `counter-${state.toLowerCase()}-${scheme}-${name}.png`) });
        }
        const found = await axe(page);
        check(`axe: ${state}, ${scheme}`, found.join('\n'));
        if (scheme === 'light' || state === 'REFER') {
          await page.keyboard.press('F6');
          await page.waitForSelector('#keyed[open]');
          check(`axe: ${state}, typing a document, ${scheme}`, (await axe(page)).join('\n'));
          if (state === 'PROCEED') await page.screenshot({ path: join(pictures, `counter-keyed-${scheme}.png`) });
          await page.keyboard.press('Escape');
        }
        if (state === 'PROCEED' || state === 'REFER') {
          await page.keyboard.press('F9');
          await page.waitForSelector('#confirm:not([hidden])');
          await page.setViewportSize(SIZES['1024x768']);
          check(`axe: ${state}, refusing, ${scheme}`, (await axe(page)).join('\n'));
          await page.screenshot({ path: join(pictures, `counter-refuse-${state.toLowerCase()}-${scheme}.png`) });
          await page.keyboard.press('Escape');
        }
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
      check(`${state}: nothing wider than the screen`, wide ? 'the page scrolls sideways' : '');
      check(`${state}: no script error, nothing refused`, page.faults.join('\n'));
      await page.close();
    }
  } finally {
    await g.end();
  }
}
