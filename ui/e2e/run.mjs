// The browser test: real programs, a real browser, the inspector's keys.
// Usage: node e2e/run.mjs [folder for pictures]; the programs are in ../bin or $GARITA_BIN.
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser } from './browser.mjs';
import { startDemo } from './demo.mjs';
import { gallery } from './gallery.mjs';
import { flow } from './flow.mjs';
import { keyboard } from './keyboard.mjs';
import { keystrokes } from './keystrokes.mjs';
import { watch } from './watch.mjs';
import { work } from './work.mjs';
import { workshop } from './workshop.mjs';
import { lists } from './lists.mjs';
import { access } from './access.mjs';
import { belong } from './belong.mjs';

/** Parts to run alone, for whoever works on one: ONLY=keystrokes,work. */
const ONLY = (process.env.ONLY ?? '').split(',').filter(Boolean);

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const program = join(process.env.GARITA_BIN ?? join(root, 'bin'), 'garita');
const pictures = resolve(process.argv[2] ?? join(root, 'var/e2e'));
mkdirSync(pictures, { recursive: true });

let passed = 0;
let failed = 0;
const began = performance.now();

/** Counts one case; problem is '' or what is wrong. */
function check(name, problem) {
  const at = ((performance.now() - began) / 1000).toFixed(1);
  if (problem) {
    failed++;
    console.log(`FAILED ${at}s ${name}\n       ${String(problem).replaceAll('\n', '\n       ')}`);
  } else {
    passed++;
    console.log(`ok     ${at}s ${name}`);
  }
}

/** Runs one case that fails by throwing. */
async function test(name, run) {
  try {
    await run();
    check(name, '');
  } catch (e) {
    check(name, e.stack ?? e);
  }
}

const browser = await openBrowser();
try {
  if (ONLY.length === 0 || ONLY.includes('gallery')) await test('the states of the counter’s screen', () => gallery(browser.context, root, pictures, check));
  if (ONLY.length === 0 || ONLY.includes('workshop')) await workshop(browser.context, root, test, pictures);
  if (ONLY.length === 0 || ONLY.includes('lists')) await lists(browser.context, root, test, pictures);
  if (ONLY.length === 0 || ONLY.includes('access')) await access(browser.context, root, test, pictures);
  if (ONLY.length === 0 || ONLY.includes('watch')) {
    const day = await startDemo(program, 'day');
    try {
      await watch(browser.context, day, test, pictures);
    } finally {
      await day.end();
      day.forget();
    }
  }
  const parts = [flow, keystrokes, work, keyboard, belong].filter((part) => ONLY.length === 0 || ONLY.includes(part.name));
  const demo = parts.length > 0 && await startDemo(program);
  try {
    for (const part of parts) await part(browser.context, demo, test, pictures);
  } finally {
    if (demo) {
      const ms = await demo.end();
      check('the demo ends within 5 s with open streams', ms < 5000 ? '' : `it took ${Math.round(ms)} ms`);
      if (failed > 0) console.log(demo.output().split('\n').slice(-20).join('\n'));
      demo.forget();
    }
  }
} catch (e) {
  check('the whole test', e.stack ?? e);
} finally {
  await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
