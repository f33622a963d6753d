// The dialog for what no reader has read: the lines of a zone, a document without one, no
// document; a sheet of paper; a further document, and what was keyed before.

const $ = (id) => document.getElementById(id);
const FIELDS = ['kind', 'document_number', 'issuing_state', 'surname', 'given_names', 'nationality', 'birth_date', 'sex', 'expiry_date'];
const WAYS = ['mrz', 'keyed', 'declared'];

/**
 * @param {object} on
 * @param {ReturnType<typeof import('./dialogs.js').createDialogs>} on.dialogs
 * @param {(path: string, body: object, method?: string) => Promise<any>} on.send  with the officer
 * @param {(text: string, source: string) => Promise<any>} on.scan
 * @param {() => any} on.view  the last view
 */
export function createDocuments({ dialogs, send, scan, view, words }) {
  let mode = 'open'; // open, paper, add or replace
  let way = 'mrz';

  function lay() {
    const person = way !== 'mrz';
    for (const el of document.querySelectorAll('#keyed [data-way]')) {
      const w = el.dataset.way;
      el.hidden = !(w === way || (w === 'person' && person) || (w === 'paper' && mode === 'paper'));
    }
    for (const w of WAYS) {
      $(`way-${w}`).setAttribute('aria-pressed', String(w === way));
      $(`way-${w}`).hidden = (w === 'mrz' && mode !== 'open') || mode === 'add' || mode === 'replace';
    }
    $('ways-help').hidden = mode === 'add' || mode === 'replace';
    const sends = { add: words.add, replace: words.replace }[mode] ?? (way === 'mrz' ? words.read : words.openEncounter);
    $('keyed-send').querySelector('[data-send]').textContent = sends;
  }

  function start(as, title, first, fill) {
    mode = as;
    way = first;
    lay();
    dialogs.show('keyed', { title, send: submit, fill, of: as === 'add' || as === 'replace' ? 'encounter' : undefined });
    lengths();
  }

  async function submit(values) {
    if (way === 'mrz') {
      const r = await scan($('keyed-text').value.toUpperCase(), 'keyed');
      if (r.ok) $('keyed-text').value = '';
      return r;
    }
    if (mode === 'add') return send('/documents', values);
    if (mode === 'replace') return send('/particulars', values, 'PUT');
    return send('/encounters', { ...values, identity: way });
  }

  function lengths() {
    const n = $('keyed-text').value.split('\n').map((l) => l.trim().length).filter(Boolean);
    $('keyed-count').textContent = words.lengths.replace('{0}', n.join(' + ') || '0');
  }
  $('keyed-text').addEventListener('input', lengths);

  return {
    type: () => start('open', words.type, 'mrz'),
    paper: () => start('paper', words.paper, 'keyed'),
    add: () => start('add', words.addTitle, 'keyed'),
    replace() {
      const e = view()?.encounter;
      if (!e) return;
      const d = e.document;
      start('replace', words.replaceTitle, e.identity === 'declared' ? 'declared' : 'keyed', Object.fromEntries(FIELDS.map((f) => [f, d[f] ?? ''])));
    },
    /** F6 in the dialog: the next way. */
    turn(to) {
      if (mode === 'add' || mode === 'replace') return;
      const ways = mode === 'paper' ? WAYS.slice(1) : WAYS;
      way = to ?? ways[(ways.indexOf(way) + 1) % ways.length];
      lay();
      document.querySelector(way === 'mrz' ? '#keyed-text' : way === 'keyed' ? '#p-kind' : '#p-surname').focus();
    },
  };
}
