import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStream } from './live-worker.js';

/** A browser's event source, and a clock, in the test's hand. */
function rig() {
  const sources = [];
  const pending = [];
  const timers = { setTimeout: (f, ms) => pending.push({ f, ms }) - 1, clearTimeout: (i) => { if (pending[i]) pending[i].f = null; } };
  const stream = createStream((url) => {
    const s = { url, on: {}, closed: false, readyState: 1, addEventListener: (n, f) => { s.on[n] = f; }, close: () => { s.closed = true; },
      send: (n, data, lastEventId = '') => s.on[n]?.({ data, lastEventId }) };
    sources.push(s);
    return s;
  }, timers);
  const window = () => {
    const got = [];
    return { got, postMessage: (m) => got.push(m), views: () => got.filter((m) => m.view).map((m) => m.view) };
  };
  return { stream, sources, window, open: () => sources.filter((s) => !s.closed),
    pass: (ms) => { for (const p of pending.splice(0)) if (p.f && p.ms <= ms) p.f(); else pending.push(p); } };
}

test('two windows of two topics share one stream, and each gets its own', () => {
  const r = rig();
  const [a, b] = [r.window(), r.window()];
  r.stream.follow(a, 'operations', 'x');
  r.sources[0].send('view@operations', '{"n":1}', 'k1');
  r.stream.follow(b, 'cases', 'x');
  assert.equal(r.open().length, 1);
  assert.equal(r.open()[0].url, '/live?topic=cases&topic=operations&last=0.k1');
  r.open()[0].send('view@cases', '{"n":2}', 'c1.k1');
  assert.deepEqual([a.views(), b.views()], [['{"n":1}'], ['{"n":2}']]);
});

test('a window that comes later has the last state at once, without another stream', () => {
  const r = rig();
  const [a, b] = [r.window(), r.window()];
  r.stream.follow(a, 'operations', 'x');
  r.sources[0].send('view@operations', '{"n":1}', 'k1');
  r.stream.follow(b, 'operations', 'x');
  assert.equal(r.sources.length, 1);
  assert.deepEqual(b.got, [{ up: true }, { view: '{"n":1}' }]);
});

test('each beat is told to who follows, and who asks is answered', () => {
  const r = rig();
  const [a, b] = [r.window(), r.window()];
  r.stream.follow(a, 'operations', 'x');
  r.stream.follow(b, '', 'x');
  r.stream.answer(b);
  r.open()[0].send('beat');
  r.open()[0].send('beat');
  r.stream.answer(a);
  assert.deepEqual(a.got, [{ up: false }, { up: true }, { beat: true }, { beat: true }, { up: true }]);
  assert.deepEqual(b.got, [{ up: false }, { up: false }]);
});

test('nothing is kept for another officer, nor after the session, nor when nobody follows', () => {
  const r = rig();
  const [a, b] = [r.window(), r.window()];
  r.stream.follow(a, 'operations', '3001 en');
  r.sources[0].send('view@operations', 'theirs', 'k1');
  r.stream.follow(b, 'operations', '3002 en');
  assert.deepEqual(b.views(), []);
  assert.equal(r.open()[0].url, '/live?topic=operations');
  r.open()[0].send('view@operations', 'own', 'k2');
  r.open()[0].send('ended');
  assert.ok(b.got.some((m) => m.ended) && r.open().length === 0);
  const c = r.window();
  r.stream.follow(c, 'operations', '3002 en');
  assert.deepEqual(c.views(), []);
  for (const w of [a, b, c]) r.stream.leave(w);
  assert.equal(r.open().length, 0);
});

test('a topic that is refused is told to its windows, and asked for again; the others go on', () => {
  const r = rig();
  const [a, b] = [r.window(), r.window()];
  r.stream.follow(a, 'counters/1', 'x');
  r.stream.follow(b, 'counters/2', 'x');
  const s = r.open()[0];
  s.send('refused@counters/2', '{"code":"forbidden"}');
  s.send('view@counters/1', 'one', 'k1.0');
  assert.deepEqual([a.views(), b.got.filter((m) => m.refused).length], [['one'], 1]);
  r.pass(5000);
  assert.ok(s.closed && r.open()[0].url.endsWith('&last=k1.0'));
});

test('a stream that is silent, or refused, is opened again; a late word of an old one is not heard', () => {
  const r = rig();
  const a = r.window();
  r.stream.follow(a, 'operations', 'x');
  const first = r.sources[0];
  first.send('view@operations', 'old', 'k1');
  r.pass(6500);
  assert.equal(r.open().length, 1);
  assert.notEqual(r.open()[0], first);
  assert.ok(r.open()[0].url.endsWith('last=k1'));
  first.send('view@operations', 'late', 'k0');
  assert.deepEqual(a.views(), ['old']);
  assert.ok(a.got.some((m) => m.up === false));
  const second = r.open()[0];
  second.readyState = 2;
  second.send('error');
  assert.equal(r.open().length, 0);
  r.pass(500);
  assert.equal(r.open()[0].url, '/live?topic=operations');
});
