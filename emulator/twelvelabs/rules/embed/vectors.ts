import { createHash } from 'node:crypto';
import { mulberry32 } from '../../../shared/random';

export const DIMENSIONS = 512;

/**
 * A unit vector that depends on the seed alone. It means nothing: likeness of content is not likeness of vectors.
 * A shorter one is the beginning of the whole one.
 */
export function vectorOf(seed: string, dimension = DIMENSIONS): number[] {
  const digest = createHash('sha256').update(seed).digest();
  const draw = mulberry32(digest.readUInt32LE(0));
  const values = Array.from({ length: DIMENSIONS }, () => draw() * 2 - 1);
  const length = Math.hypot(...values);
  return values.slice(0, dimension).map((value) => Number((value / length).toFixed(8)));
}
