// The browser test: real programs, a real browser, the inspector's keys.
// Usage: node e2e/run.mjs [folder for pictures]; the programs are in ../bin or $GARITA_BIN.
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser } from './browser.mjs';
import { startDemo } from './demo.mjs';
import { gallery, STATES } from './gallery.mjs';
import { flow } from './flow.mjs';
import { keyboard } from './keyboard.mjs';
import { mixups } from './mixups.mjs';
import { keystrokes } from './keystrokes.mjs';
import { bursts } from './bursts.mjs';
import { habit } from './habit.mjs';
import { walk } from './walk.mjs';
import { speed } from './speed.mjs';
import { inspector } from './inspector.mjs';
import { streams } from './streams.mjs';
import { soak } from './soakpage.mjs';
import { shots } from './shots.mjs';
import { watch } from './watch.mjs';
import { operator } from './operator.mjs';
import { steady } from './steady.mjs';
import { work } from './work.mjs';
import { technician } from './technician.mjs';
import { workshop } from './workshop.mjs';
import { lists } from './lists.mjs';
import { papers } from './papers.mjs';
import { access } from './access.mjs';
import { belong } from './belong.mjs';
import { training } from './training.mjs';

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

/** No case takes longer unless it says so, in ms: one that hangs must not take the others with it. */
const LONGEST = 240_000;

/** Runs one case that fails by throwing. */
async function test(name, run, longest = LONGEST) {
  let late;
  try {
    await Promise.race([run(), new Promise((_, reject) => { late = setTimeout(() => reject(new Error(`not done after ${longest / 1000} s`)), longest); })]);
    check(name, '');
  } catch (e) {
    check(name, e.stack ?? e);
  } finally {
    clearTimeout(late);
  }
}

/** The demos that parts share: one with a day played, one that begins empty. Each starts when it is first needed. */
const demos = new Map();
const KINDS = { day: { mix: 'day' }, new: {}, inspector: {}, eight: { counters: 8 } };
const demo = (kind) => {
  if (!demos.has(kind)) demos.set(kind, startDemo(program, KINDS[kind]));
  return demos.get(kind);
};

/** The parts that judge what a page does and not how soon: two rows of them run side by side, each in a browser of its own. */
const ROWS = [
  [
    ['gallery', (context) => test('the states of the counter’s screen', () => gallery(context, root, pictures, check))],
    ['bursts', (context) => bursts(context, root, test)],
    ['habit', (context) => habit(context, root, test)],
    ['walk', (context) => walk(context, root, test)],
  ],
  [
    ['workshop', (context) => workshop(context, root, test, pictures)],
    ['technician', (context) => technician(context, root, test, pictures)],
    ['lists', (context) => lists(context, root, test, pictures)],
    ['access', (context) => access(context, root, test, pictures)],
    ['watch', async (context) => watch(context, await demo('day'), test, pictures)],
    ['operator', async (context) => operator(context, await demo('day'), test, pictures)],
  ],
];
/** The parts after them, one at a time: they measure, or type as fast as a reader does. */
const ALONE = [
  ...[flow, speed, keystrokes, work, papers, keyboard, mixups, steady, belong, training].map((part) => [part.name, async (context) => part(context, await demo('new'), test, pictures)]),
  ['inspector', async (context) => inspector(context, await demo('inspector'), test, pictures)],
  ['streams', async (context) => streams(context, await demo('eight'), test)],
];
const EXTRA = [
  ['shots', (context) => shots(context, root, demo, pictures, check, STATES)],
  ['soak', async (context) => soak(context, await demo('new'), test)],
];
/** ONLY=keystrokes,work runs some alone; the extra ones run only so. */
const only = (process.env.ONLY ?? '').split(',').filter(Boolean);
const chosen = (parts) => (only.length ? parts.filter(([name]) => only.includes(name)) : parts);

/** Runs parts one after the other in a browser of their own. */
async function row(parts) {
  if (parts.length === 0) return;
  let browser;
  try {
    browser = await openBrowser();
    for (const [name, run] of parts) {
      const start = performance.now();
      try {
        await run(browser.context);
      } catch (e) {
        check(name, e.stack ?? e);
      }
      console.log(`       ${name} took ${((performance.now() - start) / 1000).toFixed(0)} s`);
    }
    await browser.close();
  } catch (e) { // the other row goes on
    check(`the browser of ${parts.map(([name]) => name).join(', ')}`, e.stack ?? e);
    await browser?.close().catch(() => {});
  }
}

try {
  const known = [...ROWS.flat(), ...ALONE, ...EXTRA].map(([name]) => name);
  for (const unknown of only.filter((name) => !known.includes(name))) check(unknown, 'there is no such part');
  await Promise.all(ROWS.map((parts) => row(chosen(parts))));
  await row(chosen(only.length ? [...ALONE, ...EXTRA] : ALONE));
  for (const starting of demos.values()) {
    const d = await starting.catch(() => null); // its failure has been said where it was needed
    if (!d) continue;
    const ms = await d.end();
    check('the demo ends within 5 s with open streams', ms < 5000 ? '' : `it took ${Math.round(ms)} ms`);
    if (failed > 0) console.log(d.output().split('\n').slice(-20).join('\n'));
    d.forget();
  }
} catch (e) {
  check('the whole test', e.stack ?? e);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
