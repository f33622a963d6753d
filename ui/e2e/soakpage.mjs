// Eight hours at one counter in one page: four thousand travellers without a reload. Heap, nodes and listeners
// after collecting garbage are the same at the end as after the first five hundred.
import assert from 'node:assert/strict';
import { openCounter } from './counterpage.mjs';
import { card, passport, traveller } from './mrz.mjs';

const ALL = Number(process.env.ENCOUNTERS ?? 4000);
const STEP = Math.min(500, Math.floor(ALL / 2));

async function measure(cdp) {
  for (let i = 0; i < 3; i++) await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const of = (name) => metrics.find((m) => m.name === name).value;
  return { heap: of('JSHeapUsedSize') / 2 ** 20, nodes: of('Nodes'), listeners: of('JSEventListeners'), documents: of('Documents') };
}

export async function soak(context, demo, test) {
  const c = await openCounter(context, demo.post, '1');
  const { page } = c;
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable');
  await cdp.send('HeapProfiler.enable');
  // The page waits for eyes before a key decides; here its clock runs ahead of them.
  await page.evaluate(() => {
    const real = performance.now.bind(performance);
    let ahead = 0;
    performance.now = () => real() + ahead;
    globalThis.later = () => { ahead += 500; };
  });
  page.removeAllListeners('request'); // they would be kept
  const tables = [];
  await test(`soak: ${ALL} travellers in one page`, async () => {
    for (let done = 0; done < ALL; done += STEP) {
      for (let batch = 0; batch < STEP; batch += 50) {
        const texts = Array.from({ length: 50 }, (_, i) => (i % 2 ? card(traveller()) : passport(traveller())).join('\n'));
        await page.mouse.move(5 + (batch % 100), 5); // somebody is there: the clock that runs ahead must not lock the page
        await page.evaluate(async (all) => {
          const state = () => document.getElementById('state').dataset;
          const until = async (ask) => {
            for (let i = 0; i < 2000; i++) {
              if (ask()) return;
              await new Promise((r) => setTimeout(r, 5));
            }
            throw new Error(`waited in vain: ${document.getElementById('message').textContent}; verdict ${state().level}, dialog ${document.querySelector('dialog[open]')?.id ?? 'none'}, focus on ${document.activeElement.id}`);
          };
          for (const text of all) {
            const { last } = state();
            await fetch('/counters/1/scans', { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body: JSON.stringify({ text, source: 'wedge' }) });
            await until(() => state().encounter);
            globalThis.later();
            dispatchEvent(new KeyboardEvent('keydown', { key: 'F8', bubbles: true, cancelable: true }));
            await until(() => state().last !== last && !state().encounter);
          }
        }, texts);
      }
      tables.push({ at: done + STEP, ...(await measure(cdp)) });
      const t = tables.at(-1);
      console.log(`       after ${t.at}: heap ${t.heap.toFixed(2)} MiB, ${t.nodes} nodes, ${t.listeners} listeners, ${t.documents} documents`);
    }
    const [first, last] = [tables[0], tables.at(-1)];
    assert.ok(last.nodes <= first.nodes + 150, `nodes grew from ${first.nodes} to ${last.nodes}`);
    assert.ok(last.listeners <= first.listeners + 10, `listeners grew from ${first.listeners} to ${last.listeners}`);
    assert.ok(last.heap <= first.heap * 1.1 + 0.5, `the heap grew from ${first.heap.toFixed(2)} to ${last.heap.toFixed(2)} MiB`);
    assert.ok(last.documents <= first.documents, 'documents stay');
    assert.deepEqual(page.faults, []);
    assert.equal(c.navigations, 0);
  }, 90 * 60_000);
  await page.close();
}
