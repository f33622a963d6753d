// Who is signed in on this page: the card that covers it when they have gone, and how they, or
// somebody else, go on. While the card is there the page is not in the document, only kept aside
// with what was typed in it; what it shows is asked for anew afterwards.
import './help.js';
import { again, keepLanguage } from './language.js';
import { get, post, whenSignedOut } from './live.js';
import { askKey, canAsk } from './passkey.js';

const $ = (id) => document.getElementById(id);

/** Other windows of this browser hear of input this often at most, in ms. */
const TELL = 5000;

/** A page is shown in another language only after this long without input, in ms: no reader types into nothing meanwhile. */
const STILL = 3000;

/** Asks for a supervisor where the roster has expired. What was said of it stays for the next time. */
export function approver(prefix, answer) {
  if (answer.code !== 'second_needed') return;
  $(`${prefix}-approver`).hidden = false;
  $(`${prefix}-approver-badge`).focus();
}

/**
 * @param {object} on
 * @param {string} [on.counter]  where the page works
 * @param {() => void} [on.away]  the page is about to be covered
 * @param {(who: object, other: boolean) => void | Promise<void>} [on.back]  somebody goes on, another
 *   officer or the same: the page is there again and stays unseen until this is done
 * @param {(who: object) => boolean} [on.stays]  whether another officer goes on with this page; else
 *   they are led to where their work begins
 * @param {() => boolean} [on.free]  whether nothing is lost when the page is shown anew: until then it goes
 *   on in the language in which it was begun
 */
export function keepSession({ counter = '', away = () => {}, back = () => {}, stays = () => false, free = () => true } = {}) {
  const card = $('lock');
  const { body } = document;
  const nobody = { badge: () => '', leave() {}, took() {}, ended() { location.reload(); }, isLocked: () => false };
  if (!card) return nobody;
  const words = $('lock-form').dataset;
  const idle = Number(body.dataset.idle) * 1000;
  const channel = new BroadcastChannel('garita-session');
  keepLanguage(channel);
  let behind = null; // what the card covers
  let focused = null; // where somebody worked last
  let last = performance.now();
  let told = 0;
  let sending = false;
  let waits = 0; // for a moment in which the page can be shown in another language

  /** The page speaks another officer's language: it is shown anew as soon as nobody loses anything by it. */
  function speak(language) {
    clearInterval(waits);
    if (!language || language === document.documentElement.lang) return;
    const anew = () => {
      if (behind || !free() || performance.now() - last < STILL) return;
      clearInterval(waits);
      again();
    };
    waits = setInterval(anew, 400);
    anew();
  }

  const badge = () => body.dataset.badge;

  function show(who) {
    body.dataset.badge = who.badge;
    body.dataset.name = who.name;
    for (const [id, text] of [['who-name', who.name], ['who-badge', who.badge], ['who-roles', who.role_words], ['lock-name', who.name]]) {
      if ($(id)) $(id).textContent = text;
    }
    if ($('who-overdue')) $('who-overdue').hidden = !who.overdue;
  }

  /** Covers the page. */
  function lock(why) {
    if (behind) return;
    away();
    for (const d of document.querySelectorAll('dialog[open]')) d.dataset.was = d.matches(':modal') ? 'modal' : 'open';
    behind = document.createDocumentFragment();
    for (const el of [...body.children]) if (el !== card && el.localName !== 'script') behind.append(el);
    body.classList.add('locked');
    body.dataset.title = document.title;
    document.title = $('lock-title').textContent;
    $('lock-why').textContent = why;
    $('lock-message').textContent = '';
    $('lock-badge').value = badge();
    $('lock-pin').value = '';
    card.hidden = false;
    $('lock-pin').focus();
  }

  /** The page is there again, for whoever has signed in. */
  async function unlock(who) {
    if (!behind) return;
    if (who.badge !== badge() && !stays(who)) {
      location.replace(who.start);
      return;
    }
    const other = who.badge !== badge();
    card.hidden = true;
    $('lock-pin').value = '';
    body.classList.add('thawing');
    body.classList.remove('locked');
    body.append(behind);
    body.append(card);
    behind = null;
    show(who);
    document.title = body.dataset.title;
    last = performance.now();
    for (const d of document.querySelectorAll('dialog[data-was]')) {
      d.removeAttribute('open');
      if (d.dataset.was === 'modal') d.showModal();
      else d.show();
      delete d.dataset.was;
    }
    try {
      await back(who, other);
    } finally {
      body.classList.remove('thawing');
      if (focused?.isConnected) focused.focus();
      speak(who.language);
    }
  }

  async function send(ask) {
    if (sending) return;
    sending = true;
    $('lock-message').textContent = '';
    try {
      const r = await ask();
      for (const id of ['lock-pin', 'lock-approver-pin']) $(id).value = '';
      if (r.ok && r.must_change) location.replace(r.start);
      else if (r.ok) {
        channel.postMessage({ signedIn: r.badge });
        await unlock(r);
      } else {
        $('lock-message').textContent = [r.title, r.next].filter(Boolean).join(' ') || words.noAnswer;
        $('lock-pin').focus();
        approver('lock', r);
      }
    } finally {
      sending = false;
    }
  }

  $('lock-form').addEventListener('submit', (e) => {
    e.preventDefault();
    const given = Object.fromEntries(new FormData(e.target));
    send(() => post('/session', { ...given, badge: given.badge.trim(), counter }));
  });
  const key = $('lock-passkey');
  if (key) {
    key.hidden = !canAsk();
    key.addEventListener('click', () => send(() => askKey('/session/passkey', { counter })));
  }

  /** Covers the page and locks the session: whoever has the machine now has nothing. */
  function leave(why) {
    if (behind) return;
    lock(why);
    channel.postMessage({ left: true });
    post('/session/lock', {});
  }

  whenSignedOut(() => lock(words.ended));

  const input = (e) => {
    if (!e.isTrusted || behind) return;
    last = performance.now();
    if (last - told > TELL) {
      told = last;
      channel.postMessage({ input: true });
    }
  };
  for (const type of ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart']) addEventListener(type, input, { capture: true, passive: true });
  if (idle > 0) {
    setInterval(() => {
      if (!behind && performance.now() - last >= idle) leave(words.idle);
    }, Math.min(1000, idle / 4));
  }

  /** Another window has signed somebody in: this officer again, or another one, whose session this
   * window's is now as well. */
  async function look(signedIn) {
    if (!behind && signedIn === badge()) return;
    const r = await get('/session');
    if (!r.ok || (counter && r.counter !== counter)) return;
    if (behind && r.badge === badge()) unlock(r);
    if (behind || r.badge === badge()) return;
    if (!stays(r)) {
      location.replace(r.start);
      return;
    }
    away(); // what came for the last officer ends
    show(r);
    await back(r, true);
    speak(r.language);
  }
  channel.addEventListener('message', ({ data }) => {
    if (data.input) last = performance.now();
    if (data.left) lock(words.elsewhere);
    if (data.signedIn) look(data.signedIn);
    if (data.language) speak(data.language);
  });

  addEventListener('focusin', ({ target }) => {
    if (!behind && !target.closest('.who')) focused = target;
  });
  addEventListener('click', (e) => {
    if (e.target.closest?.('[data-session="lock"]')) leave('');
  });
  // A page that the browser kept aside is not shown to whoever comes after a sign-out.
  addEventListener('pageshow', (e) => { if (e.persisted) location.reload(); });

  return {
    badge,
    leave,
    /** Another officer has signed in on this page, which goes on. */
    took(who) {
      show(who);
      channel.postMessage({ signedIn: who.badge });
      speak(who.language);
    },
    /** The server has said that the session is over. */
    ended: () => lock(words.ended),
    isLocked: () => behind !== null,
  };
}
