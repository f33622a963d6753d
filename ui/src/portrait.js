// The portrait: the camera is on while the dialog is open and at no other time. What is sent is a
// picture that this page has drawn: pixels, and nothing that a camera writes beside them.

const $ = (id) => document.getElementById(id);

/** The largest picture in pixels, and the most bytes that a request may carry. */
const WIDTH = 640;
const HEIGHT = 800;
const BYTES = 160_000;
/** A picture must have been on the screen for this long in ms before F8 keeps it. */
const ARMED = 400;

const CHOSEN = 'garita-camera';

const FAULTS = { NotAllowedError: 'denied', SecurityError: 'denied', NotFoundError: 'none', OverconstrainedError: 'none', NotReadableError: 'busy', AbortError: 'busy' };

/** See documents.js for the parameters. */
export function createPortrait({ dialogs, send, state }) {
  let encounter = ''; // whose portrait it is
  let stream = null;
  let picture = null;
  let at = 0;
  let turn = 0; // of the dialog: a camera that comes after it has closed is switched off

  const dialog = () => $('portrait');

  function show(state) {
    const d = dialog();
    d.dataset.state = state;
    $('portrait-video').hidden = state === 'taken';
    $('portrait-canvas').hidden = state !== 'taken';
    $('portrait-again').hidden = state !== 'taken';
    const button = $('portrait-send');
    button.querySelector('[data-send]').textContent = { live: d.dataset.take, taken: d.dataset.accept, starting: d.dataset.take }[state] ?? d.dataset.retry;
    button.setAttribute('aria-disabled', String(state === 'starting'));
    $('portrait-say').textContent = d.dataset[state] ?? '';
    at = performance.now();
  }

  function off() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    $('portrait-video').srcObject = null;
  }

  function forget() {
    picture = null;
    const canvas = $('portrait-canvas');
    canvas.width = 0;
    canvas.height = 0;
  }

  async function start() {
    const mine = ++turn;
    off();
    forget();
    show('starting');
    if (!navigator.mediaDevices?.getUserMedia) return show('denied');
    let got;
    try {
      const chosen = localStorage.getItem(CHOSEN);
      got = await navigator.mediaDevices.getUserMedia({ audio: false,
        video: { width: { ideal: 1280 }, height: { ideal: 960 }, ...(chosen ? { deviceId: { ideal: chosen } } : {}) } });
    } catch (e) {
      if (mine === turn) show(FAULTS[e.name] ?? 'failed');
      return;
    }
    if (mine !== turn) {
      for (const track of got.getTracks()) track.stop();
      return;
    }
    stream = got;
    for (const track of got.getVideoTracks()) track.addEventListener('ended', () => { if (stream === got) { off(); show('failed'); } });
    const video = $('portrait-video');
    video.srcObject = got;
    try {
      await video.play();
    } catch {
      if (mine === turn) show('failed');
      return;
    }
    if (mine !== turn) return;
    show('live');
    await cameras();
  }

  /** Offers the cameras if there is a choice. */
  async function cameras() {
    const all = (await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind === 'videoinput');
    const now = stream?.getVideoTracks()[0]?.getSettings().deviceId;
    $('portrait-cameras').hidden = all.length < 2;
    $('portrait-camera').replaceChildren(...all.map((d, i) => new Option(d.label || String(i + 1), d.deviceId, false, d.deviceId === now)));
  }

  /** Draws what the camera sees now, cut to the shape of a portrait. */
  function take() {
    const video = $('portrait-video');
    const high = Math.min(video.videoHeight, (video.videoWidth * HEIGHT) / WIDTH);
    const wide = (high * WIDTH) / HEIGHT;
    if (!(high > 0)) return;
    const scale = Math.min(1, HEIGHT / high);
    const canvas = $('portrait-canvas');
    canvas.width = Math.round(wide * scale);
    canvas.height = Math.round(high * scale);
    canvas.getContext('2d').drawImage(video, (video.videoWidth - wide) / 2, (video.videoHeight - high) / 2, wide, high, 0, 0, canvas.width, canvas.height);
    picture = canvas;
    video.pause();
    show('taken');
  }

  const jpeg = (canvas, quality) => new Promise((resolve) => { canvas.toBlob(resolve, 'image/jpeg', quality); });

  async function base64() {
    let blob = null;
    for (const quality of [0.9, 0.8, 0.65, 0.5]) {
      blob = await jpeg(picture, quality);
      if (blob && blob.size <= BYTES) break;
    }
    const bytes = new Uint8Array(await blob.arrayBuffer());
    let text = '';
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return btoa(text);
  }

  /** F8: takes the picture, then keeps it; without a camera tries again. */
  async function step() {
    const state = dialog().dataset.state;
    const stay = { ok: true, stay: true };
    if (state === 'live') {
      take();
      return stay;
    }
    if (state === 'starting' || (state === 'taken' && performance.now() - at < ARMED)) return stay;
    if (state !== 'taken' || !picture) {
      start();
      return stay;
    }
    const mine = turn;
    const text = await base64();
    if (mine !== turn) return stay; // the dialog has closed, as its traveller has gone
    return send('/portrait', { encounter, picture: text });
  }

  async function again() {
    if (dialog().dataset.state !== 'taken') return;
    forget();
    try {
      await $('portrait-video').play();
      show('live');
    } catch {
      start();
    }
  }

  function open() {
    encounter = state().encounter;
    dialogs.show('portrait', { send: step, closed: () => {
      turn++;
      off();
      forget();
      show('off');
    } });
    start();
  }

  $('portrait-camera').addEventListener('change', (e) => {
    localStorage.setItem(CHOSEN, e.target.value);
    start();
  });

  return { open, again, isOpen: () => dialog()?.open === true };
}
