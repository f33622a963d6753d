// The page on which a technician teaches the station an unknown reader: what comes is painted by the server and
// arrives live, what is pressed goes to the API.
import { follow, post, swap } from './live.js';
import { keepSession } from './session.js';

const $ = (id) => document.getElementById(id);
const words = $('words').dataset; // texts for the script, from the template

/** Somebody has to present documents: longer than the station itself waits, in ms. */
const LESSON = 200000;

/** What the API says in English, in the reader's language. */
async function said(text) {
  if (document.documentElement.lang === 'en' || !text) return text;
  const r = await post('/workshop/words', { texts: [text] });
  return r.ok ? r.texts[0] : text;
}

const problem = async (r) => (await said(r.detail || r.title || '')) || words.noAnswer;

const running = () => $('run').dataset.running === 'true';

let waiting = false; // for the answer to what was pressed

/** While something is taught or tried nothing else can be. The buttons keep the focus, so they are not disabled. */
function settle() {
  for (const b of document.querySelectorAll('#listen, [data-act]')) b.setAttribute('aria-disabled', String(waiting || running()));
}

const stream = follow('/live/workshop/learn', ({ html }) => {
  const before = $('run').dataset.say;
  const open = [...document.querySelectorAll('[data-profile] details[open]')].map((d) => d.closest('[data-profile]').id);
  swap(html);
  for (const id of open) $(id)?.querySelector('details').setAttribute('open', '');
  if ($('run').dataset.say !== before) $('say').textContent = $('run').dataset.say ?? '';
  settle();
}, (up) => {
  if ($('link')) $('link').hidden = up; // the card may cover the page
  document.body.dataset.live = up ? 'on' : 'off';
});
keepSession({ away: stream.pause, back: stream.resume });

/** Says what came of it, where it was pressed. */
function say(text, bad) {
  const to = $('taught') ?? $('say');
  to.textContent = text;
  if (bad) $('say').textContent = text;
}

async function ask(path, body, method, patience) {
  if (waiting) return;
  waiting = true;
  settle();
  say('');
  const r = await post(`/api/v1/scanner-profiles${path}`, body, method, patience);
  waiting = false;
  settle();
  if (!r.ok) say(await problem(r), true);
}

$('teach')?.addEventListener('submit', (e) => {
  e.preventDefault();
  if ($('listen').getAttribute('aria-disabled') === 'true') return;
  const value = (id) => $(id).value.trim();
  ask('/lessons', {
    path: value('path'), name: value('name'), lines: value('lines').split(/\s+/).filter(Boolean),
    bauds: value('bauds').split(/\D+/).filter(Boolean).map(Number),
  }, 'POST', LESSON);
  $('run').scrollIntoView({ block: 'nearest' });
});

addEventListener('click', ({ target }) => {
  const node = target.closest('[data-node]');
  if (node) {
    $('path').value = node.dataset.node;
    $('name').focus();
  }
  if (target.closest('#utopia')) $('lines').value = target.closest('#utopia').dataset.lines;
  if (target.closest('#stop')) post('/api/v1/scanner-profiles/lessons/stop', {});
  const button = target.closest('[data-act]');
  if (!button || button.getAttribute('aria-disabled') === 'true') return;
  const { profile, hash } = button.closest('[data-profile]').dataset;
  const at = `/${encodeURIComponent(profile)}`;
  switch (button.dataset.act) {
    case 'trial':
      ask(`${at}/trial`, {}, 'POST', LESSON);
      $('run').scrollIntoView({ block: 'nearest' });
      break;
    case 'proposal':
      ask(`${at}/proposal`, {});
      break;
    case 'accept':
    case 'refuse':
      ask(`${at}/decision`, { hash, accept: button.dataset.act === 'accept' });
      break;
    case 'withdraw':
      ask(at, {}, 'DELETE');
      break;
  }
});
