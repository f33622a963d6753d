import { test } from 'node:test';
import assert from 'node:assert/strict';
import { complete, createWedge, split } from './wedge.js';

// Specimens of Doc 9303 and invented Utopians.
const TD3 = ['P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<', 'L898902C36UTO7408122F1204159ZE184226B<<<<<10'];
const TD2 = ['I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<', 'D231458907UTO7408122F1204159<<<<<<<6'];
const TD1 = ['I<UTOD231458907<<<<<<<<<<<<<<<', '7408122F1204159UTO<<<<<<<<<<<6', 'ERIKSSON<<ANNA<MARIA<<<<<<<<<<'];

// A keyboard, a field and time that passes only when told to.
function bench() {
  const b = { now: 0, field: '', scans: [], swallowed: [], native: [], timers: new Map(), n: 0 };
  const w = createWedge({
    snapshot: () => b.field,
    restore: (snaps) => { [b.field] = snaps; },
    secret: () => b.secret ?? false,
    replay: (t) => { b.field += t; },
    scan: (t) => b.scans.push(t),
    later: (fn, ms) => { b.timers.set(++b.n, { fn, at: b.now + ms }); return b.n; },
    cancel: (h) => b.timers.delete(h),
  });
  b.pass = (ms) => {
    b.now += ms;
    for (const [h, t] of [...b.timers]) if (t.at <= b.now) { b.timers.delete(h); t.fn(); }
  };
  b.key = (key, gap, more = {}) => {
    b.pass(gap);
    if (w.key({ key, time: b.now, ...more })) { b.swallowed.push(key); return; }
    if ([...key].length === 1 && !more.ctrl) b.field = b.field === null ? null : b.field + key;
    else b.native.push(key);
  };
  b.burst = (text, gap) => { for (const c of text) b.key(c, typeof gap === 'function' ? gap() : gap); };
  return b;
}

// A reproducible source of chance.
function dice(seed) {
  return (from, to) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return from + Math.floor((seed / 2 ** 32) * (to - from + 1));
  };
}

const ENDINGS = {
  CR: [['Enter', {}]],
  LF: [['j', { ctrl: true }]],
  'LF as Enter': [['Enter', {}]],
  CRLF: [['Enter', {}], ['j', { ctrl: true }]],
  'CRLF as two Enters': [['Enter', {}], ['Enter', {}]],
  TAB: [['Tab', {}]],
};

for (const [name, zone] of Object.entries({ TD3, TD2, TD1 })) {
  for (const [ending, ends] of Object.entries(ENDINGS)) {
    for (const gap of [5, 12, 30, 80]) {
      test(`${name} ended by ${ending} at ${gap} ms is one scan without a trace`, () => {
        const b = bench();
        b.field = 'kept';
        for (const line of zone) {
          b.burst(line, gap);
          for (const [key, more] of ends) b.key(key, gap, more);
        }
        b.pass(3000);
        assert.deepEqual(b.scans, [zone.join('\n')]);
        assert.equal(b.field, 'kept');
        assert.deepEqual(b.native, []);
      });
    }
  }
}

test('a scan torn anywhere is still one scan without a trace', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const d = dice(seed);
    const zone = [TD3, TD2, TD1][d(0, 2)];
    const ends = Object.values(ENDINGS)[d(0, 5)];
    const b = bench();
    b.field = 'kept';
    const tears = new Set([d(0, 90), d(0, 90), d(0, 90)]);
    let n = 0;
    const gap = () => (tears.has(n++) ? d(150, 1200) : d(5, 80));
    for (const line of zone) {
      b.burst(line, gap);
      for (const [key, more] of ends) b.key(key, gap(), more);
    }
    b.pass(3000);
    assert.deepEqual(b.scans, [zone.join('\n')], `seed ${seed}`);
    assert.equal(b.field, 'kept', `seed ${seed}`);
    assert.deepEqual(b.native, [], `seed ${seed}`);
  }
});

test('recorded timings of a reader with an uneven rhythm', () => {
  const gaps = [7, 8, 7, 9, 31, 7, 8, 8, 15, 7, 62, 8, 7, 7, 9, 8, 79, 8];
  let i = 0;
  const b = bench();
  for (const line of TD3) {
    b.burst(line, () => gaps[i++ % gaps.length]);
    b.key('Enter', 44);
  }
  assert.deepEqual(b.scans, [TD3.join('\n')]);
  assert.equal(b.field, '');
});

test('a zone without line ends inside is split between its lines', () => {
  for (const zone of [TD3, TD2, TD1]) {
    const b = bench();
    b.burst(zone.join(''), 10);
    b.key('Enter', 10);
    assert.deepEqual(b.scans, [zone.join('\n')]);
    assert.equal(b.field, '');
  }
  assert.deepEqual(split('short'), ['short']);
});

test('a reader under Caps Lock', () => {
  const b = bench();
  for (const line of TD3) {
    b.burst(line.toLowerCase(), 10);
    b.key('Tab', 10);
  }
  assert.deepEqual(b.scans, [TD3.join('\n')]);
});

test('what a person typed just before a scan stays in the field', () => {
  const b = bench();
  b.burst('AB', 200);
  b.pass(400);
  for (const line of TD3) {
    b.burst(line, 10);
    b.key('Enter', 10);
  }
  assert.equal(b.field, 'AB');
  assert.deepEqual(b.scans, [TD3.join('\n')]);
});

test('typing loses no character and is no scan, however fast', () => {
  const d = dice(7);
  for (const [text, from, to] of [
    ['TRAVELS WITH 2 CHILDREN', 20, 60], ['TRAVELS WITH 2 CHILDREN, SEE P<UTO 123<456', 1, 20], ['TRAVELS WITH 2 CHILDREN, SEE P<UTO <123 456', 1, 20], ['nosecondaryinspectionneededtoday', 30, 50],
    ['0123456789012345678901234567890123456789', 15, 40], ['P<UTO', 5, 5], ['12', 5, 5],
  ]) {
    const b = bench();
    for (const c of text) b.key(c, d(from, to));
    b.key('Enter', 60);
    b.pass(3000);
    assert.equal(b.field, text);
    assert.deepEqual(b.native, ['Enter']);
    assert.deepEqual(b.scans, []);
  }
});

test('a zone typed by hand, also with a held key, stays in its field', () => {
  const b = bench();
  for (const line of TD3) {
    let before = '';
    for (const c of line) {
      const held = c === '<' && before === '<';
      b.key(c, held ? 33 : 180, { repeat: held });
      before = c;
    }
    b.key('Enter', 250);
  }
  b.pass(3000);
  assert.equal(b.field, TD3.join(''));
  assert.deepEqual(b.scans, []);
  assert.deepEqual(b.native, ['Enter', 'Enter']);
});

test('a zone typed by hand without a held key, and by the fastest hand with one', () => {
  for (const [gap, held] of [[180, 180], [100, 33]]) {
    const b = bench();
    for (const line of TD3) {
      let before = '';
      for (const c of line) {
        b.key(c, c === before ? held : gap, { repeat: held < 100 && c === '<' && before === '<' });
        before = c;
      }
      b.key('Enter', 250);
    }
    b.pass(3000);
    assert.deepEqual(b.scans, []);
    assert.equal(b.field, TD3.join(''));
  }
});

test('a damaged line is a scan too, and presses nothing', () => {
  const b = bench();
  b.burst('P<UTOERIKSSON<<ANNA<MARIA<<<<<<', 10);
  b.key('Enter', 10);
  b.burst('L898902C36UTO740812', 10);
  b.key('Enter', 10);
  b.pass(3000);
  assert.equal(b.scans.length, 1);
  assert.deepEqual(b.native, []);
  assert.equal(b.field, '');
});

test('after a reader that stopped, slow typing goes to the field', () => {
  const b = bench();
  b.burst(TD3[0], 10);
  b.key('Enter', 10);
  b.burst('OK', 400);
  b.pass(3000);
  assert.deepEqual(b.scans, [TD3[0]]);
  assert.equal(b.field, 'OK');
});

test('a function key ends a scan that never ended and keeps its own meaning', () => {
  const b = bench();
  b.burst(TD3[0], 10);
  b.key('Enter', 10);
  b.key('F6', 100);
  assert.deepEqual(b.scans, [TD3[0]]);
  assert.deepEqual(b.native, ['F6']);
});

test('two scans in a row are two', () => {
  const b = bench();
  for (const zone of [TD3, TD1]) {
    for (const line of zone) {
      b.burst(line, 10);
      b.key('Enter', 10);
    }
    b.pass(50);
  }
  assert.deepEqual(b.scans, [TD3.join('\n'), TD1.join('\n')]);
});

test('a key of a hand amid a reader’s line stays, and the line is read', () => {
  for (const foreign of ['e', ' ', '.', 'é']) {
    for (const at of [0, 1, 7, 20, 43]) {
      for (const which of [0, 1]) {
        const b = bench();
        b.field = 'Hotel';
        TD3.forEach((line, i) => {
          if (i === which) {
            b.burst(line.slice(0, at), 10);
            b.key(foreign, 4);
            b.burst(line.slice(at), 10);
          } else b.burst(line, 10);
          b.key('Enter', 10);
        });
        b.pass(3000);
        assert.deepEqual(b.scans, [TD3.join('\n')], `${foreign} at ${at} of line ${which + 1}`);
        assert.equal(b.field, `Hotel${foreign}`, `${foreign} at ${at} of line ${which + 1}`);
        assert.deepEqual(b.native, []);
      }
    }
  }
});

test('after a scan, Tab is a person’s way to the next field', () => {
  for (const [end, after, native] of [['Enter', 200, ['Tab']], ['Tab', 200, ['Tab']], ['Tab', 90, []]]) {
    const b = bench();
    for (const line of TD3) {
      b.burst(line, 10);
      b.key(end, 10);
    }
    b.key('Tab', after);
    assert.deepEqual(b.native, native, `${end}, ${after} ms`);
  }
});

test('after a scan, what follows typing is a person’s', () => {
  for (const end of ['Enter', 'Tab']) {
    const b = bench();
    for (const line of TD3) {
      b.burst(line, 10);
      b.key('Enter', 10);
    }
    b.burst('AB', 150);
    b.key(end, 150);
    assert.deepEqual([b.field, b.native], ['AB', [end]]);
  }
});

test('after a reader that stopped, a hand’s digits are given back, a secret at any speed', () => {
  for (const [gap, secret] of [[90, false], [60, false], [20, true]]) {
    const b = bench();
    b.secret = secret;
    b.burst(TD3[0], 10);
    b.key('Enter', 10);
    b.burst('481739', gap);
    b.pass(3000);
    assert.deepEqual([b.scans, b.field], [[TD3[0]], '481739'], `${gap} ms`);
  }
});

test('a bar code at a button presses nothing', () => {
  const b = bench();
  b.field = null; // nothing that takes text has the focus
  b.burst('4006381333931', 12);
  b.key('Enter', 12);
  assert.deepEqual(b.native, []);
  b.key('Enter', 2000);
  assert.deepEqual(b.native, ['Enter']);
});

test('a flood is bounded', () => {
  const b = bench();
  for (let i = 0; i < 50_000; i++) b.key('<', 5);
  b.pass(2000);
  b.burst(TD3[0], 5);
  b.key('Enter', 5);
  b.burst('A'.repeat(5000), 5);
  b.pass(3000);
  assert.equal(b.scans.length, 1);
  assert.ok(b.scans[0].length < 1000, `${b.scans[0].length} characters`);
});

test('whole zones are known', () => {
  assert.ok(complete(TD3) && complete(TD2) && complete(TD1));
  assert.ok(!complete([TD3[0]]) && !complete(TD1.slice(0, 2)));
});
