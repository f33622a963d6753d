// A Go test that serves pages to a browser until its standard input ends: something of everything is on them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/**
 * Builds a package's tests and runs one of them.
 * @param {string} root  of the checkout
 * @param {string} pkg   such as './ui/counter'
 * @param {string} test  its name
 * @param {Record<string, string>} env  by which it knows that it is to serve
 * @param {'ignore' | 'pipe'} [out]  what becomes of its standard output
 */
export async function serveTest(root, pkg, test, env, out = 'ignore') {
  const folder = mkdtempSync(join(tmpdir(), `garita-${basename(pkg)}-`));
  const program = join(folder, 'tests');
  // Built first: go test would not pass its standard input on. Not waited for by blocking: others work meanwhile.
  const building = spawn('go', ['test', '-c', '-o', program, pkg], { cwd: root, env: { CGO_CFLAGS: '-O2 -g -DHAVE_FDATASYNC=1', ...process.env }, stdio: 'inherit' });
  const [code] = await once(building, 'exit');
  if (code !== 0) throw new Error(`the tests of ${pkg} do not build`);
  const child = spawn(program, ['-test.run', `^${test}$`, '-test.timeout', '30m'], { cwd: folder, env: { ...process.env, ...env }, stdio: ['pipe', out, 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    folder,
    out: child.stdout,
    tell: (what) => child.stdin.write(`${what}\n`),
    /** Ends it; the answer is its exit code. */
    async end() {
      child.stdin.end();
      const status = await ended;
      rmSync(folder, { recursive: true, force: true });
      return status;
    },
  };
}
