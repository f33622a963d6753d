// The forms that the server paints and a person fills in. The server may paint them anew at
// any time; what is being typed stays, with the caret and the focus.

/** Nothing is sent while the keys could still be a reader's: a torn scan pauses this long, ms. */
const STILL = 1500;

/** A name amid a sentence, whichever way either is written: between FIRST STRONG ISOLATE and its end (Unicode UAX #9). */
export const isolated = (name) => `\u2068${name}\u2069`;

const control = (field) => field.querySelector('select, input');
const isCode = (el) => el.classList.contains('code');

/** What a control holds, as it is sent. */
export function value(el) {
  const v = el.value.trim();
  return isCode(el) ? v.toUpperCase() : v;
}

/** The controls of a form that the officer has changed since the server painted them. */
const changed = (form) => [...form.querySelectorAll('[data-field]')].map(control).filter((el) => !('apart' in el.dataset) && value(el) !== el.dataset.value);

/** The answers on the screen that differ from what the server painted, by field. */
export function answers(form) {
  return Object.fromEntries(changed(form).map((el) => [el.closest('[data-field]').dataset.field, value(el)]));
}

/** Takes a newly painted field into the one on the screen, whose control stays. */
function mergeField(now, next) {
  const [el, fresh] = [control(now), control(next)];
  const untouched = value(el) === el.dataset.value;
  const confirmed = !('sent' in el.dataset) || el.dataset.sent === fresh.dataset.value;
  if (confirmed) delete el.dataset.sent;
  for (const name of ['data-required', 'maxlength']) {
    if (fresh.hasAttribute(name)) el.setAttribute(name, fresh.getAttribute(name));
    else el.removeAttribute(name);
  }
  if (confirmed) {
    el.dataset.value = fresh.dataset.value;
    if (untouched && el.value !== fresh.value) el.value = fresh.value;
  }
  now.className = next.className;
  for (const part of ['label', '.input-about']) {
    const [a, b] = [now.querySelector(part), next.querySelector(part)];
    if (a && b && a.innerHTML !== b.innerHTML) a.innerHTML = b.innerHTML;
  }
  now.querySelector('.input-origin')?.remove();
  const origin = next.querySelector('.input-origin');
  if (origin && value(el) === el.dataset.value) now.querySelector('label').after(' ', origin);
}

/** Puts a newly painted form in the place of the one on the screen, field by field. */
export function merge(now, next) {
  const fields = new Map([...now.querySelectorAll('[data-field]')].map((f) => [f.dataset.field, f]));
  const fresh = [...next.querySelectorAll('[data-field]')];
  const names = new Set(fresh.map((f) => f.dataset.field));
  const fold = now.querySelector('details');
  for (const [name, f] of fields) if (!names.has(name)) f.remove();
  const last = new Map(); // by section: the field that the next one follows
  for (const f of fresh) {
    const old = fields.get(f.dataset.field);
    const section = f.parentElement.dataset.fields;
    let place = old?.parentElement ?? now.querySelector(section ? `[data-fields="${section}"]` : null);
    // What is asked now must not stay behind a closed fold.
    if (old && section === 'asked' && place.dataset.fields === 'known' && !fold?.open) {
      place = now.querySelector('[data-fields="asked"]');
      place.append(old);
    }
    if (!place) continue;
    const field = old ?? f;
    if (old) mergeField(old, f);
    if (!place.dataset.fields) continue; // stands by itself
    const after = last.get(place);
    const there = after ? after.nextElementSibling : place.firstElementChild;
    if (there !== field) place.insertBefore(field, there);
    last.set(place, field);
  }
  for (const part of ['.known-summary', '.known-word']) {
    const [a, b] = [now.querySelector(part), next.querySelector(part)];
    if (a && b) a.textContent = b.textContent;
  }
  if (now.dataset.tried) mark(now);
}

/** The controls that stand between the record and an admission, in the order of the screen. */
export function missing(form) {
  return [...form.querySelectorAll('[data-field]')].map(control).filter((el) => ('required' in el.dataset && value(el) === '') ||
    (el.closest('[data-field]').querySelector('.input-problem') && value(el) === el.dataset.value));
}

/** The label of a control. */
export const label = (el) => document.querySelector(`label[for="${el.id}"]`)?.firstChild.textContent.trim() ?? '';

/** Shows what is missing beside the fields from now on. */
export function mark(form) {
  form.dataset.tried = 'yes';
  const open = new Set(missing(form));
  for (const el of [...form.querySelectorAll('[data-field]')].map(control)) {
    el.toggleAttribute('aria-invalid', open.has(el));
    if (open.has(el)) el.setAttribute('aria-invalid', 'true');
    const said = el.closest('[data-field]').querySelector('.input-problem');
    if (said) said.hidden = !open.has(el);
  }
}

/** Puts the focus into a field, also into one behind the fold. */
export function go(el) {
  const fold = el.closest('details');
  if (fold) fold.open = true;
  el.focus();
}

/** The field that an officer begins with: the first that is asked and empty; null if none. */
export const first = (form) => [...form.querySelectorAll('[data-fields="asked"] [data-field]')].map(control).find((el) => 'required' in el.dataset && value(el) === '') ?? null;

/**
 * Sends what is typed, after a moment or when a field is left.
 * @param {(form: HTMLElement, values: Record<string, string>) => Promise<boolean>} send
 */
export function keepTyped(send) {
  let timer = 0;
  const flush = async (form) => {
    clearTimeout(timer);
    const values = answers(form);
    for (const el of changed(form)) {
      const name = el.closest('[data-field]').dataset.field;
      if (el.dataset.sent === values[name]) delete values[name];
      else el.dataset.sent = values[name];
    }
    if (Object.keys(values).length === 0) return;
    if (await send(form, values)) return;
    for (const name of Object.keys(values)) {
      const el = form.querySelector(`[data-field="${name}"]`);
      if (el) delete control(el).dataset.sent;
    }
  };
  addEventListener('input', (e) => {
    const form = e.target.closest?.('[data-form]');
    if (!form) return;
    clearTimeout(timer);
    timer = setTimeout(() => flush(form), STILL);
  });
  addEventListener('focusout', (e) => {
    const form = e.target.closest?.('[data-form]');
    if (form) flush(form);
  });
}
