// Builds ui/dist from ui/src. The same sources and lock file give the same bytes.
import { build } from 'esbuild';
import { compile } from 'sass';
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const src = join(here, 'src');
const dist = join(here, 'dist');

mkdirSync(dist, { recursive: true });
for (const f of readdirSync(dist)) rmSync(join(dist, f));

await build({
  absWorkingDir: here,
  entryPoints: ['src/counter.js', 'src/operations.js', 'src/flows.js', 'src/workshop.js', 'src/watchlists.js', 'src/cases.js', 'src/signin.js',
    'src/account.js', 'src/stations.js', 'src/page.js'],
  outdir: 'dist',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
});

const { css } = compile(join(src, 'app.scss'), {
  style: 'compressed',
  charset: false,
  loadPaths: [join(here, 'node_modules')],
  quietDeps: true,
});
writeFileSync(join(dist, 'app.css'), css);
copyFileSync(join(src, 'icon.svg'), join(dist, 'icon.svg'));
