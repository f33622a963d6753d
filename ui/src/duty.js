// Who holds the counter, the shift, and what was recorded wrongly.
import { newID } from './id.js';
import { get, post } from './live.js';
import { isolated, value } from './record.js';
import { approver } from './session.js';

const $ = (id) => document.getElementById(id);

/** See documents.js for the parameters; fresh asks the station for the whole screen anew. */
export function createDuty({ dialogs, second, send, words, state, base, problem, session, fresh }) {
  let arriving = true; // whoever signs in at a counter that nobody holds works there

  /** Takes the counter for who is signed in. */
  async function hold() {
    const r = await send('/holder', {});
    if (!r.ok) problem(r);
    return r;
  }

  /** Takes the counter, also from somebody else. */
  function take() {
    const { holder, holderName } = state();
    if (!holder) hold();
    else if (holder !== session.badge()) {
      dialogs.show('ask', { title: words.takeOver.replace('{0}', isolated(holderName)), text: words.takeOverText, label: words.take, send: () => send('/holder', {}) });
    }
  }

  /** Another officer goes on at this counter: badge and PIN, and nothing else changes. */
  function change() {
    dialogs.show('switch-officer', { send: async (v) => {
      const r = await post('/session', { ...v, counter: $('work').dataset.counter });
      if (!r.ok) {
        $('switch-pin').value = '';
        $('switch-pin').focus();
        approver('switch', r);
        return r;
      }
      if (r.must_change || r.counter !== $('work').dataset.counter) {
        location.replace(r.start);
        return { ok: true };
      }
      session.took(r);
      await hold();
      await fresh();
      return { ok: true };
    } });
  }

  /** Somebody has signed in at the card: they work here now. */
  function arrive(who) {
    if (state().holder !== who.badge) hold();
  }

  function follow() {
    const { holder } = state();
    const button = $('hold');
    if (button) button.hidden = holder === session.badge();
    document.body.toggleAttribute('data-mine', holder === session.badge());
    if (arriving && !holder) hold();
    arriving = false;
  }

  // The shift.
  async function shift() {
    const r = await get(`${base}/shift`);
    if (!r.ok) {
      problem(r);
      return;
    }
    const d = $('shift');
    const body = d.querySelector('[data-body]');
    const show = (html) => {
      body.innerHTML = html;
      const now = $('report').dataset.state;
      d.querySelector('[data-act="send"]').hidden = now === 'closed';
      d.querySelector('[data-send]').textContent = now === 'none' ? words.openShift : words.closeShift;
      $('shift-print').hidden = now === 'none';
    };
    show(r.html);
    dialogs.show('shift', { send: async () => {
      if ($('report').dataset.state === 'none') return send('/shift', {});
      const closed = await send('/shift-closed', {});
      if (!closed.ok) return closed;
      show(closed.html);
      body.focus();
      return { ...closed, stay: true };
    } });
  }

  // Corrections.
  async function correct() {
    const crossing = state().last;
    if (!crossing) {
      problem({ title: words.nothingLast });
      return;
    }
    const r = await get(`${base}/crossings/${crossing}`);
    if (!r.ok) {
      problem(r);
      return;
    }
    $('correct').querySelector('[data-body]').innerHTML = r.html;
    const change = newID(); // sent again, it is recorded once
    dialogs.show('correct', { keep: true, send: (v, d) => {
      const body = { change, crossing, reason: v.reason, note: v.note, values: {} };
      const wrong = (el) => value(el) !== el.dataset.value;
      let any = false;
      for (const name of ['direction', 'outcome', 'ground']) {
        const el = $(`c-${name}`);
        if (wrong(el)) any = body[name] = value(el);
      }
      if (body.outcome && $('c-ground').value) body.ground = $('c-ground').value;
      for (const f of d.querySelectorAll('[data-field]')) {
        const el = f.querySelector('select, input');
        if (wrong(el)) {
          any = true;
          body.values[f.dataset.field] = value(el);
        }
      }
      const particulars = [...d.querySelectorAll('[data-particular]')];
      if (particulars.some(wrong)) {
        any = true;
        body.particulars = Object.fromEntries(particulars.map((el) => [el.dataset.particular, value(el)]));
      }
      if (any === false) return { ok: false, title: words.nothingChanged };
      return second.either({ action: 'record.late', text: words.secondCorrect }, (word) => send('/corrections', { ...body, ...word }));
    } });
  }

  function extend(crossing) {
    const change = newID();
    dialogs.show('extend', { send: (v) => send('/extensions', { ...v, change, crossing }) });
  }

  return { follow, take, change, arrive, shift, correct, extend };
}
