// Who holds the counter, the shift, and what was recorded wrongly.
import { newID } from './id.js';
import { get } from './live.js';
import { value } from './record.js';

const $ = (id) => document.getElementById(id);
/** A choice by keys counts when no key could belong to a reader any more, ms. */
const STILL = 1600;

/** See documents.js for the parameters. */
export function createDuty({ dialogs, send, words, state, base, problem, printed }) {
  // The officer: whoever is chosen takes the counter.
  let timer = 0;
  let lastKey = -Infinity;
  const select = $('officer');

  function take() {
    clearTimeout(timer);
    const badge = select.value;
    const { holder, holderName } = state();
    if (!badge || badge === holder) return;
    const go = () => send('/holder', {});
    if (!holder) {
      go().then((r) => r.ok || problem(r));
      return;
    }
    select.value = holder; // nothing is taken until it is confirmed
    dialogs.show('ask', { title: words.takeOver.replace('{0}', holderName), text: words.takeOverText, label: words.take,
      send: () => send('/holder', { officer: badge }) });
  }

  addEventListener('keydown', (e) => { lastKey = e.timeStamp; }, true);
  select.addEventListener('change', (e) => {
    clearTimeout(timer);
    const pause = document.activeElement === select ? Math.max(0, STILL - (e.timeStamp - lastKey)) : 0;
    timer = setTimeout(take, pause);
  });
  select.addEventListener('blur', take);

  /** The view names the holder; the select follows unless somebody is choosing. */
  function follow() {
    const { holder } = state();
    if (holder && document.activeElement !== select) select.value = holder;
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
      const body = { change, crossing, reason: v.reason, second: v.second, note: v.note, values: {} };
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
      return send('/corrections', body);
    } });
  }

  function extend(crossing) {
    const change = newID();
    dialogs.show('extend', { send: (v) => send('/extensions', { ...v, change, crossing }) });
  }

  return { follow, shift, correct, extend, print: printed };
}
