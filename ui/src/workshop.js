import { follow, get, post, swap } from './live.js';
import { keepSession } from './session.js';
import { untouched } from './typed.js';

const $ = (id) => document.getElementById(id);
const list = $('scanners');

/** How often the frames of an open list are asked for, in ms. */
const FRAMES = 1500;

const words = $('words').dataset; // texts for the script, from the template

/** Fills the places of a text. */
const fill = (text, ...args) => text.replace(/\{(\d)\}/g, (_, i) => args[i]);

/** What the API says in English, in the reader's language. */
async function said(...texts) {
  if (document.documentElement.lang === 'en' || !texts.some(Boolean)) return texts;
  const r = await post('/workshop/words', { texts });
  return r.ok ? r.texts : texts;
}

const stream = follow('/live/workshop', (data) => paint(data.html), (up) => {
  if ($('link')) $('link').hidden = up; // the card may cover the page
  document.body.dataset.live = up ? 'on' : 'off';
});
// What a reader is assigned to follows the station until somebody chooses.
keepSession({ away: stream.pause, back: stream.resume, free: () => untouched('[data-assign]:not([data-dirty])') });

/** Puts a new state on the screen; what is being entered or read stays. */
function paint(html) {
  const parsed = document.createElement('template');
  parsed.innerHTML = html;
  const before = new Map([...list.children].map((a) => [a.dataset.scanner, a]));
  const said = new Map([...list.querySelectorAll('[data-say]')].map((e) => [e.dataset.region, e.dataset.say]));
  let last = null;
  for (const next of [...parsed.content.querySelectorAll('[data-scanner]')]) {
    const now = before.get(next.dataset.scanner);
    before.delete(next.dataset.scanner);
    const same = now && now.dataset.of === next.dataset.of;
    const article = same ? now : next.cloneNode(true);
    if (same) now.className = next.className;
    else now?.remove();
    const place = last ? last.nextElementSibling : list.firstElementChild;
    if (place !== article) list.insertBefore(article, place);
    last = article;
  }
  for (const gone of before.values()) gone.remove();
  swap(html);
  for (const state of list.querySelectorAll('[data-say]')) {
    const select = state.closest('[data-scanner]').querySelector('[data-assign]');
    if (select && !select.dataset.dirty && select !== document.activeElement) select.value = state.dataset.counter;
    if (said.get(state.dataset.region) !== state.dataset.say) $('say').textContent = state.dataset.say;
  }
}

list.addEventListener('change', (e) => {
  if (e.target.matches('[data-assign]')) e.target.dataset.dirty = 'yes';
});

list.addEventListener('click', (e) => {
  const button = e.target.closest('button[data-act]');
  if (button && button.getAttribute('aria-disabled') !== 'true') act(button);
});

list.addEventListener('toggle', (e) => {
  if (e.target.matches('[data-frames]') && e.target.open) frames(e.target);
}, true);

$('measure')?.addEventListener('click', async ({ currentTarget: button }) => {
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  $('measured').textContent = words.measuring;
  const r = await post('/workshop/floor', {}, 'POST', 40000);
  $('measured').textContent = r.ok ? words.measured : await problem(r);
  button.removeAttribute('aria-disabled');
});

setInterval(() => {
  for (const open of list.querySelectorAll('[data-frames][open]')) frames(open);
}, FRAMES);

/** Does what a button says. The button keeps the focus, so it is not disabled. */
async function act(button) {
  const article = button.closest('[data-scanner]');
  const path = `/api/v1/scanners/${encodeURIComponent(article.dataset.scanner)}`;
  const result = article.querySelector('[data-result]');
  const buttons = article.querySelectorAll('button[data-act]');
  for (const b of buttons) b.setAttribute('aria-disabled', 'true');
  const say = (text, bad = false) => {
    result.replaceChildren(...[text].flat().map((line) => Object.assign(document.createElement('p'), { textContent: line })));
    result.classList.toggle('message--bad', bad);
  };
  try {
    switch (button.dataset.act) {
      case 'assign': {
        const select = article.querySelector('[data-assign]');
        const r = await post(`${path}/counter`, { counter: select.value }, 'PUT');
        delete select.dataset.dirty;
        if (r.ok) say(r.counter ? fill(words.belongs, r.counter) : words.belongsNone);
        else say(await problem(r), true);
        break;
      }
      case 'test': {
        say(words.testing);
        const r = await post(`${path}/self-test`, {}, 'POST', 40000);
        if (r.ok) say(await steps(r.list), r.list.some((s) => !s.ok));
        else say(await problem(r), true);
        break;
      }
      case 'identify': {
        const r = await post(`${path}/identification`, {});
        say(r.ok ? words.look : await problem(r), !r.ok);
        break;
      }
      case 'capture': {
        say(words.finger);
        const r = await post(`${path}/captures`, {}, 'POST', 40000);
        if (r.ok) say([fill(words.image, r.width, r.height, r.dpi, r.quality), ...(words[r.problem] ? [words[r.problem]] : [])]);
        else say(await problem(r), true);
        break;
      }
    }
  } finally {
    for (const b of buttons) b.removeAttribute('aria-disabled');
  }
}

async function steps(all) {
  if (!all.length) return [words.noSteps];
  const reasons = await said(...all.map((s) => s.reason ?? ''));
  return all.map((s, i) => fill(s.ok ? words.passed : words.failed, s.step, s.took_ms) + (reasons[i] ? `. ${reasons[i]}` : ''));
}

const problem = async (r) => (await said(r.detail || r.title || ''))[0] || words.noAnswer;

/** Shows the last frames, unless nothing is new. */
async function frames(details) {
  const article = details.closest('[data-scanner]');
  const r = await get(`/api/v1/scanners/${encodeURIComponent(article.dataset.scanner)}/frames`);
  if (!r.ok) return;
  const body = details.querySelector('tbody');
  const newest = JSON.stringify(r.list.at(-1) ?? null) + r.list.length;
  if (body.dataset.newest === newest) return;
  body.dataset.newest = newest;
  const rows = r.list.toReversed();
  const notes = await said(...rows.map((f) => f.note ?? ''));
  body.replaceChildren(...rows.map((f, i) => {
    const row = document.createElement('tr');
    const cell = (text, name) => row.append(Object.assign(document.createElement('td'), { textContent: text, className: name ?? '' }));
    cell(f.at.slice(11, 23), 'mono');
    cell(f.direction === 'note' ? '' : `${words[f.direction] ?? f.direction}${f.endpoint ? ` ${f.endpoint}` : ''}`);
    cell(f.direction === 'note' ? '' : String(f.bytes), 'number');
    cell([f.hex, notes[i]].filter(Boolean).join('  – '), f.hex ? 'mono hex' : '');
    return row;
  }));
}
