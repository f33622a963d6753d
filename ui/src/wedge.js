// Recognises a document reader that types as a keyboard, wherever the focus is.
//
// A person's keys are never held back: characters reach their field as they are typed,
// and the field's state before each one is remembered. Only when a line end arrives after
// something that can be nothing but a line of a machine readable zone (its length, its
// characters, its speed) is the field put back as it was before that line; from there on
// the keys belong to the scan. So a scan leaves no trace in a field, presses no button,
// and typing loses no character, however fast: also what a hand types while a reader does,
// as far as it can be told from a reader's keys.

/** Longest gap in ms between two keys of a reader, with room for a busy machine. */
const FAST = 120;
/** Longest pause in ms inside a scan that was torn into pieces. */
const TORN = 1500;
/** An Enter that follows a scan within this time in ms belongs to it, if nothing was typed meanwhile. */
const AFTER = 1500;
/** A Tab so soon after a scan that ended with one belongs to it, in ms: a later one is a person's way to the next field. */
const AFTER_TAB = 150;
/** Share of fast gaps that a line must have; the rest are tears. */
const SHARE = 0.75;
/** Lengths of lines and of whole zones without line ends (Doc 9303 parts 4 to 7). */
const LENGTHS = [90, 88, 72, 44, 36, 30];
/** A damaged line of a reader is still no typing when it has this many fast characters. */
const DAMAGED = 24;
/** So many keys of a hand may fall into a line that is still known as a reader's. */
const FOREIGN = 3;
/** Whoever needs longer from key to key, in ms, by the median, may be a person. */
const HAND = 40;
/** So many fast characters at something that takes no text are a reader's of bar codes. */
const BARCODE = 4;
/** No zone has more characters; beyond it the oldest are forgotten. */
const MOST = 200;

const LETTER = /^[A-Za-z0-9<]$/;

/** Splits a zone that came without line ends between its lines. */
export function split(text) {
  const by = { 90: 30, 88: 44, 72: 36 }[text.length];
  return by ? text.match(new RegExp(`.{${by}}`, 'g')) : [text];
}

/** Says whether the lines are a whole zone, so that nothing has to be waited for. */
export function complete(lines) {
  const n = lines.map((l) => l.length);
  if (lines.length >= 3) return true;
  return lines.length === 2 && Math.min(...n) > 32;
}

/**
 * @param {object} on
 * @param {() => any} on.snapshot   state of the focused field before a key takes effect
 * @param {(snaps: any[]) => void} on.restore  puts the fields back to such states, each to its first
 * @param {() => boolean} [on.secret]  whether what is typed now is a secret
 * @param {(text: string) => void} on.scan  takes a scan, its lines joined with "\n"
 * @param {(text: string) => void} on.replay gives a person's characters to the focused field
 * @param {(fn: () => void, ms: number) => any} on.later  setTimeout
 * @param {(handle: any) => void} on.cancel  clearTimeout
 */
export function createWedge(on) {
  let held = []; // characters that went to a field and may yet prove to be a scan
  let lines = null; // lines of the scan in progress; null: none
  let line = []; // its unfinished line
  let lower = false; // it comes in small letters
  let last = -Infinity; // time of the last key of a scan
  let ended = ''; // how its last line ended: Enter or Tab
  let quietUntil = -Infinity;
  let timer = null;

  const text = (keys) => keys.map((k) => k.char).join('');
  const gaps = (keys) => keys.slice(1).map((k, i) => k.time - keys[i].time);

  function fastShare(keys) {
    return keys.length < 2 ? 0 : gaps(keys).filter((g) => g <= FAST).length / (keys.length - 1);
  }

  function looksRead(keys) {
    const t = text(keys);
    return !keys.some((k) => k.repeat || !LETTER.test(k.char)) && (t === t.toUpperCase() || t === t.toLowerCase()) &&
      /^[A-Za-z]/.test(t) && t.includes('<') && fastShare(keys) >= SHARE;
  }

  /** Whether a reader that writes in small letters or not does not send this character. */
  const isForeign = (char, small) => !LETTER.test(char) || (small ? /[A-Z]/ : /[a-z]/).test(char);

  // The line of a reader into which a hand has typed: its keys and the others, or null.
  function among(keys) {
    if (keys.some((k) => k.repeat)) return null;
    const t = text(keys);
    const small = t.replace(/[^a-z]/g, '').length > t.replace(/[^A-Z]/g, '').length;
    const foreign = keys.filter((k) => isForeign(k.char, small));
    const read = keys.filter((k) => !foreign.includes(k));
    if (foreign.length > FOREIGN || read.length < DAMAGED || !text(read).includes('<<') || fastShare(read) < 0.9) return null;
    return { read, foreign };
  }

  // The keys at the end of held that are a reader's line, and a hand's among them; or null.
  function readLine() {
    const starts = []; // a line begins where everything begins, or after a pause
    for (let i = 0; i < held.length; i++) if (i === 0 || held[i].time - held[i - 1].time > FAST) starts.push(i);
    for (const i of starts) {
      const read = held.slice(i);
      if (LENGTHS.includes(read.length) && looksRead(read)) return { read, foreign: [] };
    }
    for (const i of starts) {
      const found = among(held.slice(i));
      if (found && LENGTHS.includes(found.read.length)) return found;
    }
    for (const i of starts) {
      const read = held.slice(i);
      if (read.length >= DAMAGED && looksRead(read) && fastShare(read) >= 0.9) return { read, foreign: [] };
    }
    for (const i of starts) {
      const found = among(held.slice(i));
      if (found) return found;
    }
    return null;
  }

  // A bar code's characters, at something that takes none.
  function barCode(time) {
    const keys = held.slice(-BARCODE);
    return keys.length === BARCODE && keys.every((k) => k.snap === null) && fastShare(keys) === 1 && time - keys.at(-1).time <= FAST;
  }

  /** Whether what followed a line was typed by a person, after a reader that stopped. */
  function byHand(keys) {
    if (keys.length < 20 && fastShare(keys) < SHARE) return true;
    const t = text(keys);
    if (LENGTHS.includes(t.length) || t.length >= DAMAGED || t.includes('<')) return false;
    const g = gaps(keys).sort((a, b) => a - b);
    return on.secret?.() || g.length === 0 || g[g.length >> 1] > HAND;
  }

  function finish() {
    on.cancel(timer);
    timer = null;
    let typed = '';
    if (line.length > 0) {
      if (byHand(line)) typed = text(line);
      else lines.push(text(line));
    }
    const all = lines.map((l) => l.toUpperCase()).join('\n');
    lines = null;
    line = [];
    quietUntil = last + (ended === 'Tab' ? AFTER_TAB : AFTER);
    on.scan(all);
    if (typed) on.replay(typed);
  }

  function wait() {
    on.cancel(timer);
    timer = on.later(finish, TORN);
  }

  function endOfLine(time, kind) {
    last = time;
    ended = kind;
    if (line.length > 0) lines.push(...split(text(line)));
    line = [];
    if (complete(lines)) finish();
    else wait();
  }

  /**
   * Takes a key before it has any effect.
   * @param {{key: string, ctrl?: boolean, alt?: boolean, meta?: boolean, altGraph?: boolean,
   *   shift?: boolean, repeat?: boolean, time: number}} k
   * @returns {boolean} true if the key belongs to a scan and must have no effect
   */
  function key(k) {
    if (['Shift', 'CapsLock', 'AltGraph', 'Control', 'Alt', 'Meta', 'NumLock'].includes(k.key)) return false;
    const modified = (k.ctrl || k.alt || k.meta) && !k.altGraph;
    const lineFeed = k.ctrl && !k.alt && !k.meta && /^[jm]$/i.test(k.key);
    const end = lineFeed || (!modified && (k.key === 'Enter' || (k.key === 'Tab' && !k.shift)));
    const kind = k.key === 'Tab' ? 'Tab' : 'Enter';
    const char = !modified && [...k.key].length === 1;

    if (lines) {
      if (char && isForeign(k.key, lower)) return false; // a hand's, while the reader goes on
      if (char && text(line).length < MOST) {
        line.push({ char: k.key, time: k.time, repeat: k.repeat });
        last = k.time;
        wait();
        return true;
      }
      if (end) {
        endOfLine(k.time, kind);
        return true;
      }
      finish(); // another key is a person's
      return false;
    }
    if (char) {
      quietUntil = -Infinity;
      if (held.length > 0 && k.time - held[held.length - 1].time > TORN) held = [];
      held.push({ char: k.key, time: k.time, repeat: k.repeat, snap: on.snapshot() });
      if (held.length > MOST) held.shift();
      return false;
    }
    if (end) {
      const found = held.length > 0 && k.time - held[held.length - 1].time <= TORN ? readLine() : null;
      const code = !found && barCode(k.time);
      if (found) {
        const { read } = found;
        const from = held.indexOf(read[0]);
        const foreign = found.foreign.filter((x) => held.indexOf(x) > from);
        on.restore(held.slice(from).map((x) => x.snap));
        if (foreign.length > 0) on.replay(text(foreign));
        lower = text(read) !== text(read).toUpperCase();
        lines = [];
        line = read;
        endOfLine(k.time, kind);
      }
      held = [];
      if (found || code) return true;
      return k.time < quietUntil && (lineFeed || kind === ended);
    }
    held = [];
    quietUntil = -Infinity;
    return false;
  }

  return { key };
}
