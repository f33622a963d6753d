// Chance that can be played again: SEED=… as a failure prints it.

/** The seed of this run. */
export const SEED = Number(process.env.SEED ?? 20261122);

/** A source of chance: chance(from, to) gives a whole number, both ends included. */
export function chances(seed = SEED) {
  let now = seed >>> 0;
  return (from, to) => {
    now = (Math.imul(now, 1664525) + 1013904223) >>> 0;
    return from + Math.floor((now / 2 ** 32) * (to - from + 1));
  };
}
