// The second person: with their own badge and PIN, or their own key; or nobody can be reached,
// and the reason is reviewed by the hub.
import { post } from './live.js';
import { askKey, canAsk } from './passkey.js';

const $ = (id) => document.getElementById(id);
const WAYS = ['agrees', 'awaiting'];

/** @param {{dialogs: ReturnType<typeof import('./dialogs.js').createDialogs>}} on */
export function createSecond({ dialogs }) {
  let way = WAYS[0];
  let about = null; // what is asked for just now
  let given = null;

  /** Turns to a way, or to the other one. */
  function turn(to) {
    if (!about?.awaits) to = WAYS[0];
    way = to ?? WAYS[(WAYS.indexOf(way) + 1) % WAYS.length];
    for (const w of WAYS) {
      document.querySelector(`#second [data-second="${w}"]`).hidden = w !== way;
      $(`second-way-${w}`).setAttribute('aria-pressed', String(w === way));
    }
    $('second-ways').hidden = !about?.awaits;
    $('second-send').textContent = way === 'agrees' ? $('second').dataset.agree : $('second').dataset.go;
    if ($('second').open) $(way === 'agrees' ? 'second-badge' : 'second-why').focus();
  }

  async function word(v) {
    if (way === 'awaiting') return { ok: true, word: { awaiting: v.awaiting } };
    const r = await post('/seconds', { action: about.action, badge: v.badge, pin: v.pin });
    if (r.ok) return { ok: true, word: { second: r.token } };
    $('second-pin').value = '';
    $('second-pin').focus();
    return r;
  }

  /** Asks for the second person's word: {second} or {awaiting}; null if there is none. */
  function ask(what) {
    return new Promise((resolve) => {
      about = { awaits: true, ...what };
      given = null;
      turn(WAYS[0]);
      const key = $('second-passkey');
      if (key) key.hidden = !canAsk();
      dialogs.show('second', { over: true, text: about.text, closed: () => resolve(given),
        send: async (v) => {
          const r = await word(v);
          given = r.word ?? null;
          return r.ok ? { ok: true } : r;
        } });
    });
  }

  /** Has a key agree. */
  async function byKey() {
    const r = await askKey('/seconds/passkey', { action: about.action });
    if (!r.ok) {
      dialogs.message($('second'), [r.title, r.next].filter(Boolean).join(' '));
      return;
    }
    given = { second: r.token };
    dialogs.close();
  }

  /** Sends a request with the second person's word. */
  async function agree(what, request) {
    const w = await ask(what);
    return w ? request(w) : { ok: false, cancelled: true };
  }

  return {
    agree,
    turn,
    byKey,
    isOpen: () => $('second')?.open === true,
    /** Sends a request, and again with a second person's word if it takes one. */
    async either(what, request) {
      const r = await request({});
      return r.code === 'second_needed' ? agree(what, request) : r;
    },
  };
}
