// The state of a form field, so that keys of a scan can be taken back.

/** Remembers the focused field as it is now. */
export function snapshot() {
  const el = document.activeElement;
  if (!el) return null;
  if (el instanceof HTMLSelectElement) return { el, index: el.selectedIndex };
  if (isText(el)) return { el, value: el.value, start: el.selectionStart, end: el.selectionEnd };
  return null;
}

/** Puts each field back to the first of its states, and lets those who listen to it know. */
export function restore(snaps) {
  const firsts = new Map();
  for (const s of snaps) if (s && !firsts.has(s.el)) firsts.set(s.el, s);
  for (const s of firsts.values()) putBack(s);
}

function putBack(snap) {
  const { el } = snap;
  if ('index' in snap) {
    if (el.selectedIndex === snap.index) return;
    el.selectedIndex = snap.index;
    el.dispatchEvent(new Event('change', { bubbles: true }));
    return;
  }
  if (el.value === snap.value) return;
  el.value = snap.value;
  el.setSelectionRange(snap.start, snap.end);
  el.dispatchEvent(new Event('input', { bubbles: true }));
}

/** Writes characters at the caret of the focused field, if one has the focus. */
export function replay(text) {
  const el = document.activeElement;
  if (!isText(el)) return;
  el.setRangeText(text, el.selectionStart, el.selectionEnd, 'end');
  el.dispatchEvent(new Event('input', { bubbles: true }));
}

/** Says whether what is typed now is a secret. */
export const secret = () => document.activeElement?.type === 'password';

function isText(el) {
  return el instanceof HTMLTextAreaElement || (el instanceof HTMLInputElement && (el.type === 'text' || el.type === 'password'));
}
