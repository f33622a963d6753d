// The sign-in page works without this: it remembers the counter of this machine, and asks security keys.
import './help.js';
import { restore, replay, secret, snapshot } from './field.js';
import { askKey, canAsk } from './passkey.js';
import { createWedge } from './wedge.js';

const $ = (id) => document.getElementById(id);
const form = $('signin');
const chosen = () => form.querySelector('input[name="counter"]:checked')?.value ?? '';

function remember(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(name) ?? '';
    localStorage.setItem(name, value);
  } catch { /* a browser that keeps nothing */ }
  return '';
}

// The counter that was chosen here last, but never one for training.
const before = remember('garita-counter');
if (before && !form.dataset.chosen && !chosen()) {
  const known = [...form.querySelectorAll('input[name="counter"]')].find((el) => el.value === before);
  if (known) known.checked = true;
}
form.addEventListener('submit', (e) => {
  if ($('go').getAttribute('aria-disabled') === 'true') {
    e.preventDefault();
    return;
  }
  if (chosen() && !chosen().startsWith('T')) remember('garita-counter', chosen());
  $('go').setAttribute('aria-disabled', 'true'); // once
});

const key = $('passkey');
if (key && canAsk()) {
  key.hidden = false;
  key.addEventListener('click', async () => {
    const trouble = $('key-trouble');
    trouble.hidden = true;
    const r = await askKey('/session/passkey', { counter: chosen() });
    if (r.ok) {
      location.replace((!r.must_change && form.elements.to.value) || r.start);
      return;
    }
    const { wrong, locked, refused, unsure, notNow } = trouble.dataset;
    trouble.textContent = { unauthenticated: wrong, too_many: locked, forbidden: refused, second_needed: unsure }[r.code] ?? notNow;
    trouble.hidden = false;
  });
}

// A document that a reader types here is nobody's badge: it leaves no trace, and nothing is tried with it.
const wedge = createWedge({
  snapshot,
  restore,
  replay,
  secret,
  scan: () => {
    const trouble = $('key-trouble');
    trouble.textContent = trouble.dataset.first;
    trouble.hidden = false;
  },
  later: (fn, ms) => setTimeout(fn, ms),
  cancel: (t) => clearTimeout(t),
});
addEventListener('keydown', (e) => {
  const taken = wedge.key({ key: e.key, ctrl: e.ctrlKey, alt: e.altKey, meta: e.metaKey, shift: e.shiftKey,
    altGraph: e.getModifierState('AltGraph'), repeat: e.repeat, time: e.timeStamp });
  if (!taken) return;
  e.preventDefault();
  e.stopPropagation();
}, true);
