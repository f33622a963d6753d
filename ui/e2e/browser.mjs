// A headless Chromium for the tests, and what they all ask of a page.
import { chromium } from 'playwright-core';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The sizes a screen must work at. */
export const SIZES = { '1024x768': { width: 1024, height: 768 }, '1366x768': { width: 1366, height: 768 }, '1920x1080': { width: 1920, height: 1080 } };

/** Starts a browser with a new profile, and with a camera that shows a pattern if one is asked for; close() ends
 * it and removes the profile. options are Playwright's. */
export async function openBrowser({ camera = false, ...options } = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'garita-e2e-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    viewport: SIZES['1024x768'],
    bypassCSP: false,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', ...(camera ? ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'] : [])],
    ...options,
  });
  context.setDefaultTimeout(15000);
  return {
    context,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Opens a page and collects what it complains about: script errors, refused content. */
export async function openPage(context, url) {
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (e) => page.faults.push(`error: ${e.message}`));
  page.on('console', (m) => {
    if (m.type() === 'error' && /Content Security Policy|Refused to/.test(m.text())) page.faults.push(m.text());
  });
  await page.goto(url);
  return page;
}

/** Returns axe's violations on the page as text, one a line; [] if there is none. */
export async function axe(page) {
  await page.evaluate(axeSource); // the debugger's own channel: the page's policy stays as it is
  const r = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return r.violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} ${n.any.map((a) => a.message).join(' ')}`).join(' | ')}`);
}

/** The PIN of all officers of the demonstration, who are 1001–1005 (inspectors), 2001 (supervisor), 3001 and
 * 3002 (operators), 4001 (technician), 5001 (protection), 6001 (auditor) and 9001 (administrator). */
export const PIN = '246810';

/** Signs in on the page of signing in, and waits until it has led on. */
export async function signIn(page, badge, { counter, pin = PIN } = {}) {
  await page.waitForSelector('#signin');
  await page.locator('#badge').fill(badge);
  await page.locator('#pin').fill(pin);
  if (await page.locator('input[name="counter"]').count()) await page.locator(`input[name="counter"][value="${counter ?? ''}"]`).check();
  await Promise.all([page.waitForURL((url) => url.pathname !== '/signin'), page.locator('#go').click()]);
}

/** Opens a page that takes somebody to be signed in: signs in if nobody is. */
export async function openAs(context, url, badge, how) {
  const page = await openPage(context, url);
  if (new URL(page.url()).pathname === '/signin') await signIn(page, badge, how);
  return page;
}

/** The session's cookie for requests beside the browser. */
export async function cookieOf(base, badge, counter = '') {
  const r = await fetch(`${base}/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ badge, pin: PIN, counter }) });
  if (!r.ok) throw new Error(`${badge} cannot sign in: ${await r.text()}`);
  return r.headers.get('set-cookie').split(';')[0];
}
