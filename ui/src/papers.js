// Supporting papers: attached from a file, by dropping or pasting it; looked at page by page;
// what their text offers is used only when somebody says so.
import { go } from './record.js';
import { get, sendBytes } from './live.js';

const $ = (id) => document.getElementById(id);

/** Bytes of one piece, and of a whole paper. */
const PIECE = 192 * 1024;
const MOST = 10 * 1024 * 1024;

/** See documents.js for the parameters. Without the dialogs on the page nothing can be attached. */
export function createPapers({ dialogs, send, base, words, state, say, ready, typeLines, message }) {
  if (!$('attach-paper')) return { attach() {}, follow() {}, acts: {} };
  const own = $('paper-words').dataset;
  const view = $('paper');
  let file = null;
  let of = ''; // the encounter whose offers are shown
  let shown = ''; // the paper that is looked at
  let page = 0;
  let asked = 0; // counts what was asked to be opened: a late answer is out of place

  function choose(f) {
    file = f ?? null;
    const kb = file ? Math.ceil(file.size / 1024) : 0;
    $('paper-chosen').textContent = file ? own.chosen.replace('{0}', file.name).replace('{1}', kb) : '';
    if (file && file.size > MOST) {
      dialogs.message($('attach-paper'), own.tooLarge);
      file = null;
    } else if (file) dialogs.message($('attach-paper'), '');
  }

  function attach(f) {
    if (!ready()) return;
    dialogs.show('attach-paper', { send: submit });
    $('paper-file').value = '';
    named();
    $('paper-progress').hidden = true;
    choose(f);
  }

  /** Sends the file in pieces, then asks for it to be attached. */
  async function submit(values) {
    if (!file) return { ok: false, title: own.noFile };
    const { encounter } = state();
    const upload = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
    const bytes = new Uint8Array(await file.arrayBuffer());
    const bar = $('paper-progress');
    bar.value = 0;
    bar.hidden = false;
    try {
      for (let at = 0; at < bytes.length; at += PIECE) {
        const r = await sendBytes(`${base}/paper-pieces/${upload}/${at}`, bytes.subarray(at, at + PIECE));
        if (!r.ok) return r;
        bar.value = Math.min(1, (at + PIECE) / bytes.length);
      }
      const r = await send('/papers', { encounter, upload, length: bytes.length, kind: values.kind, name: values.name ?? '' });
      if (r.ok && r.html && state().encounter === encounter) {
        of = encounter;
        $('paper-offers').innerHTML = r.html;
      }
      return r;
    } finally {
      bar.hidden = true;
    }
  }

  /** Offers go with the person whom they were made for. */
  function follow() {
    if (of && of !== state().encounter) {
      $('paper-offers').textContent = '';
      of = '';
    }
  }

  async function open(hash) {
    const button = $(`paper-${hash}`);
    const body = view.querySelector('[data-body]');
    const mine = ++asked;
    shown = hash;
    body.textContent = own.opening;
    view.classList.remove('paper-dialog--large');
    dialogs.show('paper', { title: button?.querySelector('.paper-word')?.textContent ?? '', closed: () => { shown = ''; body.textContent = ''; } });
    const r = await get(`${base}/papers/${state().encounter}/${hash}`);
    if (mine !== asked || shown !== hash) return;
    if (!r.ok) {
      body.textContent = '';
      dialogs.message(view, [r.title, r.next].filter(Boolean).join(' ') || words.noAnswer);
      return;
    }
    body.innerHTML = r.html;
    page = 0;
    turned = 0;
    $('paper-turn').disabled = $('paper-zoom').disabled = !$('paper-image');
    view.querySelector('.paper-sheet')?.focus();
  }

  const pages = () => Number(view.querySelector('.paper-view')?.dataset.pages ?? 0);

  function leaf(to) {
    const image = $('paper-image');
    if (!image || to < 0 || to >= pages() || to === page) return;
    page = to;
    image.hidden = false;
    view.querySelector('[data-broken]').hidden = true;
    image.src = `${view.querySelector('.paper-view').dataset.base}${page}`;
    image.alt = image.dataset.alt.replace('{0}', page + 1);
    for (const b of view.querySelectorAll('.paper-choice')) {
      if (Number(b.dataset.page) === page) {
        b.setAttribute('aria-current', 'page');
        b.scrollIntoView({ block: 'nearest' });
      } else b.removeAttribute('aria-current');
    }
    say(image.alt);
  }

  let turned = 0;
  function turn() {
    turned = (turned + 1) % 4;
    const sheet = view.querySelector('.paper-sheet');
    if (sheet) sheet.dataset.turned = turned;
  }

  function zoom() {
    const large = view.classList.toggle('paper-dialog--large');
    $('paper-zoom').setAttribute('aria-pressed', String(large));
  }

  function remove() {
    const hash = shown;
    dialogs.show('ask', { title: own.remove, text: own.removeText, label: words.yes, over: true,
      send: async () => {
        const r = await send('/files-removed', { file: hash });
        if (r.ok) {
          dialogs.close();
          if (view.open) view.close();
        }
        return r;
      } });
  }

  /** Puts a number into the form's field, for the officer to look at. */
  function useNumber(number) {
    dialogs.close();
    const place = document.querySelector('[data-region="record"] [data-field="visa_number"]');
    const field = place?.querySelector('input');
    if (!field) {
      message(own.noField, true);
      return;
    }
    field.value = number;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.dispatchEvent(new Event('change', { bubbles: true }));
    go(place);
    message(own.filled);
  }

  function useLines(lines) {
    dialogs.close();
    typeLines(lines);
  }

  const moves = { ArrowLeft: -1, ArrowUp: -1, PageUp: -1, ArrowRight: 1, ArrowDown: 1, PageDown: 1 };
  view.addEventListener('keydown', (e) => {
    const step = moves[e.key];
    const scrolls = view.classList.contains('paper-dialog--large') && e.key.startsWith('Arrow');
    if (!step || scrolls || e.ctrlKey || e.shiftKey || e.altKey) return;
    e.preventDefault();
    leaf(page + step);
  });
  view.addEventListener('error', (e) => {
    if (e.target.id !== 'paper-image') return;
    e.target.hidden = true;
    view.querySelector('[data-broken]').hidden = false;
  }, true);

  // Only another paper needs a name.
  const named = () => { $('paper-name').closest('.input').hidden = $('paper-kind').value !== 'other'; };
  $('paper-kind').addEventListener('change', named);
  $('paper-file').addEventListener('change', (e) => choose(e.target.files[0]));
  const drop = $('paper-drop');
  addEventListener('dragover', (e) => {
    if (!e.dataTransfer?.types.includes('Files')) return;
    e.preventDefault(); // else the browser would leave the page for the file
    drop.classList.add('drop--over');
  });
  addEventListener('dragleave', (e) => { if (!e.relatedTarget) drop.classList.remove('drop--over'); });
  addEventListener('drop', (e) => {
    if (!e.dataTransfer?.types.includes('Files')) return;
    e.preventDefault();
    drop.classList.remove('drop--over');
    take(e.dataTransfer.files[0]);
  });
  addEventListener('paste', (e) => {
    const f = e.clipboardData?.files[0];
    if (!f) return;
    e.preventDefault();
    take(f);
  });

  function take(f) {
    if (!f) return;
    if ($('attach-paper').open) choose(f);
    else if (!dialogs.isOpen() && state().encounter) attach(f);
  }

  return {
    attach,
    follow,
    acts: {
      'open-paper': (b) => open(b.hash),
      'paper-page': (b) => leaf(Number(b.page)),
      'paper-turn': turn,
      'paper-zoom': zoom,
      'remove-paper': remove,
      'use-number': (b) => useNumber(b.number),
      'use-lines': (b) => useLines(b.lines),
    },
  };
}
