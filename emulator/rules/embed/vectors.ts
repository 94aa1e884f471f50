import { createHash } from 'node:crypto';

export const DIMENSIONS = 512;

/** A unit vector that depends on the seed alone. It means nothing: likeness of content is not likeness of vectors. */
export function vectorOf(seed: string): number[] {
  const digest = createHash('sha256').update(seed).digest();
  let state = digest.readUInt32LE(0);
  const values = Array.from({ length: DIMENSIONS }, () => {
    state = (state + 0x6d2b79f5) | 0; // mulberry32
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
  const length = Math.hypot(...values);
  return values.map((value) => Number((value / length).toFixed(8)));
}
