// Recognises a document reader that types as a keyboard, wherever the focus is.
//
// A person's keys are never held back: characters reach their field as they are typed,
// and the field's state before each one is remembered. Only when a line end arrives after
// something that can be nothing but a line of a machine readable zone (its length, its
// characters, its speed) is the field put back as it was before that line; from there on
// the keys belong to the scan. So a scan leaves no trace in a field, presses no button,
// and typing loses no character, however fast.

/** Longest gap in ms between two keys of a reader, with room for a busy machine. */
const FAST = 120;
/** Longest pause in ms inside a scan that was torn into pieces. */
const TORN = 1500;
/** Line ends that follow a scan within this time in ms belong to it. */
const AFTER = 1500;
/** Share of fast gaps that a line must have; the rest are tears. */
const SHARE = 0.75;
/** Lengths of lines and of whole zones without line ends (Doc 9303 parts 4 to 7). */
const LENGTHS = [90, 88, 72, 44, 36, 30];
/** A damaged line of a reader is still no typing when it has this many fast characters. */
const DAMAGED = 24;
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
 * @param {(snap: any) => void} on.restore  puts a field back to such a state
 * @param {(text: string) => void} on.scan  takes a scan, its lines joined with "\n"
 * @param {(text: string) => void} on.replay gives a person's characters to the focused field
 * @param {(fn: () => void, ms: number) => any} on.later  setTimeout
 * @param {(handle: any) => void} on.cancel  clearTimeout
 */
export function createWedge(on) {
  let held = []; // characters that went to a field and may yet prove to be a scan
  let lines = null; // lines of the scan in progress; null: none
  let line = []; // its unfinished line
  let last = -Infinity; // time of the last key of a scan
  let quietUntil = -Infinity;
  let timer = null;

  const text = (keys) => keys.map((k) => k.char).join('');

  function fastShare(keys) {
    let fast = 0;
    for (let i = 1; i < keys.length; i++) if (keys[i].time - keys[i - 1].time <= FAST) fast++;
    return keys.length < 2 ? 0 : fast / (keys.length - 1);
  }

  function looksRead(keys) {
    const t = text(keys);
    return !keys.some((k) => k.repeat) && (t === t.toUpperCase() || t === t.toLowerCase()) &&
      /^[A-Za-z]/.test(t) && t.includes('<') && fastShare(keys) >= SHARE;
  }

  // The keys at the end of held that are a reader's line, or null.
  function readLine() {
    const starts = []; // a line begins where everything begins, or after a pause
    for (let i = 0; i < held.length; i++) if (i === 0 || held[i].time - held[i - 1].time > FAST) starts.push(i);
    for (const i of starts) {
      const keys = held.slice(i);
      if (LENGTHS.includes(keys.length) && looksRead(keys)) return keys;
    }
    for (const i of starts) {
      const keys = held.slice(i);
      if (keys.length >= DAMAGED && looksRead(keys) && fastShare(keys) >= 0.9) return keys;
    }
    return null;
  }

  function finish() {
    on.cancel(timer);
    timer = null;
    let typed = '';
    if (line.length > 0) {
      // What follows a line slowly was typed by a person, after a reader that stopped.
      if (line.length < 20 && fastShare(line) < SHARE) typed = text(line);
      else lines.push(text(line));
    }
    const all = lines.map((l) => l.toUpperCase()).join('\n');
    lines = null;
    line = [];
    quietUntil = last + AFTER;
    on.scan(all);
    if (typed) on.replay(typed);
  }

  function wait() {
    on.cancel(timer);
    timer = on.later(finish, TORN);
  }

  function endOfLine(time) {
    last = time;
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
    const char = !modified && LETTER.test(k.key);

    if (lines) {
      if (char && text(line).length < MOST) {
        line.push({ char: k.key, time: k.time, repeat: k.repeat });
        last = k.time;
        wait();
        return true;
      }
      if (end) {
        endOfLine(k.time);
        return true;
      }
      finish(); // another key is a person's
      return false;
    }
    if (char) {
      if (held.length > 0 && k.time - held[held.length - 1].time > TORN) held = [];
      held.push({ char: k.key, time: k.time, repeat: k.repeat, snap: on.snapshot() });
      if (held.length > MOST) held.shift();
      return false;
    }
    if (end) {
      const read = held.length > 0 && k.time - held[held.length - 1].time <= TORN ? readLine() : null;
      held = [];
      if (read) {
        on.restore(read[0].snap);
        lines = [];
        line = read;
        endOfLine(k.time);
        return true;
      }
      return k.time < quietUntil;
    }
    held = [];
    return false;
  }

  return { key };
}
