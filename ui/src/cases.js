import { badges, refresh } from './hub.js';

badges();
const filter = document.getElementById('filter');
if (filter) {
  // The filter as it was asked for, not as somebody is changing it just now.
  const asked = new URLSearchParams(new FormData(filter));
  refresh(() => ['/cases', { method: 'POST', body: asked }]);
}
