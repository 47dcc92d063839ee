/** A seed of 32 bits for one place in a generated record, so that each place varies on its own. */
export function placeSeed(seed: number, place: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${seed}/${place}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193);
  }
  return hash | 0;
}

/**
 * A number of 32 bits drawn for record `n`. It depends on nothing but `seed`, `n` and `turn`, so any record can be made
 * without those before it. `turn` tells several draws of one place apart.
 */
export function draw(seed: number, n: number, turn = 0): number {
  let hash = (Math.imul(n | 0, 0x9e3779b1) + Math.imul((n / 0x1_0000_0000) | 0, 0x85ebca6b) + seed) | 0;
  hash = (hash + Math.imul(turn, 0xc2b2ae35)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** A fraction from 0 up to, not including, 1. */
export const fraction = (seed: number, n: number): number => draw(seed, n) / 0x1_0000_0000;

/** A whole number from 0 up to, not including, `span`, which is at most 2^53. */
export function below(seed: number, n: number, span: number): number {
  if (span <= 0x1_0000_0000) return Math.floor((draw(seed, n) * span) / 0x1_0000_0000);
  const bits = (draw(seed, n) >>> 5) * 0x400_0000 + (draw(seed, n, 1) >>> 6);
  return Math.floor((bits / 2 ** 53) * span);
}
