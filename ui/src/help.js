// Help that opens in place: on the part of the page that has the focus, in the reader's language. A part
// names its topic by data-help, see ui/help. Ctrl F1 or the button at the head opens it beside the page, and
// Esc gives the focus back.

const $ = (id) => document.getElementById(id);
/** What there is help on where no part says so. */
const ANYWHERE = 'page';
/** How long an answer may take, in ms. */
const PATIENCE = 6000;

let from = null; // what had the focus
let worked = null; // what had it last outside of the head and of the help

const shown = () => $('help')?.open === true;

async function open(at) {
  const help = $('help');
  if (!help) return;
  if (!help.contains(at)) from = at;
  const topic = from?.closest?.('[data-help]')?.dataset.help ?? document.querySelector('main[data-help]')?.dataset.help ?? ANYWHERE;
  const text = $('help-text');
  if (text.dataset.topic !== topic || text.dataset.failed) {
    text.dataset.topic = topic;
    text.innerHTML = await fetched(topic);
  }
  // Beside the page; over a dialog that lets nothing else of the page be reached, as that one does.
  if (help.open) help.close();
  if (document.querySelector('dialog:modal')) help.showModal();
  else help.show();
  $('help-title').focus();
}

/** The help of a topic, and that of every page after it. */
async function fetched(topic) {
  delete $('help-text').dataset.failed;
  try {
    const parts = await Promise.all([...new Set([topic, ANYWHERE])].map(async (t) => {
      const r = await fetch(`/help/${encodeURIComponent(t)}`, { headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(PATIENCE) });
      if (!r.ok) throw new Error('refused');
      return r.text();
    }));
    return parts.join('');
  } catch {
    $('help-text').dataset.failed = 'yes';
    const p = document.createElement('p');
    p.textContent = $('help').dataset.failed;
    return p.outerHTML;
  }
}

function close() {
  $('help').close();
  if (from?.isConnected) from.focus();
  else ($('work') ?? document.body).focus();
}

// Before every other listener: what is pressed while the help is read is not pressed on the page.
addEventListener('keydown', (e) => {
  if (e.key === 'F1' && e.ctrlKey && !e.altKey && !e.metaKey && !e.shiftKey) {
    e.preventDefault();
    e.stopImmediatePropagation();
    if (!e.repeat) open(document.activeElement);
    return;
  }
  if (!shown() || !$('help').contains(document.activeElement)) return;
  if (e.key === 'Escape') {
    e.preventDefault();
    e.stopImmediatePropagation();
    close();
  } else if (/^F\d+$/.test(e.key) && e.key !== 'F5') {
    e.preventDefault();
    e.stopImmediatePropagation();
  }
}, true);

addEventListener('click', (e) => {
  if (e.target.closest?.('[data-help-close]')) close();
  else if (e.target.closest?.('[data-help-key]')) open(worked?.isConnected ? worked : e.target.closest('[data-help-key]'));
  else if (e.target.closest?.('[data-print]')) print();
});
addEventListener('focusin', ({ target }) => {
  if (!target.closest('#help, .who, header')) worked = target;
});
