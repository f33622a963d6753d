// The state of a form field, so that keys of a scan can be taken back.

/** Remembers the focused field as it is now. */
export function snapshot() {
  const el = document.activeElement;
  if (!el) return null;
  if (el instanceof HTMLSelectElement) return { el, index: el.selectedIndex };
  if (isText(el)) return { el, value: el.value, start: el.selectionStart, end: el.selectionEnd };
  return null;
}

/** Puts a field back, and lets those who listen to it know. */
export function restore(snap) {
  if (!snap) return;
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

function isText(el) {
  return el instanceof HTMLTextAreaElement || (el instanceof HTMLInputElement && (el.type === 'text' || el.type === 'password'));
}
