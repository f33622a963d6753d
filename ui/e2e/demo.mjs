// A running "garita demo" with real child processes, and what may happen to them.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './gallery.mjs';

/** Waits until ask() gives something true and returns it; fails loudly after patience ms. */
export async function until(what, ask, patience = 30000) {
  const end = Date.now() + patience;
  for (;;) {
    const got = await ask();
    if (got) return got;
    if (Date.now() > end) throw new Error(`waited ${patience} ms in vain: ${what}`);
    await new Promise((r) => setTimeout(r, 25));
  }
}

/** Starts a demo on a new folder and waits until its pages answer; with mix 'day' a day is played first. */
export async function startDemo(program, { mix = '', counters = 2 } = {}) {
  const data = mkdtempSync(join(tmpdir(), 'garita-demo-e2e-'));
  const [post, hub, nats] = [await freePort(), await freePort(), await freePort()].map((p) => `127.0.0.1:${p}`);
  const log = openSync(join(data, 'demo.log'), 'w');
  const child = spawn(program, ['demo', '--data', data, '--post-listen', post, '--hub-listen', hub, '--nats-listen', nats, '--counters', String(counters), ...(mix ? ['--mix', mix] : [])],
    { stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  let gone = false;
  ended.then(() => { gone = true; });
  const d = { data, post: `http://${post}`, hub: `http://${hub}` };
  const answers = (url) => fetch(url, { signal: AbortSignal.timeout(2000) }).then((r) => r.ok, () => false);
  const output = () => readFileSync(join(data, 'demo.log'), 'utf8');
  d.ready = () => until('the demo answers', async () => {
    if (gone) throw new Error(`the demo ended: ${output()}`);
    // Until then the demo itself signs in at the counters.
    return output().includes('Ctrl-C') && (await answers(`${d.post}/signin`)) && (await answers(`${d.hub}/signin`));
  }, 60000);
  const pid = (name) => Number(readFileSync(join(data, `${name}.pid`), 'utf8').trim());

  /** A power cut for the station: SIGKILL. The demo starts it again. */
  d.cutPost = () => {
    const was = pid('post');
    process.kill(was, 'SIGKILL');
    return until('the station starts again', () => { try { return pid('post') !== was; } catch { return false; } });
  };
  /** The hub ends and stays away until startHub. */
  d.stopHub = async () => {
    writeFileSync(join(data, 'hub.stopped'), '');
    process.kill(pid('hub'), 'SIGKILL');
    await until('the hub is gone', async () => !(await answers(`${d.hub}/signin`)));
  };
  d.startHub = () => {
    rmSync(join(data, 'hub.stopped'));
    return until('the hub answers again', () => answers(`${d.hub}/signin`));
  };
  /** Ends the demo in order; returns how many ms that took. */
  d.end = async () => {
    const start = performance.now();
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 20000);
    await ended;
    clearTimeout(late);
    return performance.now() - start;
  };
  d.forget = () => rmSync(data, { recursive: true, force: true });
  d.output = output;
  try {
    await d.ready();
  } catch (e) {
    await d.end();
    throw e;
  }
  return d;
}
