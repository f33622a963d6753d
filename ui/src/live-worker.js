// One event stream for all windows of a browser, which opens a few connections to a server only: a shared
// worker that holds it, and tells each window what is on it of what the window follows. It keeps the last
// state of each topic for a window that comes later, for as long as somebody who is signed in follows it.

/** A stream that is silent for this long in ms is dead: it beats every two seconds. */
const SILENCE = 6500;
/** How soon a stream that was refused is asked for again, at first and at the latest, and a topic that was. */
const AGAIN = 500;
const LATEST = 8000;
const TOPIC_AGAIN = 5000;

/**
 * @param {(url: string) => EventSource} connect
 * @param {{setTimeout: Function, clearTimeout: Function}} [timers]
 */
export function createStream(connect, timers = globalThis) {
  /** What each window follows: a topic at most, as a page shows one screen. */
  const windows = new Map();
  let source = null;
  let open = []; // the topics of the stream, in their order there
  let has = {}; // what this browser has of each, as the server's ids say it
  let last = {}; // the last state of each
  let who = ''; // whom the states were meant for
  let silence = 0;
  let wait = 0;
  let delay = AGAIN;
  let up = false;

  const wanted = () => [...new Set([...windows.values()].map((w) => w.topic).filter(Boolean))].sort();
  const tell = (topic, message) => {
    for (const [port, w] of windows) if (topic === null ? w.topic : w.topic === topic) port.postMessage(message);
  };
  const link = (now) => {
    if (up !== now) tell(null, { up: now });
    up = now;
  };

  function forget() {
    has = {};
    last = {};
  }

  function end() {
    timers.clearTimeout(silence);
    timers.clearTimeout(wait);
    source?.close();
    source = null;
    link(false);
  }

  function begin() {
    timers.clearTimeout(wait);
    timers.clearTimeout(silence);
    source?.close();
    source = null;
    open = wanted();
    for (const kept of [has, last]) for (const topic of Object.keys(kept)) if (!open.includes(topic)) delete kept[topic];
    if (open.length === 0) {
      end();
      return;
    }
    const ask = new URLSearchParams(open.map((topic) => ['topic', topic]));
    if (open.some((topic) => has[topic])) ask.set('last', open.map((topic) => has[topic] ?? '0').join('.'));
    const mine = connect(`/live?${ask}`);
    source = mine;
    const on = (name, act) => mine.addEventListener(name, (e) => {
      if (source === mine) act(e);
    });
    for (const topic of open) {
      on(`view@${topic}`, (e) => {
        alive();
        const parts = e.lastEventId.split('.');
        if (parts.length === open.length) open.forEach((t, i) => { has[t] = parts[i]; });
        last[topic] = e.data;
        tell(topic, { view: e.data });
      });
      on(`refused@${topic}`, (e) => {
        delete has[topic];
        delete last[topic];
        tell(topic, { refused: e.data });
        wait = timers.setTimeout(begin, TOPIC_AGAIN);
      });
    }
    on('beat', () => {
      alive();
      tell(null, { beat: true }); // so that a window knows that its worker lives
    });
    on('ended', ended);
    on('error', () => {
      link(false);
      // The browser comes back by itself from a lost connection, not from a refusal.
      if (mine.readyState === 2) ended();
    });
    watch();
  }

  /** Nobody is signed in any more, or somebody else: what they saw is forgotten. */
  function ended() {
    forget();
    end();
    tell(null, { ended: true });
    timers.clearTimeout(wait);
    wait = timers.setTimeout(begin, delay);
    delay = Math.min(delay * 2, LATEST);
  }

  function watch() {
    timers.clearTimeout(silence);
    silence = timers.setTimeout(() => {
      link(false);
      begin();
    }, SILENCE);
  }

  function alive() {
    delay = AGAIN;
    link(true);
    watch();
  }

  return {
    /** A window follows a topic, for an officer and in a language; "" follows nothing. */
    follow(port, topic, as = '') {
      if (topic && as !== who) { // another officer's states are nobody's here
        forget();
        who = as;
        open = [];
      }
      windows.set(port, { topic });
      port.postMessage({ up });
      if (topic && last[topic] !== undefined) port.postMessage({ view: last[topic] });
      if (String(wanted()) !== String(open) || !source) begin();
    },
    /** A window that has heard nothing asks whether anybody is there. */
    answer(port) {
      port.postMessage({ up });
    },
    /** A window is gone. */
    leave(port) {
      windows.delete(port);
      if (String(wanted()) !== String(open)) begin();
    },
  };
}

if (typeof SharedWorkerGlobalScope !== 'undefined') {
  const stream = createStream((url) => new EventSource(url));
  addEventListener('connect', ({ ports: [port] }) => {
    port.addEventListener('message', ({ data }) => {
      if ('follow' in data) stream.follow(port, data.follow, data.as);
      if (data.ask) stream.answer(port);
      if (data.bye) stream.leave(port);
      // A window that ends without a word gives its lock back.
      if (data.lock) navigator.locks?.request(data.lock, () => stream.leave(port));
    });
    port.start();
  });
}
