import { hub } from './hub.js';
import { follow, swap } from './live.js';

const filter = document.getElementById('filter');
// The filter as it was asked for, not as somebody is changing it just now.
const asked = filter && new URLSearchParams(new FormData(filter));
const form = document.querySelector('.act-form');
const stream = form && live();
const session = hub(filter ? () => ['/cases', { method: 'POST', body: asked }] : undefined, stream ? { away: stream.pause, back: stream.resume } : {});

const links = () => [...document.querySelectorAll('tr[data-case] a[id^="case-"]')];
const actions = (root = document) => [...root.querySelectorAll('.act-form .actions button[name="do"]')];

/** Goes through the cases of the list: the first, or the one that is so many further. */
function go(by) {
  const all = links();
  const at = all.indexOf(document.activeElement);
  all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
}

// Each thing that can be done has a digit, which leads to it; Enter does it. A digit alone does nothing: a case is
// not closed by a slip.
function number(root) {
  actions(root).forEach((b, i) => {
    if (i > 8 || b.querySelector('kbd')) return;
    b.setAttribute('aria-keyshortcuts', String(i + 1));
    const key = Object.assign(document.createElement('kbd'), { textContent: String(i + 1) });
    key.setAttribute('aria-hidden', 'true');
    b.prepend(key, ' ');
  });
}
number();

addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.altKey || e.metaKey || e.defaultPrevented || document.querySelector('dialog[open]:not(#help)')) return; // help stands beside the page
  if (e.target.closest?.('input, select, textarea')) {
    if (e.key === 'Escape') actions()[0]?.focus();
    return;
  }
  const by = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (by && links().length > 0) go(by);
  else if (e.key === 'n' && document.getElementById('note')) document.getElementById('note').focus();
  else if (e.key === 'u' && document.querySelector('.act-form')) location.assign('/cases');
  else if (/^[1-9]$/.test(e.key) && actions()[e.key - 1]) actions()[e.key - 1].focus();
  else return;
  e.preventDefault();
});

/** How long after a change nothing is done to a case, in ms: a key pressed by habit was meant for what stood there before. */
const SETTLES = 800;

/**
 * Keeps a case up to date: the stream says at which stage it is, and what has changed is put in its place. What
 * somebody is typing is left alone, and so is the focus; what has happened is said once.
 */
function live() {
  const path = form.getAttribute('action').replace(/\/act$/, '');
  let shown = form.dataset.stage;
  let settled = 0;
  let asking = false;
  let wanted = shown;
  const link = (up) => {
    const lost = document.getElementById('link');
    if (lost) lost.hidden = up;
  };
  const look = async () => {
    if (asking) return;
    asking = true;
    try {
      while (shown !== wanted && !session.isLocked()) {
        const aim = wanted;
        const r = await fetch(path, { headers: { Accept: 'text/html', 'X-Garita-Refresh': '1' }, signal: AbortSignal.timeout(12000) });
        if (r.redirected && new URL(r.url).pathname === '/signin') {
          session.ended();
          return;
        }
        if (!r.ok) throw new Error('refused');
        take(await r.text());
        shown = aim;
        link(true);
      }
    } catch {
      link(false);
      setTimeout(look, 2000);
    } finally {
      asking = false;
    }
  };
  /** Puts a fresh page's parts in their places. A badge that is being typed stays. */
  const take = (html) => {
    const page = new DOMParser().parseFromString(html, 'text/html');
    const to = form.elements.namedItem('to');
    if (to && (to.value || to === document.activeElement)) page.querySelector('[data-region="to"]')?.remove();
    number(page); // so that what stays as it is stays where it is
    for (const fold of page.querySelectorAll('details')) {
      const word = fold.querySelector('summary')?.textContent;
      fold.open = [...document.querySelectorAll('[data-region] details[open]')].some((d) => d.querySelector('summary')?.textContent === word);
    }
    const version = () => form.elements.namedItem('version').value;
    const before = version();
    swap(page.body.innerHTML);
    if (version() === before) return; // no more than a file came
    settled = performance.now() + SETTLES;
    const { news } = page.querySelector('[data-news]')?.dataset ?? {};
    if (news) document.getElementById('news').textContent = news;
  };
  form.addEventListener('submit', (e) => {
    if (performance.now() < settled) e.preventDefault();
  });
  return follow(`/live${path}`, ({ stage }) => {
    wanted = stage;
    look();
  }, link);
}
