// Fingerprints: which finger, why it cannot be taken, and a post that goes without.

const region = () => document.querySelector('[data-region="fingers"]').dataset;

/** See documents.js for the parameters; act sends and says what came of it. */
export function createFingers({ dialogs, second, send, words, state, problem, say, act }) {
  let said = '';

  /** Asks for a finger; while one is taken, cancels; while the post goes without, notes so. */
  function take() {
    const r = region();
    if (r.busy) return act('/fingers-cancelled', {});
    if (!r.next) return problem({ title: words.noFingers });
    if (r.degraded) return act('/fingers-not-taken', { position: r.next, reason: r.reason, code: 'degraded' });
    if (!r.scanner) return problem({ title: words.noScanner });
    return dialogs.show('finger', { fill: { position: r.next, reason: r.reason }, send: (v) => send('/fingers', v) });
  }

  /** Notes why a finger cannot be taken. */
  function not() {
    const r = region();
    dialogs.show('no-finger', { fill: { position: r.next, reason: r.reason }, send: (v) => send('/fingers-not-taken', v) });
  }

  const degrade = () => dialogs.show('degrade', { send: (v) => second.either({ action: 'biometrics.degrade', text: words.secondDegrade },
    (word) => send('/biometrics-degraded', { ...v, ...word })) });
  const restore = () => dialogs.show('ask', { title: words.restore, text: words.restoreText, label: words.yes, send: () => send('/biometrics-restored', {}) });

  /** Speaks what the scanner waits for, once. */
  function follow() {
    const now = state().encounter ? region().say ?? '' : '';
    if (now && now !== said) say(now);
    said = now;
  }

  return { take, not, degrade, restore, follow };
}
