import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { follow } from './live.js';

/** Shared workers and event sources in the test's hand. */
let workers;
let sources;

class Worker {
  constructor(script) {
    this.script = script;
    this.heard = [];
    this.closed = false;
    const worker = this;
    this.port = {
      addEventListener: (_, f) => { worker.tell = (data) => f({ data }); },
      removeEventListener: () => { worker.tell = () => {}; },
      start() {},
      close() { worker.closed = true; },
      postMessage(m) {
        if (worker.dead) return;
        worker.heard.push(m);
        if (m.ask || m.follow) queueMicrotask(() => worker.tell({ up: worker.up ?? true }));
      },
    };
    workers.push(this);
  }
}

beforeEach(() => {
  workers = [];
  sources = [];
  mock.timers.enable({ apis: ['setTimeout'] });
  globalThis.document = { body: { dataset: { worker: '/worker.js', badge: '3001' } }, documentElement: { lang: 'en' } };
  globalThis.navigator ??= {};
  globalThis.addEventListener = () => {};
  globalThis.SharedWorker = Worker;
  globalThis.EventSource = class {
    constructor(url) {
      this.url = url;
      sources.push(this);
    }

    addEventListener() {}

    close() { this.closed = true; }
  };
});

afterEach(() => mock.timers.reset());

/** Lets ms pass, in steps in which what is posted is heard. */
async function pass(ms) {
  for (let t = 0; t < ms; t += 100) {
    mock.timers.tick(100);
    await Promise.resolve();
    await Promise.resolve();
  }
}

/** A page that follows; links are what it was told of its connection. */
function page() {
  const p = { views: [], links: [] };
  Object.assign(p, follow('/live/operations', (v) => p.views.push(v), (up) => p.links.push(up)));
  return p;
}

test('a worker that beats is left alone', async () => {
  const p = page();
  await pass(200);
  for (let i = 0; i < 10; i++) {
    await pass(2000);
    workers[0].tell({ beat: true });
  }
  assert.deepEqual([workers.length, p.links], [1, [true]]);
  assert.deepEqual(workers[0].heard, [{ follow: 'operations', as: '3001 en' }]);
});

test('a worker that has died is noticed, and another takes its place', async () => {
  const p = page();
  await pass(200);
  workers[0].dead = true;
  await pass(6600);
  assert.deepEqual(p.links, [true, false]);
  await pass(1600);
  assert.equal(workers.length, 2);
  assert.ok(workers[0].closed);
  assert.deepEqual(workers[1].heard, [{ follow: 'operations', as: '3001 en' }]);
  workers[1].tell({ view: '{"n":1}' });
  assert.deepEqual([p.views, p.links.at(-1)], [[{ n: 1 }], true]);
  workers[0].tell({ view: '{"n":0}' }); // of a worker that nobody asks any more
  assert.deepEqual(p.views, [{ n: 1 }]);
});

test('a worker whose server is away answers, and stays', async () => {
  const p = page();
  await pass(200);
  workers[0].up = false;
  await pass(60_000);
  assert.equal(workers.length, 1);
  assert.equal(p.links.at(-1), false);
  assert.ok(workers[0].heard.filter((m) => m.ask).length >= 5);
});

test('where no worker answers, the page goes on alone; a covered page waits', async () => {
  globalThis.SharedWorker = class extends Worker { dead = true; };
  const p = page();
  p.pause();
  await pass(30_000);
  assert.deepEqual([workers.length, sources.length], [1, 0]);
  p.resume();
  await pass(6600 + 1600);
  assert.deepEqual([workers.length, sources.length], [2, 0]);
  await pass(6600);
  assert.deepEqual([workers.length, sources.length], [2, 1]);
  assert.equal(sources[0].url, '/live/operations');
  assert.ok(workers.every((w) => w.closed));
  p.pause();
  assert.ok(sources[0].closed);
});
