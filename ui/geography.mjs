// Writes ui/operations/world.bin from world-atlas: land and the borders within it at 1:50 million. Natural Earth,
// which is where world-atlas has it from, is in the public domain. "make ui" runs it.
//
// The file: twice (land as rings, borders as lines) a count of lines, and for each the count of its points
// and the points, each as its difference to the one before in 1/500 degree: longitude, latitude. All
// numbers are varints, the differences zigzag.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { feature, mesh } from 'topojson-client';

const PER_DEGREE = 500;
const find = createRequire(import.meta.url).resolve;
const world = JSON.parse(readFileSync(find('world-atlas/countries-50m.json')));

const land = feature(world, world.objects.land);
const rings = (land.features ?? [land]).flatMap(({ geometry: g }) => (g.type === 'Polygon' ? g.coordinates : g.coordinates.flat()));
const borders = mesh(world, world.objects.countries, (a, b) => a !== b).coordinates;

const out = [];
const number = (n) => { for (; n >= 128; n = Math.floor(n / 128)) out.push((n % 128) | 128); out.push(n); };
const signed = (n) => number(n < 0 ? -2 * n - 1 : 2 * n);
const lines = (all) => {
  number(all.length);
  for (const line of all) {
    const points = line.map((p) => p.map((v) => Math.round(v * PER_DEGREE))).filter(([x, y], i, a) => i === 0 || x !== a[i - 1][0] || y !== a[i - 1][1]);
    number(points.length);
    let [px, py] = [0, 0];
    for (const [x, y] of points) {
      signed(x - px);
      signed(y - py);
      [px, py] = [x, y];
    }
  }
};
lines(rings);
lines(borders);
writeFileSync(join(dirname(fileURLToPath(import.meta.url)), 'operations/world.bin'), Uint8Array.from(out));
