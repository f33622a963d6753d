import { createDialogs } from './dialogs.js';
import { createDocuments } from './documents.js';
import { createDuty } from './duty.js';
import { replay, restore, secret, snapshot } from './field.js';
import { createFingers } from './fingers.js';
import { createGroup } from './group.js';
import { follow, panel, post, refocus, settle } from './live.js';
import { answers, first, go, isolated, keepTyped, label, mark, merge, missing } from './record.js';
import { createPortrait } from './portrait.js';
import { createPapers } from './papers.js';
import { createSecond } from './second.js';
import { keepSession } from './session.js';
import './training.js';
import { createWedge } from './wedge.js';

/** A verdict must have been on the screen for this long in ms before a key decides on it:
 * a key pressed by habit must not meet a traveller who has only just appeared. */
const ARMED = 400;

const $ = (id) => document.getElementById(id);
const work = $('work');
const base = `/counters/${encodeURIComponent(work.dataset.counter)}`;
const words = $('words').dataset; // texts for the script, from the template

const state = () => $('state').dataset;
const record = () => document.querySelector('[data-region="record"]');
let up = false; // the live stream is there
let view = null; // the last view, for filling in dialogs
let painted = { encounter: '', level: '', why: '', at: 0, ready: '', readyAt: 0 };
let sending = null; // about whom a decision is under way, and when its answer is there
let decided = ''; // the encounter that was decided last: never sent twice

function message(text, bad = false) {
  const line = $('message');
  if (!line) return; // the card covers the page
  line.textContent = text;
  line.classList.toggle('message--bad', bad);
}

function problem(r) {
  message([r.title, r.next].filter(Boolean).join(' ') || words.noAnswer, true);
}

function say(text) {
  if (!$('say')) return;
  $('say').textContent = '';
  $('say').textContent = text;
}

/** Sends what an officer does, about the open encounter unless the body names another. */
const send = (path, body, method) => post(base + path, { encounter: state().encounter, ...body }, method);

// Somebody goes on after the card: what is seen is what the station says now.
let painting = () => {};
const fresh = () => new Promise((resolve) => {
  painting = resolve;
  stream.resume();
});

const session = keepSession({
  counter: work.dataset.counter,
  away: () => {
    stream.pause();
    if (portrait.isOpen()) dialogs.close(); // no camera runs while nobody sees it
  },
  back: async (who, other) => {
    // What somebody else was about to do with a traveller is not gone on with.
    if (other) dialogs.over('encounter');
    await fresh();
    painted.at = performance.now();
    dialogs.seen();
    duty.arrive(who);
  },
  stays: (who) => who.counter === work.dataset.counter,
  free: () => !state().encounter && !state().group && !$('note').value && !document.querySelector('dialog[open]'),
});

const dialogs = createDialogs({ words, armed: ARMED, done: message, say });
const second = createSecond({ dialogs });
const shared = { dialogs, second, send, words, state, base, problem, say, scan, session, view: () => view };
const documents = createDocuments(shared);
const group = createGroup(shared);
const duty = createDuty({ ...shared, fresh: () => { stream.pause(); return fresh(); } });
const fingers = createFingers({ ...shared, act });
const papers = createPapers({ ...shared, ready, message, typeLines });
const portrait = createPortrait(shared);

// What the screen shows.

/** The station has another program by now, whose views this page may not understand: it is asked for anew, once. */
function renew(by) {
  let tried = '';
  try {
    tried = sessionStorage.getItem('garita-renewed');
    sessionStorage.setItem('garita-renewed', by);
  } catch { /* without a store it is asked for again and again, and never shows what it does not know */ }
  if (tried !== by) location.reload();
  else linked(false);
}

const put = panel(['r-record', 'r-shared'], merge);

/** The program that this page came with. */
const script = document.querySelector('script[src$="/counter.js"]')?.getAttribute('src');

function paint(data) {
  if (data.script !== script) {
    renew(data.script);
    return;
  }
  const before = state().encounter;
  view = data.view;
  const lost = put(data.regions);
  const s = state();
  $('stated-place').hidden = !s.date;
  duty.follow();
  fingers.follow();
  papers.follow();
  if (s.encounter !== before) {
    dialogs.over('encounter');
    $('note').value = '';
    if (s.encounter) message('');
  }
  let begin = null; // where the work on somebody else begins
  if (s.encounter !== painted.encounter || s.level !== painted.level || s.why !== painted.why) {
    if (s.encounter) {
      say(s.say);
      if (s.encounter !== painted.encounter) {
        if (!dialogs.isOpen()) begin = first(record());
      } else if (s.level !== painted.level) dialogs.over('verdict');
      else if ($('confirm').open) dialogs.over('verdict'); // it asked about another reason
    }
    painted = { ...painted, encounter: s.encounter, level: s.level, why: s.why, at: performance.now() };
  }
  // The focus is last: nothing changes after the page is laid out for it.
  if (begin) begin.focus();
  else refocus(lost);
  // A dialog that closes gives the focus back to what may have gone with the traveller.
  if (s.encounter !== before) settle();
  if (s.ready !== painted.ready) painted = { ...painted, ready: s.ready, readyAt: performance.now() };
  painting();
}

function linked(now) {
  up = now;
  if ($('link')) $('link').hidden = now; // the card may cover the page
  document.body.dataset.live = now ? 'on' : 'off';
}

const stream = follow(`/live${base}`, paint, linked);

// What is typed is kept by the station while it is typed.
keepTyped(async (form, values) => {
  if (session.isLocked() || state().holder !== session.badge()) return false; // said when somebody decides
  const r = await post(base + form.dataset.form, { encounter: form.dataset.of, values }, 'PUT');
  if (session.isLocked()) return false;
  if (!r.ok && form.dataset.of === (form.dataset.region === 'record' ? state().encounter : state().group)) problem(r);
  return r.ok;
});

// Deciding.

/** Whether who is signed in works here; says so if not. */
function officer() {
  const here = state().holder === session.badge();
  if (!here) {
    message(words.notHere, true);
    $('hold')?.focus();
  }
  return here;
}

function ready() {
  if (!up) message(words.noLink, true);
  else if (!state().encounter) message(words.nobody, true);
  else if (!officer()) return false;
  else return true;
  return false;
}

/** ready, and long enough on the screen to have been seen. */
function seen() {
  if (!ready()) return false;
  if (performance.now() - painted.at >= ARMED) return true;
  message(words.tooSoon, true);
  return false;
}

/** Says what is missing and goes there; false if nothing is. */
function incomplete() {
  const open = missing(record());
  if (open.length === 0) return false;
  mark(record());
  message(words.fillIn.replace('{0}', open.map(label).join(', ')), true);
  go(open[0]);
  return true;
}

function accept() {
  if (!seen() || incomplete()) return;
  const s = state();
  const { encounter } = s;
  if (s.level !== 'refer') {
    // An answer that is late comes while somebody else is on the screen: it must not seem to be about them.
    decide({ outcome: s.accept }).then((r) => (r.ok && state().encounter && state().encounter !== encounter ? say(r.text) : said(r)));
    return;
  }
  dialogs.show('confirm', { title: words.againstVerdict.replace('{0}', s.acceptWord), text: s.say, label: s.acceptWord, send: () => decide({ outcome: s.accept }) });
}

function said(r) {
  if (r.cancelled) return;
  if (r.ok) message(r.text);
  else if (r.code !== 'invalid' || !incomplete()) problem(r);
}

function refuse() {
  if (!ready()) return;
  const s = state();
  if (s.refuse === 'refused' && !s.refusable) message(words.own, true);
  else if (s.refuse === 'refused' && s.protected) message(words.protected, true);
  else {
    for (const el of document.querySelectorAll('#refuse [data-outcome]')) el.hidden = el.dataset.outcome !== s.refuse;
    dialogs.show('refuse', { title: s.refuseWord, label: s.refuseWord, fill: { note: $('note').value }, send: (v) => decide({ outcome: s.refuse, ...v }) });
  }
}

function withdraw() {
  if (!ready()) return;
  if (state().protected) message(words.protected, true);
  else dialogs.show('confirm', { title: words.withdraw, text: words.withdrawText, label: words.yes, send: () => decide({ outcome: 'withdrawn' }) });
}

/**
 * Sends a decision once. If the answer about whoever was here before is still to come, it waits for that; if the
 * person has gone meanwhile, or the card is there, nothing is sent: the form is another's by then.
 */
async function decide(body) {
  const { encounter, revision } = state();
  if (sending && sending.encounter !== encounter) {
    await sending.answered;
    if (state().encounter !== encounter || session.isLocked()) return { ok: false, title: words.nobody };
  }
  if (sending || !officer() || encounter === decided) return { ok: false, title: words.nobody };
  let answered;
  sending = { encounter, answered: new Promise((r) => { answered = r; }) };
  const refuses = body.outcome === 'refused' || body.outcome === 'departure_prevented';
  const about = refuses ? { action: 'refuse', text: words.secondRefuse } : { action: 'hit.override', text: words.secondOverride };
  try {
    const r = await second.either(about, (word) => send('/decisions', { encounter, revision: Number(revision), note: $('note').value,
      stated_date: state().date ? $('stated').value : '', values: answers(record()), continues: $('continues')?.value ?? '', ...body, ...word }));
    if (r.ok) {
      decided = encounter;
      if ($('note')) $('note').value = '';
    } else if (r.code === 'stale') {
      painted.at = performance.now();
      say(`${r.title} ${state().say}`);
    }
    return r;
  } finally {
    sending = null;
    answered();
  }
}

// What else is done about a traveller.

async function act(path, body, method) {
  const r = await send(path, body, method);
  if (!r.ok) problem(r);
  else if (r.text) message(r.text);
  return r.ok;
}

function next() {
  const s = state();
  if (s.group && s.look) return officer() && act('/group/selected', { encounter: s.look });
  if (s.next && !s.encounter) return officer() && act('/call-up', { encounter: s.next });
  return message(s.group ? words.nobodyLook : words.nobodyWaits, true);
}

const turn = () => officer() && act('/direction', { direction: state().direction === 'exit' ? 'entry' : 'exit' });

/** Notes a need for protection; what the note says goes with it, and nowhere else. */
async function need(kind) {
  if (!seen()) return;
  if (await act('/needs', { kind, reason: $('note').value }) && $('note')) $('note').value = '';
}

function admitGroup() {
  if (!state().group) message(words.noGroup, true);
  else if (!state().ready) message(words.notReady, true);
  else if (performance.now() - painted.readyAt < ARMED) message(words.tooSoon, true);
  else if (officer()) group.admit().then((r) => (r.ok ? message(r.text) : problem(r)));
}

function take(encounter) {
  if (state().encounter) message(words.finish, true);
  else if (officer()) act('/taken', { encounter });
}

function abandon(encounter) {
  const who = [view?.encounter, ...(view?.queue ?? [])].find((x) => x?.id === encounter);
  const name = who?.document ?? who;
  if (officer()) dialogs.show('abandon', { text: name ? isolated(`${name.surname}, ${name.given_names}`) : '', send: (v) => send('/abandoned', { ...v, encounter }) });
}

function join(encounter, name) {
  if (ready()) {
    const open = state().encounter;
    dialogs.show('ask', { of: 'encounter', title: words.join.replace('{0}', isolated(name)), text: words.joinText, label: words.joinSend, send: () => send('/joined', { encounter: open, waiting: encounter }) });
  }
}

/** Goes to the post's list. */
function referrals() {
  const button = document.querySelector('[data-act="take"]');
  if (button) button.focus();
  else message(words.nobodyReferred);
}

/** Opens the fold of what is known, or closes it. */
function unfold() {
  const fold = $('known');
  if (!fold) return;
  fold.open = !fold.open;
  (fold.open ? fold.querySelector('select, input') : first(record()))?.focus();
}

// Documents that come through the browser.

async function scan(text, source) {
  const r = await post(`${base}/scans`, { text, source });
  if (!r.ok && source === 'wedge') problem(r);
  return r;
}

/** Opens the dialog for typing a zone with these lines in it. */
function typeLines(lines) {
  documents.type();
  $('keyed-text').value = lines;
  $('keyed-text').dispatchEvent(new Event('input'));
}

// Keys. None that a scanner can send is among them.

const keys = {
  F1: unfold,
  F2: next,
  F3: () => ready() && dialogs.show('refer', { fill: { note: $('note').value }, send: (v) => send('/referrals', v) }),
  F4: turn,
  F6: documents.type,
  F7: () => ready() && dialogs.show('handover', { send: (v) => decide({ outcome: 'handed_over', ...v }) }),
  F8: accept,
  F9: refuse,
  F10: withdraw,
  'Control+F6': () => ready() && portrait.open(),
  'Control+F3': () => papers.attach(),
  'Control+F7': () => seen() && fingers.take(),
  'Control+F8': () => ready() && fingers.not(),
  'Control+F9': () => need('asks_protection'),
  'Control+F10': () => need('child_alone'),
  'Control+F11': () => need('needs_help'),
  'Shift+F1': duty.shift,
  'Shift+F2': () => officer() && group.open(),
  'Shift+F3': referrals,
  'Shift+F4': () => officer() && documents.paper(),
  'Shift+F6': () => ready() && documents.add(),
  'Shift+F7': () => officer() && duty.correct(),
  'Shift+F8': admitGroup,
  'Control+F2': duty.change,
  'Shift+F9': () => ready() && state().protected && dialogs.show('lift', { send: (v) => second.either({ action: 'protection.lift', text: words.secondLift },
    (word) => send('/needs-lifted', { ...v, ...word })) }),
  'Shift+F10': () => ready() && abandon(state().encounter),
};

function press(key) {
  if (!dialogs.isOpen()) {
    if (!document.querySelector('dialog:modal')) keys[key](); // behind a dialog, whoever's it is, nothing is decided
  }
  else if (key === 'F8') dialogs.send();
  else if (key === 'F6' && second.isOpen()) second.turn();
  else if (key === 'F6' && $('keyed').open) documents.turn();
  else if (key === 'F6' && portrait.isOpen()) portrait.again();
}

const wedge = createWedge({
  snapshot,
  restore,
  replay,
  secret,
  // While the card is there, a document is not read: nobody would see whose it is.
  scan: (text) => (session.isLocked() ? undefined : scan(text, 'wedge')),
  later: (fn, ms) => setTimeout(fn, ms),
  cancel: (t) => clearTimeout(t),
});

/** Buttons of decisions: these have their own keys, also when the button has the focus. */
const DECIDES = '[data-key^="F"], [data-key="Shift+F8"], [data-key^="Control"], [data-act="send"]';

const chord = (e) => (e.ctrlKey ? 'Control+' : '') + (e.shiftKey ? 'Shift+' : '') + e.key;

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
  if (e.altKey || e.metaKey || session.isLocked()) return;
  if (e.key === 'Enter' && e.target.closest?.('#switch-officer input')) {
    e.preventDefault();
    if (!e.repeat) dialogs.send();
  } else if (Object.hasOwn(keys, chord(e))) {
    e.preventDefault();
    if (!e.repeat) press(chord(e));
  } else if ((e.key === 'Enter' || e.key === ' ') && e.target.closest?.(DECIDES)) {
    e.preventDefault();
  }
}, true);

addEventListener('keyup', (e) => {
  if (e.key === ' ' && e.target.closest?.(DECIDES)) e.preventDefault();
}, true);

const acts = {
  ...papers.acts,
  call: (b) => officer() && act('/call-up', { encounter: b.encounter }),
  take: (b) => take(b.encounter),
  join: (b) => join(b.encounter, b.name),
  abandon: (b) => abandon(b.encounter),
  select: (b) => officer() && act('/group/selected', { encounter: b.encounter }),
  adult: (b) => officer() && group.adult(b.encounter),
  share: group.share,
  import: () => officer() && group.importList(),
  'close-group': () => { const why = officer() && group.close(); if (why) message(why, true); },
  edit: () => ready() && documents.replace(),
  extend: (b) => officer() && duty.extend(b.crossing),
  degrade: () => officer() && fingers.degrade(),
  restore: () => officer() && fingers.restore(),
  acknowledge: (b) => officer() && act('/late-hits', { id: b.id }),
  present: (b) => act('/present', { index: Number(b.index) }),
  way: (b) => documents.turn(b.to),
  hold: duty.take,
  change: duty.change,
  'portrait-again': portrait.again,
  'second-way': (b) => second.turn(b.to),
  'second-key': second.byKey,
  send: dialogs.send,
  close: dialogs.close,
  print: () => print(),
};

addEventListener('click', (e) => {
  const button = e.target.closest?.('button');
  if (!button) return;
  const { key, act: name } = button.dataset;
  if (key) press(key);
  else if (name) acts[name]?.(button.dataset);
});
