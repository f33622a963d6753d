import { follow, post, swap } from './live.js';

const $ = (id) => document.getElementById(id);

follow('/live/operations', (data) => swap(data.html), (up) => {
  $('link').hidden = up;
  document.body.dataset.live = up ? 'on' : 'off';
});

addEventListener('click', async (e) => {
  const button = e.target.closest?.('button[data-act="acknowledge"]');
  if (!button) return;
  button.disabled = true;
  const r = await post(`/alarms/${encodeURIComponent(button.dataset.alarm)}/acknowledge`, {});
  $('message').textContent = r.ok ? r.text : [r.title, r.next].filter(Boolean).join(' ');
  if (!r.ok) button.disabled = false;
});
