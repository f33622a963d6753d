// What the hub's pages share: a page that keeps itself up to date, the card that covers it, and
// forms that take a second person.
import { createDialogs } from './dialogs.js';
import { swap } from './live.js';
import { createSecond } from './second.js';
import { keepSession } from './session.js';
import { untouched } from './typed.js';

/** How often a page looks for news, in ms, and how long an answer may take. */
const EVERY = 5000;
const PATIENCE = 12000;

/** How long the second person's dialog must have been there before F8 sends it, in ms. */
const ARMED = 400;

/**
 * Makes a page of the hub. Asks for it again and again, if there is a request for it, and puts the
 * regions that changed in their places.
 * @param {() => [string, RequestInit]} [request]
 * @param {object} [live]
 * @param {() => void} [live.away]  ends what keeps the page up to date otherwise
 * @param {() => void} [live.back]  begins it again
 * @param {number} [live.every]  how often the page is asked for, in ms
 * @param {(html: string) => void} [live.put]  puts what came in its place
 */
export function hub(request, { away, back, every = EVERY, put = swap } = {}) {
  const session = keepSession({ away, back: back ?? (() => look()), free: untouched });
  forms();

  async function look() {
    if (!request || session.isLocked()) return;
    try {
      const [url, init] = request();
      const r = await fetch(url, { ...init, headers: { Accept: 'text/html', 'X-Garita-Refresh': '1' }, signal: AbortSignal.timeout(PATIENCE) });
      if (r.redirected && new URL(r.url).pathname === '/signin') {
        session.ended();
        return;
      }
      if (!r.ok) throw new Error('refused');
      const html = await r.text();
      if (session.isLocked()) return;
      put(html);
      link(true);
    } catch {
      link(false);
    }
  }

  if (request) {
    let waits = 0; // for the next look; 0 while looking
    const again = async () => {
      waits = 0;
      const busy = document.querySelector('[data-region] :is(input, select, textarea):focus, [data-region] details[open]');
      if (!document.hidden && !busy) await look();
      waits = setTimeout(again, every);
    };
    waits = setTimeout(again, every);
    // Whoever comes back to a page that was behind another sees what is true now.
    document.addEventListener('visibilitychange', () => {
      if (!waits || document.hidden) return;
      clearTimeout(waits);
      again();
    });
  }
  // After a form came back with what was wrong, that is where people look first.
  document.getElementById('trouble')?.scrollIntoView({ block: 'center' });
  return session;
}

function link(up) {
  const lost = document.getElementById('link');
  if (lost) lost.hidden = up;
}

/** A form or button with data-second takes a second person before it is sent. */
function forms() {
  const words = document.getElementById('second')?.dataset;
  if (!words) return;
  const dialogs = createDialogs({ words: { choose: words.choose, noAnswer: words.noAnswer }, armed: ARMED, done: () => {}, say: () => {} });
  const second = createSecond({ dialogs });
  const agreed = new WeakSet();

  addEventListener('submit', async (e) => {
    const form = e.target;
    const asks = e.submitter?.dataset.second ? e.submitter.dataset : form.dataset;
    if (!asks.second || agreed.has(form)) {
      agreed.delete(form);
      return;
    }
    e.preventDefault();
    const word = await second.ask({ action: asks.second, text: asks.secondText ?? '', awaits: asks.secondAlways === undefined });
    if (!word) return;
    for (const name of ['second', 'awaiting']) {
      let field = form.elements.namedItem(name);
      if (!field) {
        field = Object.assign(document.createElement('input'), { type: 'hidden', name });
        form.append(field);
      }
      field.value = word[name] ?? '';
    }
    agreed.add(form);
    form.requestSubmit(e.submitter);
  });
  addEventListener('keydown', (e) => {
    if (!dialogs.isOpen() || e.repeat) return;
    if (e.key === 'F8') dialogs.send();
    else if (e.key === 'F6') second.turn();
    else return;
    e.preventDefault();
  });
  addEventListener('click', (e) => {
    const { act, to } = e.target.closest?.('button')?.dataset ?? {};
    if (act === 'send') dialogs.send();
    else if (act === 'close') dialogs.close();
    else if (act === 'second-way') second.turn(to);
    else if (act === 'second-key') second.byKey();
  });
}
