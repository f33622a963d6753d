// Keeps a page up to date: one event stream, and each region that changed put in its place.

/** A stream that is silent for this long in ms is dead: it beats every two seconds. */
const SILENCE = 6500;
const AGAIN = 500;
/** How long in ms a shared worker may take to say whether it is there. */
const ANSWER = 1500;
/** How long an answer may take, in ms. */
const PATIENCE = 12000;

let signedOut = () => {};

/** Whoever keeps the session is told when the server says that nobody is signed in any more. */
export const whenSignedOut = (tell) => { signedOut = tell; };

/**
 * Follows a stream for as long as the page lives: on the one stream that all windows of this browser
 * share, where it has shared workers.
 * @param {string} url  of the screen's own stream, "/live/TOPIC"
 * @param {(data: any) => void} view  gets the data of each event "view"
 * @param {(up: boolean) => void} link  is told when the connection is lost and found
 * @returns {{pause: () => void, resume: () => void}}
 */
export function follow(url, view, link) {
  const { worker } = document.body.dataset;
  return worker && typeof SharedWorker !== 'undefined' ? shared(worker, url, view, link) : alone(url, view, link);
}

function shared(script, url, view, link) {
  const topic = url.slice('/live/'.length);
  let port = null;
  let lock = ''; // held for as long as this page lives
  let paused = false;
  let instead = null; // a stream of this page alone, where no worker answers
  let silence = 0;
  const hear = ({ data }) => {
    watch();
    if (paused) return; // it crossed with the page's own word
    if ('up' in data) link(data.up);
    if (data.view) {
      link(true);
      view(JSON.parse(data.view));
    }
    if (data.refused) link(false);
    if (data.refused || data.ended) get('/session'); // says so if it is because nobody is signed in
  };
  const follows = () => {
    port.postMessage({ follow: topic, as: `${document.body.dataset.badge} ${document.documentElement.lang}` });
  };
  const join = () => {
    port = new SharedWorker(script, { type: 'module', name: 'garita-live' }).port;
    port.addEventListener('message', hear);
    port.start();
    if (lock) port.postMessage({ lock });
    follows();
  };
  // A worker that has died cannot say so, and the stream's own watch died with it. One that is only
  // waiting for its server answers; in the place of one that does not stands a new one, or nobody.
  const watch = (then = ask, ms = SILENCE) => {
    clearTimeout(silence);
    silence = setTimeout(then, ms);
  };
  const ask = () => {
    if (paused) return;
    link(false);
    port.postMessage({ ask: true });
    watch(replace, ANSWER);
  };
  const replace = () => {
    leave();
    join();
    watch(part, SILENCE);
  };
  const part = () => {
    leave();
    if (!paused) instead = alone(url, view, link);
  };
  const leave = () => {
    clearTimeout(silence);
    port.removeEventListener('message', hear);
    port.postMessage({ bye: true });
    port.close();
  };
  join();
  watch();
  // The worker waits for this lock, which it gets when this page has gone without a word.
  if (navigator.locks) {
    const name = `garita-live-${crypto.randomUUID()}`;
    navigator.locks.request(name, () => {
      lock = name;
      port.postMessage({ lock });
      return new Promise(() => {});
    });
  }
  addEventListener('pagehide', () => port.postMessage({ bye: true }));
  return {
    pause() {
      paused = true;
      clearTimeout(silence);
      if (instead) {
        instead.pause();
        return;
      }
      port.postMessage({ follow: '' });
      link(false);
    },
    resume() {
      paused = false;
      if (instead) {
        instead.resume();
        return;
      }
      follows();
      watch();
    },
  };
}

function alone(url, view, link) {
  let source = null;
  let silence = 0;
  let again = 0;
  let paused = false;
  const open = () => {
    clearTimeout(again);
    source?.close();
    if (paused) return;
    source = new EventSource(url);
    source.addEventListener('view', (e) => {
      alive();
      view(JSON.parse(e.data));
    });
    source.addEventListener('beat', alive);
    source.addEventListener('ended', () => get('/session'));
    source.addEventListener('error', () => {
      link(false);
      // The browser comes back by itself from a lost connection, not from a refusal.
      if (source.readyState === EventSource.CLOSED && !paused) {
        get('/session'); // says so if it is because nobody is signed in
        retry();
      }
    });
    watch();
  };
  const retry = () => {
    clearTimeout(again);
    again = setTimeout(open, AGAIN);
  };
  const watch = () => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      link(false);
      open();
    }, SILENCE);
  };
  const alive = () => {
    if (paused) return;
    link(true);
    watch();
  };
  open();
  return {
    pause() {
      paused = true;
      clearTimeout(silence);
      clearTimeout(again);
      source?.close();
      link(false);
    },
    resume() {
      paused = false;
      open();
    },
  };
}

/** What stands in newly painted regions for an element that went with the old ones: what has its id, or
 * the same link. */
function heir(el) {
  if (el.id) return document.getElementById(el.id);
  const same = [...document.querySelectorAll('[data-region] a[href]')].filter((a) => el.localName === 'a' && a.getAttribute('href') === el.getAttribute('href'));
  return same.find((a) => a.textContent === el.textContent) ?? same[0];
}

/** Parses regions. */
function parse(html) {
  const parsed = document.createElement('template');
  parsed.innerHTML = html;
  return [...parsed.content.querySelectorAll('[data-region], #state[data-encounter]')]; // the second is a counter's
}

/** What somebody has typed or chosen is in no attribute: it must not stay for whoever comes after. */
const CONTROLS = 'input, select, textarea';

/**
 * The smallest parts of an element that must be put anew for it to read as another does, as pairs. An element stays only if
 * all that is said of itself is the same: a button that was about one thing never becomes one about another.
 * @param {Element} now
 * @param {Element} next
 * @returns {[ChildNode, ChildNode][]}
 */
function otherwise(now, next) {
  const [was, is] = [[...now.childNodes], [...next.childNodes]];
  if (was.length !== is.length || was.length === 0 || !now.cloneNode(false).isEqualNode(next.cloneNode(false)) || now.querySelector(CONTROLS) || next.querySelector(CONTROLS)) {
    return [[now, next]];
  }
  const pairs = was.map((node, i) => [node, is[i]]).filter(([a, b]) => !a.isEqualNode(b));
  return pairs.flatMap(([a, b]) => (a instanceof Element && b instanceof Element ? otherwise(a, b) : [[a, b]]));
}

/**
 * Puts regions in the places of those on the page that are otherwise; what was scrolled within them is again.
 * @param {Element[]} regions
 * @param {(now: Element, next: Element) => void} [merge]  takes a form of the same person into
 *   the one on the screen
 * @returns {Element | null} what had the focus, if it has it no more
 */
function place(regions, merge) {
  const pairs = [];
  // What is on the screen about somebody else goes as a whole: a button pressed on one person is not let go on another.
  const whole = regions.some((next) => next.id === 'state' && next.dataset.encounter !== document.getElementById('state')?.dataset.encounter);
  for (const next of regions) {
    const now = next.id === 'state' ? document.getElementById('state') : document.querySelector(`[data-region="${next.dataset.region}"]`);
    if (!now || now.isEqualNode(next)) continue;
    if (merge && next.dataset.of && next.dataset.of === now.dataset.of) pairs.push([now, next, true]);
    else pairs.push(...(whole ? [[now, next]] : otherwise(now, next)));
  }
  const gone = pairs.filter(([now, , merged]) => !merged && now instanceof Element).map(([now]) => now);
  const focused = document.activeElement;
  const scrolled = gone.flatMap((now) => [...now.querySelectorAll('[id]')]).filter((el) => el.scrollTop || el.scrollLeft)
    .map((el) => ({ id: el.id, top: el.scrollTop, left: el.scrollLeft }));
  for (const [now, next, merged] of pairs) {
    if (merged) merge(now, next);
    else now.replaceWith(next);
  }
  for (const { id, top, left } of scrolled) document.getElementById(id)?.scrollTo({ top, left, behavior: 'instant' });
  return document.activeElement === focused ? null : focused; // it went, or has moved
}

/** Puts the regions of a rendered page in their places; the focus stays where it was. */
export function swap(html) {
  refocus(place(parse(html)));
}

/**
 * A panel that comes as a text for each of its regions, again and again: what reads as before is not looked at.
 * @param {string[]} forms  the regions that are looked at always: what stands in them is not all of the server's
 * @param {(now: Element, next: Element) => void} merge  see place
 * @returns {(regions: Record<string, string>) => Element | null} puts the regions in their places; the answer is as
 *   that of place: whoever puts them says where the focus goes once all else is done, for each look at what is on
 *   the screen amid the changes costs a layout of the page
 */
export function panel(forms, merge) {
  let last = {};
  return (regions) => {
    const fresh = Object.keys(regions).filter((name) => regions[name] !== last[name] || forms.includes(name)).map((name) => regions[name]);
    last = {}; // if this fails, nothing is known of the page
    const lost = place(parse(fresh.join('')), merge);
    last = regions;
    return lost;
  };
}

/** Gives the focus to what stands in the place of an element that has lost it; null: none has. */
export function refocus(gone) {
  if (!gone) return;
  heir(gone)?.focus({ preventScroll: true });
  settle();
}

/** Puts a focus that has lost its place, also into a dialog that has just closed, where the work goes on. */
export function settle() {
  if (document.activeElement !== document.body && document.activeElement?.checkVisibility()) return;
  ['verdict-word', 'waiting', 'work'].map((id) => document.getElementById(id)).find((el) => el?.checkVisibility())?.focus();
}

/** Sends JSON; the answer is {ok, ...body}, or {ok, list} if it is a list. A lost connection is an answer too. */
export const post = (url, body, method = 'POST', patience = PATIENCE) => ask(url, {
  method, headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body: JSON.stringify(body),
}, patience);

/** Sends bytes as they are; the answer is as that of post. */
export const sendBytes = (url, bytes) => ask(url, { method: 'POST', headers: { 'Content-Type': 'application/octet-stream', Accept: 'application/json' }, body: bytes });

/** Asks for JSON; the answer is as that of post. */
export const get = (url) => ask(url, { headers: { Accept: 'application/json' } });

async function ask(url, request, patience = PATIENCE) {
  try {
    const r = await fetch(url, { ...request, signal: AbortSignal.timeout(patience) });
    if (r.status === 204) return { ok: true };
    const body = await r.json();
    if (r.status === 401) refused(url, request.method ?? 'GET');
    return Array.isArray(body) ? { ok: r.ok, list: body } : { ok: r.ok, ...body };
  } catch {
    return { ok: false, code: 'unavailable', title: '', next: '' };
  }
}

/** Whether it is the session that was refused, and not somebody's PIN. */
function refused(url, method) {
  if (url.startsWith('/seconds')) get('/session');
  else if (method === 'GET' || !url.startsWith('/session')) signedOut();
}
