// Security keys and passkeys (W3C Web Authentication Level 3): the server asks, the key answers.
import { post } from './live.js';

/** Whether this browser can ask a key here. */
export const canAsk = () => typeof PublicKeyCredential !== 'undefined' && isSecureContext && 'parseRequestOptionsFromJSON' in PublicKeyCredential;

const failed = (e) => ({ ok: false, code: e?.name === 'NotAllowedError' ? 'cancelled' : 'unavailable', title: document.body.dataset.keyFailed, next: document.body.dataset.keyNext });

/** Has a key sign in or agree; path names the ceremony, more goes with both halves. */
export async function askKey(path, more = {}) {
  const begun = await post(`${path}/begin`, more);
  if (!begun.ok) return begun;
  try {
    const options = PublicKeyCredential.parseRequestOptionsFromJSON(begun.options.publicKey ?? begun.options);
    const answer = await navigator.credentials.get({ publicKey: options });
    return await post(`${path}/finish`, { ...more, ceremony: begun.ceremony, answer: answer.toJSON() });
  } catch (e) {
    return failed(e);
  }
}

/** Makes a passkey for whoever is signed in. */
export async function addKey(path, name) {
  const begun = await post(`${path}/begin`, {});
  if (!begun.ok) return begun;
  try {
    const options = PublicKeyCredential.parseCreationOptionsFromJSON(begun.options.publicKey ?? begun.options);
    const answer = await navigator.credentials.create({ publicKey: options });
    return await post(`${path}/finish`, { name, ceremony: begun.ceremony, answer: answer.toJSON() });
  } catch (e) {
    return failed(e);
  }
}
