// A family, a bus or a crew at the counter.
import { isolated } from './record.js';

const $ = (id) => document.getElementById(id);

/** See documents.js for the parameters. */
export function createGroup({ dialogs, send, view, words, state, say }) {
  function open() {
    if (!state().group) dialogs.show('group', { send: (v) => send('/group', v) });
  }

  function importList() {
    let partial = false;
    $('import-problems').replaceChildren();
    $('import-file').value = '';
    const d = dialogs.show('import', { label: words.import, send: async (v) => {
      const r = await send('/group/list', { ...v, partial });
      if (!r.ok || r.taken) return r;
      // Nothing was taken: the lines to look at are shown, and F8 then takes the others.
      $('import-problems').replaceChildren(...r.problems.map((p) => {
        const li = document.createElement('li');
        li.textContent = words.line.replace('{0}', p.line).replace('{1}', p.message);
        return li;
      }));
      dialogs.message(d, r.text);
      partial = r.people > 0;
      d.querySelector('[data-send]').textContent = partial ? words.partly : words.import;
      return { ...r, stay: true };
    } });
    $('import-text').oninput = () => { partial = false; d.querySelector('[data-send]').textContent = words.import; };
  }

  $('import-file').addEventListener('change', async (e) => {
    const [file] = e.target.files;
    if (file) $('import-text').value = await file.text();
    $('import-text').oninput?.();
  });

  function adult(encounter) {
    const members = view()?.group?.members ?? [];
    const name = (m) => `${m.surname}, ${m.given_names}`;
    const minor = members.find((m) => m.id === encounter);
    if (!minor) return;
    const none = new Option(words.nobodyAdult, '');
    $('adult').replaceChildren(none, ...members.filter((m) => !m.minor && m.age >= 0 && m.id !== encounter).map((m) => new Option(name(m), m.id)));
    dialogs.show('responsible', { title: words.responsible.replace('{0}', isolated(name(minor))), fill: { adult: minor.responsible ?? '' },
      send: (v) => send('/group/responsible', { ...v, encounter }) });
  }

  function close() {
    const left = Number($('party-close')?.dataset.open ?? 0);
    if (left > 0) return words.closeGroupOpen;
    dialogs.show('ask', { title: words.closeGroup, text: words.closeGroupText, label: words.closeSend, send: () => send('/group/closed', {}) });
    return '';
  }

  function share() {
    $('shared').open = true;
    $('shared').querySelector('select, input')?.focus();
    $('shared').scrollIntoView({ block: 'nearest' });
  }

  /** Admits all that are ready, as they were painted. */
  async function admit() {
    const members = state().ready.split(' ').filter(Boolean).map((m) => {
      const [encounter, revision] = m.split(':');
      return { encounter, revision: Number(revision) };
    });
    const r = await send('/group/decisions', { members });
    if (r.ok) say(r.text);
    return r;
  }

  return { open, importList, adult, close, share, admit };
}
