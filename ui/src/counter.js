import { createWedge } from './wedge.js';
import { replay, restore, snapshot } from './field.js';
import { follow, post, swap } from './live.js';

/** A verdict must have been on the screen for this long in ms before a key decides on it:
 * a key pressed by habit must not meet a traveller who has only just appeared. */
const ARMED = 400;

const $ = (id) => document.getElementById(id);
const work = $('work');
const base = `/counters/${encodeURIComponent(work.dataset.counter)}`;
const words = $('words').dataset; // texts for the script, from the template

const state = () => $('state').dataset;
let up = false; // the live stream is there
let painted = { encounter: '', level: '', at: 0 };
let sending = false;
let decided = ''; // the encounter that was decided last: never sent twice
let choice = null; // outcome that waits for its confirming key

function message(text, bad = false) {
  $('message').textContent = text;
  $('message').classList.toggle('message--bad', bad);
}

function problem(r) {
  message([r.title, r.next].filter(Boolean).join(' ') || words.noAnswer, true);
}

function say(text) {
  $('say').textContent = '';
  $('say').textContent = text;
}

// What the screen shows.

function paint(data) {
  const before = state().encounter;
  swap(data.html);
  const s = state();
  $('stated-place').hidden = !s.date;
  if (s.encounter !== before) {
    closeConfirm(false);
    $('note').value = '';
    if (s.encounter) message('');
  }
  if (s.encounter !== painted.encounter || s.level !== painted.level) {
    if (s.encounter) {
      say(s.say);
      if (s.encounter === painted.encounter) closeConfirm(true);
    }
    painted = { encounter: s.encounter, level: s.level, at: performance.now() };
  }
}

follow(`/live${base}`, paint, (now) => {
  up = now;
  $('link').hidden = now;
  document.body.dataset.live = now ? 'on' : 'off';
});

// Deciding.

function officer() {
  const badge = $('officer').value;
  if (!badge) {
    message(words.noOfficer, true);
    $('officer').focus();
  }
  return badge;
}

function ready() {
  if (!up) message(words.noLink, true);
  else if (!state().encounter) message(words.nobody, true);
  else if (!officer()) return false;
  else return true;
  return false;
}

function openConfirm(outcome, title) {
  choice = { outcome, encounter: state().encounter, at: performance.now() };
  $('confirm-title').textContent = title;
  choice.grounded = outcome === 'refused' || outcome === 'departure_prevented';
  $('ground-place').hidden = !choice.grounded;
  $('confirm').hidden = false;
  $('ground').value = '';
  if (choice.grounded) $('ground').focus();
  message('');
  say(title);
}

function closeConfirm(keepMessage) {
  if (!choice) return;
  choice = null;
  if ($('confirm').contains(document.activeElement)) document.activeElement.blur();
  $('confirm').hidden = true;
  if (!keepMessage) message('');
}

function accept() {
  if (!ready()) return;
  const s = state();
  if (choice) confirm();
  else if (performance.now() - painted.at < ARMED) message(words.tooSoon, true);
  else if (s.level === 'refer') openConfirm(s.accept, words.againstVerdict.replace('{0}', s.acceptWord));
  else decide(s.accept, '');
}

function confirm() {
  if (performance.now() - choice.at < ARMED) return;
  if (choice.grounded && !$('ground').value) {
    message(words.noGround, true);
    $('ground').focus();
    return;
  }
  decide(choice.outcome, choice.grounded ? $('ground').value : '');
}

async function decide(outcome, ground) {
  const { encounter, revision } = state();
  const badge = officer();
  if (sending || !badge || encounter === decided) return;
  sending = true;
  try {
    const r = await post(`${base}/decisions`, { encounter, revision: Number(revision), outcome, ground, note: $('note').value, stated_date: state().date ? $('stated').value : '', officer: badge });
    closeConfirm(true);
    if (r.ok) {
      decided = encounter;
      $('note').value = '';
      message(r.text);
      return;
    }
    problem(r);
    if (r.code === 'stale') {
      painted.at = performance.now();
      say(`${r.title} ${state().say}`);
    }
  } finally {
    sending = false;
  }
}

async function act(path, body) {
  const r = await post(base + path, body);
  if (!r.ok) problem(r);
  return r.ok;
}

function callUp(encounter) {
  if (!encounter) message(words.nobodyWaits, true);
  else if (officer()) act('/call-up', { encounter, officer: $('officer').value });
}

function turn() {
  if (officer()) act('/direction', { direction: state().direction === 'exit' ? 'entry' : 'exit', officer: $('officer').value });
}

// Documents that come through the browser.

async function scan(text, source) {
  const r = await post(`${base}/scans`, { text, source });
  if (!r.ok && source === 'wedge') problem(r);
  return r;
}

function openKeyed() {
  $('keyed-message').textContent = '';
  $('keyed').showModal();
  $('keyed-text').focus();
}

async function sendKeyed() {
  if (sending) return;
  sending = true;
  const r = await scan($('keyed-text').value.toUpperCase(), 'keyed');
  sending = false;
  if (!r.ok) {
    $('keyed-message').textContent = [r.title, r.next].filter(Boolean).join(' ') || words.noAnswer;
    return;
  }
  $('keyed-text').value = '';
  lengths();
  $('keyed').close();
}

function lengths() {
  const n = $('keyed-text').value.split('\n').map((l) => l.trim().length).filter(Boolean);
  $('keyed-count').textContent = words.lengths.replace('{0}', n.join(' + ') || '0');
}

// Keys. None that a scanner can send is among them.

const keys = {
  F2: () => callUp(state().next),
  F4: turn,
  F6: openKeyed,
  F8: accept,
  F9: () => ready() && openConfirm(state().refuse, state().refuseWord),
  F10: () => ready() && openConfirm('withdrawn', words.withdraw),
};

function press(key) {
  if ($('keyed').open) {
    if (key === 'F8') sendKeyed();
    return;
  }
  keys[key]();
}

const wedge = createWedge({
  snapshot,
  restore,
  replay,
  scan: (text) => scan(text, 'wedge'),
  later: (fn, ms) => setTimeout(fn, ms),
  cancel: (t) => clearTimeout(t),
});

addEventListener('keydown', (e) => {
  const taken = wedge.key({
    key: e.key, ctrl: e.ctrlKey, alt: e.altKey, meta: e.metaKey, shift: e.shiftKey,
    altGraph: e.getModifierState('AltGraph'), repeat: e.repeat, time: e.timeStamp,
  });
  if (taken) {
    e.preventDefault();
    e.stopPropagation();
    return;
  }
  if (e.ctrlKey || e.altKey || e.metaKey || e.shiftKey) return;
  if (Object.hasOwn(keys, e.key)) {
    e.preventDefault();
    if (!e.repeat) press(e.key);
  } else if (e.key === 'Escape' && choice && !$('keyed').open) {
    closeConfirm(false);
  } else if ((e.key === 'Enter' || e.key === ' ') && e.target.closest?.('[data-key]')) {
    e.preventDefault(); // a decision has its own keys, also when its button has the focus
  }
}, true);

addEventListener('keyup', (e) => {
  if (e.key === ' ' && e.target.closest?.('[data-key]')) e.preventDefault();
}, true);

addEventListener('click', (e) => {
  const button = e.target.closest?.('button');
  if (!button) return;
  const { key, act: name, encounter, index } = button.dataset;
  if (key) press(key);
  else if (name === 'call') callUp(encounter);
  else if (name === 'present') act('/present', { index: Number(index) });
  else if (name === 'keyed-send') sendKeyed();
  else if (name === 'keyed-close') $('keyed').close();
});

$('keyed-text').addEventListener('input', lengths);
lengths();

// The officer stays chosen on this machine; it is a badge, not a traveller.
const remembered = `garita.officer.${work.dataset.counter}`;
$('officer').value = localStorage.getItem(remembered) ?? '';
if ($('officer').selectedIndex < 0) $('officer').value = '';
$('officer').addEventListener('change', () => {
  localStorage.setItem(remembered, $('officer').value);
  if ($('officer').value) message('');
});
