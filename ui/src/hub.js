// What the hub's pages share: a page that keeps itself up to date, and a badge that is written once.
import { swap } from './live.js';

/** How often a page looks for news, in ms, and how long an answer may take. */
const EVERY = 5000;
const PATIENCE = 12000;

/**
 * Asks for the page again and again and puts the regions that changed in their places.
 * @param {() => [string, RequestInit]} request
 */
export function refresh(request) {
  const link = document.getElementById('link');
  const look = async () => {
    const busy = document.querySelector('[data-region] :is(input, select, textarea):focus, [data-region] details[open]');
    if (!document.hidden && !busy) {
      try {
        const [url, init] = request();
        const r = await fetch(url, { ...init, headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(PATIENCE) });
        if (!r.ok) throw new Error('refused');
        swap(await r.text());
        link.hidden = true;
      } catch {
        link.hidden = false;
      }
    }
    setTimeout(look, EVERY);
  };
  setTimeout(look, EVERY);
}

/** Keeps the badge that was written last in this window, for there is no sign-in. */
export function badges() {
  const known = sessionStorage.getItem('badge') ?? '';
  for (const field of document.querySelectorAll('input[data-badge]')) {
    if (field.value === '') field.value = known;
  }
  addEventListener('change', (e) => {
    if (e.target.matches?.('input[data-badge]')) sessionStorage.setItem('badge', e.target.value);
  });
  // After a form came back with what was wrong, that is where people look first.
  document.getElementById('trouble')?.scrollIntoView({ block: 'center' });
}
