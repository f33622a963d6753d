import { hub } from './hub.js';

hub(document.getElementById('code') ? undefined : () => ['/stations', {}]);

// The minutes that a one-time code has left.
const left = document.getElementById('code-left');
if (left) {
  const end = performance.now() + Number(left.dataset.seconds) * 1000;
  const tick = () => {
    const s = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    left.textContent = s > 0 ? `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}` : left.dataset.over;
    if (s > 0) setTimeout(tick, 250);
    else document.getElementById('code').classList.add('spent');
  };
  tick();
}
