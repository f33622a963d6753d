// Dialogs: F8 sends, Esc closes. What F8 does is given when a dialog is opened.
import { label, value } from './record.js';

const controls = (d) => [...d.querySelectorAll('select, input, textarea')];
const shown = (el) => !el.closest('[hidden]') && !el.disabled;

/** The named values of a dialog that are on the screen. */
export function values(d) {
  return Object.fromEntries(controls(d).filter((el) => el.name && shown(el)).map((el) => [el.name, value(el)]));
}

/**
 * @param {object} on
 * @param {Record<string, string>} on.words
 * @param {number} on.armed  how long in ms a dialog must have been there before F8 sends it
 * @param {(text: string, bad: boolean) => void} on.done  says what was done, or what came of a
 *   dialog that has gone meanwhile
 * @param {(text: string) => void} on.say   speaks
 */
export function createDialogs({ words, armed, done, say }) {
  const stack = []; // {dialog, send, at, closed}: the last one is in front

  /** The dialog in front. The browser tells of a closed one later than it closes it, and a hand
   * may have pressed the next key by then. */
  function front() {
    for (const o of stack.filter((x) => !x.dialog.open)) drop(o);
    return stack.at(-1);
  }

  const message = (d, text) => { d.querySelector('[data-message]').textContent = text; };

  /** Forgets a dialog that is or is about to be closed; a PIN does not stay in it. */
  function drop(o) {
    const i = stack.indexOf(o);
    if (i < 0) return;
    stack.splice(i, 1);
    for (const el of o.dialog.querySelectorAll('input[type="password"]')) el.value = '';
    delete o.dialog.dataset.was; // the card would open it again
    o.closed?.();
  }

  function shut(o) {
    drop(o);
    o?.dialog.close();
  }

  const shutAll = () => { for (const o of stack.toReversed()) shut(o); };

  /** Opens a dialog; send gets its values and answers like post(). One that comes over another
   * leaves that one as it is. Of says what it is about, if it is not always about the same:
   * "encounter" or "verdict". */
  function show(id, { title, text, send, label: sendLabel, fill = {}, keep = false, over = false, of, closed }) {
    const d = document.getElementById(id);
    if (!over) shutAll();
    if (title) d.querySelector('[data-title]').textContent = title;
    if (text !== undefined) d.querySelector('[data-text]').textContent = text;
    if (sendLabel) d.querySelector('[data-send]').textContent = sendLabel;
    if (!keep) for (const el of controls(d)) if (el.name) el.value = fill[el.name] ?? '';
    message(d, '');
    stack.push({ dialog: d, of: of ?? d.dataset.of, send, at: performance.now(), closed });
    d.showModal();
    (controls(d).find(shown) ?? d.querySelector('[data-act="send"]') ?? d.querySelector('button')).focus();
    if (title) say([title, text].filter(Boolean).join(' '));
    return d;
  }

  /** F8 in a dialog. */
  async function send() {
    const current = front();
    if (!current || current.sending || !current.send || performance.now() - current.at < armed) return;
    const { dialog } = current;
    const lacking = controls(dialog).find((el) => 'required' in el.dataset && shown(el) && value(el) === '');
    if (lacking) {
      message(dialog, words.choose.replace('{0}', label(lacking)));
      lacking.focus();
      return;
    }
    current.sending = true;
    try {
      const r = await current.send(values(dialog), dialog);
      const text = r.ok ? r.text : [r.title, r.next].filter(Boolean).join(' ') || words.noAnswer;
      if (r.ok && !r.stay) shut(current);
      if (r.cancelled || r.stay) return;
      if (!r.ok && stack.includes(current)) message(dialog, text);
      else if (text) done(text, !r.ok);
    } finally {
      current.sending = false;
    }
  }

  addEventListener('close', (e) => {
    if (!e.target.open) drop(stack.find((o) => o.dialog === e.target));
  }, true);

  return {
    show,
    send,
    message,
    isOpen: () => Boolean(front()),
    current: () => front()?.dialog ?? null,
    close: () => shut(front()),
    /** Closes the dialog that is about the encounter, or about its verdict, which has changed. */
    over(what) {
      const of = stack[0]?.of;
      if (of === 'verdict' || (of === 'encounter' && what === 'encounter')) shutAll();
    },
    /** Somebody goes on after the card: what they have only just seen, no key pressed by habit sends. */
    seen() {
      for (const o of stack) o.at = performance.now();
    },
  };
}
