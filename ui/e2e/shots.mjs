// Pictures of every page and state in every language at every size, on one sheet for a person's eyes; and what
// a machine can see in them: axe, nothing wider than the screen, nothing cut off, a focus that is seen,
// targets large enough, and twice the zoom without loss.
// LANGS=es,ht and ROOMS=counter,hub make a few of them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { axe, openBrowser, openPage, signIn } from './browser.mjs';
import { DIALOGS, serveGallery } from './gallery.mjs';

const list = (name, all) => (process.env[name] ?? all).split(',').filter(Boolean);
const LANGS = list('LANGS', 'en,es,fr,ht');
const ROOMS = list('ROOMS', 'counter,dialogs,station,hub');

/** The sizes: the smallest desk, a large one, a rugged tablet by touch. */
const SIZES = {
  '1024x768': { width: 1024, height: 768 }, '1920x1080': { width: 1920, height: 1080 }, '1280x800-touch': { width: 1280, height: 800, touch: true },
};
/** A desk of 1280 pixels at twice the zoom (WCAG 1.4.4). */
const ZOOMED = { width: 640, height: 512 };

/** Who sees which pages of the hub and the station. */
const WHO = { hub: ['3001', '9001', '6001', '5001'], station: ['1001', '1005', '4001'] };
/** Where they sit; the others at none. */
const SEATS = { 1001: '1', 1005: 'T1' };

/** Pages that no link of a page leads to, by who sees them. */
const BESIDE = {
  '1001': [['shift-report', '/counters/1/shift-report'], ['card-inspector', '/card/inspector'], ['card-supervisor', '/card/supervisor'], ['signin-again', '/counters/nowhere'], ['nothing-there', '/nothing']],
  '4001': [['card-technician', '/card/technician']],
  '3001': [['card-operator', '/card/operator'], ['forbidden', '/audit'], ['account', '/account']],
};

/** States of a page that a hand brings about. */
const STATES = {
  help: async (page) => { await page.locator('#help-key').click(); await page.waitForSelector('#help[open]'); },
  locked: async (page) => { await page.locator('#lock-now').click(); await page.waitForSelector('#lock', { state: 'visible' }); },
};

/** What the page looks like to a rule: run in the page. */
function judge({ touch, zoomed }) {
  const out = [];
  const name = (el) => `${el.localName}${el.id ? `#${el.id}` : ''}${el.className && typeof el.className === 'string' ? `.${el.className.trim().split(/\s+/).join('.')}` : ''} “${el.textContent.trim().replaceAll(/\s+/g, ' ').slice(0, 30)}”`;
  const open = document.querySelector('dialog[open]');
  const root = open ?? document.body;
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth + 1) {
    const wide = [...document.querySelectorAll('body *')].find((el) => el.checkVisibility() && el.getBoundingClientRect().right > innerWidth + 1 && !el.closest('.scroll, .govuk-visually-hidden, .govuk-skip-link'));
    out.push(`scrolls sideways: ${wide ? name(wide) : '?'}`);
  }
  for (const el of root.querySelectorAll('*')) {
    if (!el.checkVisibility({ visibilityProperty: true }) || el.closest('.govuk-visually-hidden, svg, select, .govuk-skip-link')) continue;
    const style = getComputedStyle(el);
    if (style.clipPath === 'inset(50%)') continue; // for the ear alone
    const cut = (style.overflowX === 'hidden' || style.overflowX === 'clip') && el.scrollWidth > el.clientWidth + 1 && el.clientWidth > 0;
    const low = (style.overflowY === 'hidden' || style.overflowY === 'clip') && el.scrollHeight > el.clientHeight + 2 && el.clientHeight > 0;
    if ((cut || low) && el !== document.body && el.textContent.trim()) out.push(`cut off: ${name(el)}`);
    // Text that leaves its own button or tag.
    if (el.matches('button, .tag, .key, kbd') && el.scrollWidth > el.clientWidth + 1 && el.clientWidth > 0) out.push(`too narrow for its text: ${name(el)}`);
  }
  if (!zoomed) {
    for (const row of root.querySelectorAll('.keys-row')) {
      const tops = [...row.querySelectorAll('.key')].map((el) => el.getBoundingClientRect().top);
      if (tops.length && Math.max(...tops) - Math.min(...tops) > 10) out.push(`keys in more than one row: ${name(row)}`);
    }
    const least = touch ? 44 : 24;
    for (const el of root.querySelectorAll('button, select, summary, input:not([type="hidden"], [type="checkbox"], [type="radio"]), textarea, [role="button"], nav a, label:has(input[type="radio"], input[type="checkbox"])')) {
      if (!el.checkVisibility({ visibilityProperty: true }) || el.closest('.govuk-visually-hidden, .govuk-skip-link') || el.matches('.govuk-skip-link')) continue;
      const r = el.getBoundingClientRect();
      if (r.width && (r.height < least - 0.5 || r.width < least - 0.5)) out.push(`smaller than ${least}: ${name(el)} ${Math.round(r.width)}×${Math.round(r.height)}`);
    }
  }
  return out;
}

/** Where Tab goes, is something seen? The answer names what looks the same with and without the focus. */
async function unseen(page, most = 60) {
  const out = new Set();
  await page.evaluate(() => document.activeElement?.blur());
  const first = new Set();
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab');
    const got = await page.evaluate(() => {
      const el = document.activeElement;
      if (!el || el === document.body) return null;
      const look = (e) => { const s = getComputedStyle(e); return [s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 ? s.outline : '', s.boxShadow, s.backgroundColor, s.borderColor, s.textDecoration].join('|'); };
      const now = look(el);
      const outlined = !now.startsWith('|') || getComputedStyle(el).boxShadow !== 'none';
      const r = el.getBoundingClientRect();
      // Not covered by what sticks (WCAG 2.4.11).
      const [x, y] = [Math.min(Math.max(r.x + r.width / 2, 0), innerWidth - 1), Math.min(Math.max(r.y + Math.min(r.height / 2, 12), 0), innerHeight - 1)];
      const top = document.elementFromPoint(x, y);
      const covered = r.width > 0 && top && !top.closest('svg') && !el.contains(top) && !top.contains(el) && !el.labels?.[0]?.contains(top);
      return { id: el.id || el.outerHTML.slice(0, 80), outlined, covered: covered ? `${top.localName}#${top.id}.${top.className}` : '' };
    });
    if (!got) break;
    if (first.has(got.id)) break;
    first.add(got.id);
    if (!got.outlined) out.add(`no focus is seen on ${got.id}`);
    if (got.covered) out.add(`${got.id} has the focus behind ${got.covered}`);
  }
  return [...out];
}

/** Takes the pictures of one page in all sizes; check(name, problem) is called for each. */
async function take(page, name, sheet, pictures, check, { focus = false } = {}) {
  const problems = new Set();
  for (const [size, box] of Object.entries(SIZES)) {
    if (Boolean(box.touch) !== Boolean(page.touch)) continue;
    await page.setViewportSize(box);
    for (const p of await page.evaluate(judge, { touch: box.touch ?? false, zoomed: false })) problems.add(`${size}: ${p}`);
    const file = `${name}-${size}.png`;
    await page.screenshot({ path: join(pictures, file), fullPage: !(await page.locator('dialog[open]').count()) });
    sheet.push({ name, size, file });
  }
  if (!page.touch) {
    for (const p of await axe(page)) problems.add(`axe: ${p}`);
    if (focus) for (const p of await unseen(page)) problems.add(p);
    await page.setViewportSize(ZOOMED);
    for (const p of await page.evaluate(judge, { touch: false, zoomed: true })) problems.add(`zoomed: ${p}`);
  }
  for (const p of page.faults.splice(0)) problems.add(p);
  check(`shots: ${name}${page.touch ? ', touch' : ''}`, [...problems].join('\n'));
}

/** One browser's worth of pictures in one language. */
async function all(context, touch, lang, world, sheet, pictures, check) {
  const { gallery, demo } = world;
  const open = async (url) => Object.assign(await openPage(context, url), { touch });
  await context.clearCookies();
  if (gallery) await context.addCookies([{ name: 'garita_language', value: lang, url: gallery.url }]);
  if (gallery && ROOMS.includes('counter')) {
    const states = (await (await fetch(`${gallery.url}/states`).catch(() => null))?.json().catch(() => null)) ?? world.states;
    for (const state of states) {
      const page = await open(`${gallery.url}/counters/${state}`);
      await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
      await take(page, `counter-${state.toLowerCase()}-${lang}`, sheet, pictures, check, { focus: lang === LANGS[0] && ['VISITOR', 'GROUP-MEMBER'].includes(state) });
      await page.close();
    }
  }
  if (gallery && ROOMS.includes('dialogs')) {
    for (const [name, [state, ...how]] of Object.entries(DIALOGS)) {
      const page = await open(`${gallery.url}/counters/${state}`);
      await page.waitForSelector('body[data-live="on"]', { state: 'attached' });
      await page.waitForTimeout(450);
      for (const key of how) {
        if (/^[#[]/.test(key)) await page.locator(key).first().click().catch(() => {});
        else await page.keyboard.press(key);
        await page.waitForTimeout(80);
      }
      await take(page, `dialog-${name}-${lang}`, sheet, pictures, check, { focus: lang === LANGS[0] });
      await page.close();
    }
  }
  for (const site of ['station', 'hub'].filter((s) => ROOMS.includes(s) && demo)) {
    const base = site === 'hub' ? demo.hub : demo.post;
    const taken = new Set();
    await context.clearCookies();
    const door = await open(`${base}/signin?lang=${lang}`);
    await take(door, `${site}-signin-${lang}`, sheet, pictures, check, { focus: true });
    await door.close();
    for (const badge of WHO[site]) {
      await context.clearCookies();
      const page = await open(`${base}/signin?lang=${lang}`);
      await signIn(page, badge, { counter: SEATS[badge] ?? '' });
      // Every page that a link of the head, of a page's own head or of the first row of a table leads to.
      const links = () => page.evaluate(() => {
        const rows = [...document.querySelectorAll('main table, main ol, main ul')].map((t) => t.querySelector('a[href^="/"]')).filter(Boolean);
        return [...document.querySelectorAll('nav a[href^="/"], .sub-nav a[href^="/"], main p a[href^="/"], header a[href^="/"]'), ...rows].filter((a) => !a.hasAttribute('download') && !/\.(csv|json|pdf)|template|lang=|signin/.test(a.href)).map((a) => a.getAttribute('href'));
      });
      const shape = (href) => href.split(/[?#]/)[0].replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|\/\d+\b/g, '/ID').replace(/-(W?)\d\d\b/, '-$1NN');
      const waiting = [new URL(page.url()).pathname, ...await links()];
      for (let n = 0; waiting.length && n < 40;) {
        const href = waiting.shift();
        if (taken.has(shape(href))) continue;
        taken.add(shape(href));
        n++;
        const r = await page.goto(new URL(href, base).href);
        if (r && r.status() >= 400) continue;
        await page.waitForTimeout(300); // the first view of a stream
        const words = shape(href).replaceAll(/[^a-z0-9A-Z]+/g, '-').replace(/^-|-$/g, '') || 'start';
        await take(page, `${site}-${words}-${lang}`, sheet, pictures, check, { focus: lang === LANGS[0] });
        waiting.push(...await links());
      }
      for (const [name, path] of BESIDE[badge] ?? []) {
        await page.goto(new URL(path, base).href);
        await page.waitForTimeout(300);
        await take(page, `${site}-${name}-${lang}`, sheet, pictures, check);
      }
      if (badge === WHO[site][0]) {
        for (const [name, bring] of Object.entries(STATES)) {
          await page.goto(base);
          await page.waitForTimeout(300);
          await bring(page);
          await take(page, `${site}-${name}-${lang}`, sheet, pictures, check, { focus: lang === LANGS[0] });
        }
      }
      await page.close();
    }
  }
}

/** @param {(kind: string) => Promise<any>} start gives a running demo */
export async function shots(context, root, start, folder, check, states) {
  const pictures = join(folder, 'shots');
  mkdirSync(pictures, { recursive: true });
  const sheet = [];
  const gallery = ROOMS.some((r) => ['counter', 'dialogs'].includes(r)) ? await serveGallery(root) : null;
  const demo = ROOMS.some((r) => ['station', 'hub'].includes(r)) ? await start('day') : null;
  const touched = await openBrowser({ hasTouch: true, viewport: SIZES['1280x800-touch'] });
  try {
    for (const lang of LANGS) {
      for (const [c, touch] of [[context, false], [touched.context, true]]) {
        try {
          await all(c, touch, lang, { gallery, demo, states }, sheet, pictures, check);
        } catch (e) {
          check(`shots in ${lang}${touch ? ', touch' : ''}`, e.stack ?? e);
        }
      }
    }
  } finally {
    await touched.close();
    await gallery?.end();
    const rows = Map.groupBy ? [...Map.groupBy(sheet, (s) => s.name)] : [...sheet.reduce((m, s) => m.set(s.name, [...(m.get(s.name) ?? []), s]), new Map())];
    writeFileSync(join(pictures, 'index.html'), `<!DOCTYPE html><meta charset="utf-8"><title>Garita: every page</title><style>body{font:14px sans-serif;margin:1em}section{display:flex;gap:8px;flex-wrap:wrap;align-items:start;margin:0 0 1.5em}h2{width:100%;font-size:1em;margin:0}img{border:1px solid #888;max-height:420px;max-width:31vw}figure{margin:0}</style><h1>${sheet.length} pictures</h1>${rows.map(([name, of]) => `<section><h2>${name}</h2>${of.map((s) => `<figure><a href="${s.file}"><img loading="lazy" src="${s.file}" alt="${name}, ${s.size}"></a><figcaption>${s.size}</figcaption></figure>`).join('')}</section>`).join('')}`);
    console.log(`       ${sheet.length} pictures on one sheet: ${join(pictures, 'index.html')}`);
  }
}
