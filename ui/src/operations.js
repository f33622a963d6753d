import { hub } from './hub.js';
import { follow, post, swap } from './live.js';

const $ = (id) => document.getElementById(id);

const stream = follow('/live/operations', (data) => swap(data.html), (up) => {
  if ($('link')) $('link').hidden = up; // the card may cover the page
  document.body.dataset.live = up ? 'on' : 'off';
});
hub(undefined, { away: stream.pause, back: stream.resume });

addEventListener('click', async (e) => {
  const button = e.target.closest?.('button[data-act="acknowledge"]');
  if (!button || button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true'); // not disabled: it keeps the focus
  const r = await post(`/alarms/${encodeURIComponent(button.dataset.alarm)}/acknowledge`, {});
  if ($('message')) $('message').textContent = r.ok ? r.text : [r.title, r.next].filter(Boolean).join(' ');
  if (!r.ok) button.removeAttribute('aria-disabled');
});
