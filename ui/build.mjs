// Builds ui/dist from ui/src. The same sources and lock file give the same bytes.
import { build } from 'esbuild';
import { compile } from 'sass';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const src = join(here, 'src');
const dist = join(here, 'dist');

mkdirSync(dist, { recursive: true });
for (const f of readdirSync(dist)) rmSync(join(dist, f));

await build({
  absWorkingDir: here,
  entryPoints: ['src/counter.js', 'src/operations.js', 'src/flows.js', 'src/search.js', 'src/workshop.js', 'src/learn.js', 'src/watchlists.js', 'src/cases.js', 'src/signin.js',
    'src/account.js', 'src/stations.js', 'src/page.js', 'src/paper.js', 'src/live-worker.js'],
  outdir: 'dist',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
});

// The fonts, and the licence that has to lie beside them.
const fonts = {
  text: ['@fontsource-variable/atkinson-hyperlegible-next', { 'text-latin': 'next-latin-wght-normal', 'text-extended': 'next-latin-ext-wght-normal' }],
  mono: ['@fontsource/atkinson-hyperlegible-mono', { 'mono-400': 'mono-latin-400-normal', 'mono-700': 'mono-latin-700-normal' }],
};
for (const [name, [from, files]] of Object.entries(fonts)) {
  const at = join(here, 'node_modules', from);
  for (const [to, file] of Object.entries(files)) copyFileSync(join(at, 'files', `atkinson-hyperlegible-${file}.woff2`), join(dist, `${to}.woff2`));
  copyFileSync(join(at, 'LICENSE'), join(dist, `${name}-OFL.txt`));
}

/** The address of a built file, as ui/layout makes it of its content. */
const address = (name) => `/assets/${createHash('sha256').update(readFileSync(join(dist, name))).digest('hex').slice(0, 16)}/${name}`;

const { css } = compile(join(src, 'app.scss'), {
  style: 'compressed',
  charset: false,
  loadPaths: [join(here, 'node_modules')],
  quietDeps: true,
});
writeFileSync(join(dist, 'app.css'), css.replaceAll(/url\("?([\w.-]+)"?\)/g, (_, name) => `url(${address(name)})`));
copyFileSync(join(src, 'icon.svg'), join(dist, 'icon.svg'));
