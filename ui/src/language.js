// The language of the pages: a menu at the head, which works without this as a form.
import { untouched } from './typed.js';

/** How often a page that waits looks whether what was typed has been sent, in ms. */
const LOOK = 400;

/** Shows the page again, in the language that holds now. */
export const again = () => location.replace(location.pathname + location.search);

/**
 * @param {BroadcastChannel} channel  tells the other windows of this browser
 */
export function keepLanguage(channel) {
  const menu = document.getElementById('language');
  if (!menu) return;
  const now = menu.querySelector('summary');
  const waits = document.getElementById('language-waits');
  let look = 0;

  /** Shows the page in its new language, but not over what somebody has typed. */
  function change() {
    clearTimeout(look);
    if (menu.isConnected && untouched()) { // not under the card that covers the page
      again();
      return;
    }
    if (waits) waits.textContent = waits.dataset.text;
    look = setTimeout(change, LOOK);
  }

  menu.addEventListener('submit', async (e) => {
    const language = e.submitter?.value;
    if (!language) return;
    e.preventDefault();
    if (language === document.documentElement.lang && !look) {
      menu.open = false;
      now.focus();
      return;
    }
    try {
      const r = await fetch('/session/language', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ language }) });
      if (!r.ok) throw new Error('refused');
      channel.postMessage({ language });
      menu.open = false;
      now.focus();
      change();
    } catch {
      menu.open = false;
      now.focus();
    }
  });
  menu.addEventListener('keydown', (e) => {
    if (e.key !== 'Escape' || !menu.open) return;
    e.stopPropagation();
    menu.open = false;
    now.focus();
  });
  menu.addEventListener('toggle', () => {
    if (menu.open) menu.querySelector('[aria-current]')?.focus();
  });
  addEventListener('click', (e) => {
    if (menu.open && !menu.contains(e.target)) menu.open = false;
  });
}
