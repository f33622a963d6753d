import { hub } from './hub.js';

const filter = document.getElementById('filter');
// The filter as it was asked for, not as somebody is changing it just now.
const asked = filter && new URLSearchParams(new FormData(filter));
hub(filter ? () => ['/cases', { method: 'POST', body: asked }] : undefined);

const links = () => [...document.querySelectorAll('tr[data-case] a[id^="case-"]')];
const actions = () => [...document.querySelectorAll('.act-form .actions button[name="do"]')];

/** Goes through the cases of the list: the first, or the one that is so many further. */
function go(by) {
  const all = links();
  const at = all.indexOf(document.activeElement);
  all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
}

// Each thing that can be done has a digit, which leads to it; Enter does it. A digit alone does nothing: a case is
// not closed by a slip.
actions().forEach((b, i) => {
  if (i > 8) return;
  b.setAttribute('aria-keyshortcuts', String(i + 1));
  const key = Object.assign(document.createElement('kbd'), { textContent: String(i + 1) });
  key.setAttribute('aria-hidden', 'true');
  b.prepend(key, ' ');
});

addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.altKey || e.metaKey || e.defaultPrevented || document.querySelector('dialog[open]:not(#help)')) return; // help stands beside the page
  if (e.target.closest?.('input, select, textarea')) {
    if (e.key === 'Escape') actions()[0]?.focus();
    return;
  }
  const by = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (by && links().length > 0) go(by);
  else if (e.key === 'n' && document.getElementById('note')) document.getElementById('note').focus();
  else if (e.key === 'u' && document.querySelector('.act-form')) location.assign('/cases');
  else if (/^[1-9]$/.test(e.key) && actions()[e.key - 1]) actions()[e.key - 1].focus();
  else return;
  e.preventDefault();
});
