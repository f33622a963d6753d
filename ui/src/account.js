import { hub } from './hub.js';
import { addKey, canAsk } from './passkey.js';

hub();

const form = document.getElementById('add-key');
if (form && canAsk()) {
  form.hidden = false;
  form.addEventListener('submit', async (e) => {
    e.preventDefault();
    const said = document.getElementById('key-message');
    said.textContent = form.dataset.touch;
    const r = await addKey('/account/passkeys', form.elements.name.value.trim());
    if (r.ok) location.reload();
    else said.textContent = [r.title, r.next].filter(Boolean).join(' ');
  });
}
