import { createHash } from 'node:crypto';

export const DIMENSIONS = 512;
const DIGITS = 1e7;

/**
 * A unit vector that depends on nothing but the text given. It looks like an embedding and means nothing: two
 * contents that look alike get vectors that have nothing to do with each other.
 */
export function vectorOf(seed: string): number[] {
  const random = numbersFrom(createHash('sha256').update(seed).digest());
  const vector = Array.from({ length: DIMENSIONS }, () => random() - 0.5);
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => Math.round((value / length) * DIGITS) / DIGITS);
}

/** sfc32: small, fast, and the same on every machine. */
function numbersFrom(digest: Buffer): () => number {
  let [a, b, c, counter] = [0, 4, 8, 12].map((offset) => digest.readUInt32LE(offset)) as [number, number, number, number];
  return () => {
    const next = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + next;
    return (next >>> 0) / 2 ** 32;
  };
}
