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
 * @param {(text: string) => void} on.done  says what was done
 * @param {(text: string) => void} on.say   speaks
 */
export function createDialogs({ words, armed, done, say }) {
  let open = null; // {dialog, send, at}
  let sending = false;

  const message = (d, text) => { d.querySelector('[data-message]').textContent = text; };

  /** Opens a dialog; send gets its values and answers like post(). */
  function show(id, { title, text, send, label: sendLabel, fill = {}, keep = false }) {
    const d = document.getElementById(id);
    if (open) open.dialog.close();
    if (title) d.querySelector('[data-title]').textContent = title;
    if (text !== undefined) d.querySelector('[data-text]').textContent = text;
    if (sendLabel) d.querySelector('[data-send]').textContent = sendLabel;
    if (!keep) for (const el of controls(d)) if (el.name) el.value = fill[el.name] ?? '';
    message(d, '');
    open = { dialog: d, send, at: performance.now() };
    d.showModal();
    (controls(d).find(shown) ?? d.querySelector('[data-act="send"]')).focus();
    if (title) say([title, text].filter(Boolean).join(' '));
    return d;
  }

  /** F8 in a dialog. */
  async function send() {
    if (!open?.dialog.open || sending || !open.send || performance.now() - open.at < armed) return;
    const { dialog } = open;
    const empty = controls(dialog).find((el) => 'required' in el.dataset && shown(el) && value(el) === '');
    if (empty) {
      message(dialog, words.choose.replace('{0}', label(empty)));
      empty.focus();
      return;
    }
    sending = true;
    const current = open;
    try {
      const r = await current.send(values(dialog), dialog);
      if (r.ok && !r.stay) {
        if (open === current) dialog.close();
        if (r.text) done(r.text);
      } else if (!r.ok) {
        message(dialog, [r.title, r.next].filter(Boolean).join(' ') || words.noAnswer);
      }
    } finally {
      sending = false;
    }
  }

  addEventListener('close', (e) => {
    if (open?.dialog === e.target) open = null;
  }, true);

  return {
    show,
    send,
    message,
    isOpen: () => open?.dialog.open === true, // its event comes later than its end
    current: () => open?.dialog ?? null,
    close: () => open?.dialog.close(),
    /** Closes the dialog that is about the encounter, or about its verdict, which has changed. */
    over(what) {
      const of = open?.dialog.dataset.of;
      if (of === 'verdict' || (of === 'encounter' && what === 'encounter')) open.dialog.close();
    },
  };
}
