import { hub } from './hub.js';

/** Bytes of one piece: the server takes no larger bodies than 256 KiB. */
const PIECE = 192 * 1024;
const PATIENCE = 30000;

hub(document.getElementById('overview') ? () => [location.pathname, {}] : undefined);

const form = document.getElementById('import-form');
form?.addEventListener('submit', async (e) => {
  const files = [...document.getElementById('files').files];
  const button = document.getElementById('read');
  const progress = document.getElementById('progress'); // a status: said once a file, and not for each piece
  const sent = document.getElementById('sent');
  const words = form.dataset;
  if (button.getAttribute('aria-disabled') === 'true') return e.preventDefault();
  button.setAttribute('aria-disabled', 'true');
  if (files.length === 0) {
    progress.textContent = words.reading;
    return undefined;
  }
  e.preventDefault();
  document.getElementById('file').value = '';
  try {
    for (const file of files) {
      progress.textContent = words.sending.replace('{0}', file.name);
      await send(file, (share) => {
        sent.hidden = false;
        sent.value = share;
      });
    }
    progress.textContent = words.reading;
    form.submit();
  } catch (why) {
    progress.textContent = why.said || words.notSent;
    button.removeAttribute('aria-disabled');
  } finally {
    sent.hidden = true;
  }
  return undefined;
});

/** Sends a file in pieces, one after the other. */
async function send(file, tell) {
  const name = file.name.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^[._-]+/, '').slice(-100) || 'file';
  for (let at = 0; at === 0 || at < file.size; at += PIECE) {
    tell(Math.floor((100 * at) / Math.max(1, file.size)));
    const r = await fetch(`/lists/uploads/${form.dataset.upload}/${encodeURIComponent(name)}?offset=${at}`, {
      method: 'POST', body: await file.slice(at, at + PIECE).arrayBuffer(), signal: AbortSignal.timeout(PATIENCE),
      headers: { 'Content-Type': 'application/octet-stream', Accept: 'application/json' },
    });
    if (!r.ok) {
      const said = await r.json().catch(() => ({}));
      throw Object.assign(new Error('refused'), { said: [said.title, said.next].filter(Boolean).join(' ') });
    }
  }
}
