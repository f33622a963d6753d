// Whether anything has been typed or chosen on the page that is not sent yet.

/** What a form keeps for itself: a control that is in a closed dialog, in the card that covers the page, or in a
 * form whose answers the server keeps while they are typed. */
const KEPT = 'dialog:not([open]), #lock, [data-form]';

function differs(el) {
  if (el.localName === 'select') {
    const all = [...el.options];
    const painted = all.some((o) => o.defaultSelected) ? all.filter((o) => o.defaultSelected) : all.slice(0, el.multiple ? 0 : 1);
    return all.some((o) => o.selected !== painted.includes(o));
  }
  if (el.type === 'checkbox' || el.type === 'radio') return el.checked !== el.defaultChecked;
  return el.type !== 'hidden' && el.value !== el.defaultValue;
}

/**
 * Whether the page is as the server painted it, so that nothing is lost when it is shown anew.
 * @param {string} [but]  a selector of controls that do not count
 */
export const untouched = (but = '') => !document.querySelector('dialog[open]:not(.help)') &&
  ![...document.querySelectorAll('input, select, textarea')].some((el) => !el.closest(KEPT) && !(but && el.matches(but)) && differs(el));
