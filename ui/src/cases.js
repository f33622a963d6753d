import { hub } from './hub.js';

const filter = document.getElementById('filter');
// The filter as it was asked for, not as somebody is changing it just now.
const asked = filter && new URLSearchParams(new FormData(filter));
hub(filter ? () => ['/cases', { method: 'POST', body: asked }] : undefined);
