import htmx from 'htmx.org';
import uPlot from 'uplot';
import { hub } from './hub.js';

/** How often the numbers are asked for anew, in ms: they change by themselves, but nobody waits for one more. */
const EVERY = 20000;

let asked = location.search;
const session = hub(() => [`/flows${asked = location.search}`, {}], { every: EVERY, put: renew });
htmx.config.transitions = false;

const numbers = () => document.getElementById('flows');
let shown = numbers().outerHTML; // without what is drawn into it

/** Puts newer numbers in their place. What is unfolded, scrolled and in focus stays so, and nothing is said of it. */
function renew(html) {
  const next = new DOMParser().parseFromString(html, 'text/html').getElementById('flows');
  if (!next || asked !== location.search || next.outerHTML === shown) return;
  const now = numbers();
  const scrolls = (el) => [...el.querySelectorAll('.scroll')];
  const kept = scrolls(now).map((el) => [el.getAttribute('aria-labelledby'), el.scrollTop, el.scrollLeft]);
  const open = [...now.querySelectorAll('details[open]')].map((el) => el.id);
  const focus = now.contains(document.activeElement) ? like(document.activeElement) : '';
  shown = next.outerHTML;
  now.replaceWith(next);
  for (const id of open) next.querySelector(`#${id}`)?.setAttribute('open', '');
  draw();
  for (const [of, top, left] of kept) scrolls(next).find((el) => el.getAttribute('aria-labelledby') === of)?.scrollTo({ top, left, behavior: 'instant' });
  if (focus) (next.querySelector(focus) ?? document.getElementById('work')).focus({ preventScroll: true });
}

/** How to find the like of an element in newer numbers: a table's frame, a table's title, a link. */
function like(el) {
  if (el.matches('.scroll')) return `.scroll[aria-labelledby="${el.getAttribute('aria-labelledby')}"]`;
  return el.matches('summary') ? `#${el.parentElement.id} > summary` : el.localName;
}

/** A plot's height in px. */
const HEIGHT = 220;

let plots = [];

/** How wide the widest of some labels is in px, as the axes write them. */
function widest(names, host) {
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = `12px ${getComputedStyle(host).fontFamily}`;
  return Math.ceil(Math.max(0, ...names.map((n) => pen.measureText(n).width)));
}

/** Draws the plots of the page, each from the table beside it. */
function draw() {
  for (const p of plots) p.destroy();
  plots = [];
  const css = getComputedStyle(document.documentElement);
  const colour = (name) => css.getPropertyValue(name).trim();
  for (const host of document.querySelectorAll('[data-plot]')) {
    const table = host.parentElement.querySelector('details table');
    const heads = [...table.tHead.rows[0].cells].map((c) => c.textContent);
    const rows = [...table.tBodies[0].rows];
    const names = rows.map((r) => r.cells[0].textContent);
    const columns = heads.slice(1).map((_, i) => rows.map((r) => (r.cells[i + 1].textContent === '–' ? null : Number(r.cells[i + 1].dataset.n))));
    const axis = { font: `12px ${getComputedStyle(host).fontFamily}`, stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line') } };
    const bars = uPlot.paths.bars({ size: [0.7, 60] });
    const usual = columns.length > 1;
    plots.push(new uPlot({
      width: host.clientWidth,
      height: HEIGHT,
      padding: [null, widest(names, host) / 2, null, null], // the last label stands in the middle under its column
      cursor: { show: false },
      legend: { show: usual, live: false },
      scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.05)] } },
      axes: [{ ...axis, values: (_, at) => at.map((i) => names[i] ?? ''), space: usual ? 40 : 90 }, { ...axis, size: 60, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000] }],
      series: [{}, { label: heads[1], paths: bars, fill: colour('--chart'), stroke: colour('--chart'), points: { show: false } },
        ...(usual ? [{ label: heads[2], stroke: colour('--text'), width: 2, dash: [6, 4], points: { show: false } }] : [])],
    }, [names.map((_, i) => i), ...columns], host));
  }
}

let width = innerWidth;
addEventListener('resize', () => {
  if (innerWidth !== width) {
    width = innerWidth;
    draw();
  }
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);

// What came instead of the part that was asked for is the page of signing in, or a problem.
document.addEventListener('htmx:before:swap', (e) => {
  const text = e.detail?.ctx?.text ?? '';
  const link = document.getElementById('link');
  if (text.includes('id="flows"')) {
    if (link) link.hidden = true;
    return;
  }
  e.preventDefault();
  if (text.includes('id="signin"')) session.ended();
  else if (link) link.hidden = false;
});
document.addEventListener('htmx:error', () => {
  const link = document.getElementById('link');
  if (link) link.hidden = false;
});
document.addEventListener('htmx:after:swap', () => {
  shown = numbers().outerHTML;
  draw();
  document.getElementById('message').textContent = document.getElementById('flows-title').textContent;
});
draw();
