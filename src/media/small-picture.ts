import { imageSize } from 'image-size';
import type { MediaFacts } from './media-facts';

/** By the type of picture: its name as MediaInfo gives it, and the bytes at its end. */
const KINDS: Readonly<Record<string, { container: string; end: Buffer }>> = {
  jpg: { container: 'JPEG', end: Buffer.from('ffd9', 'hex') },
  png: { container: 'PNG', end: Buffer.from('IEND\u00aeB`\u0082', 'latin1') },
};

/**
 * What a small picture contains, told by its header alone, which costs a tenth of what MediaInfo does.
 * @param whole all bytes of a file
 * @returns `undefined` if it is anything else than a whole, upright, still picture.
 */
export function smallPicture(whole: Buffer): MediaFacts | undefined {
  try {
    const { type = '', width, height, orientation = 1 } = imageSize(whole);
    const kind = KINDS[type];
    if (!kind || orientation !== 1 || !whole.subarray(-kind.end.length).equals(kind.end)) return undefined;
    if (type === 'png' && !(hasOneFrame(whole) && hasSquarePixels(whole))) return undefined;
    const { container } = kind;
    return { kind: 'image', container, codec: container, sizes: [{ width, height }], videoStreams: 0, audioStreams: 0 };
  } catch {
    return undefined; // MediaInfo says what it is
  }
}

const hasOneFrame = (png: Buffer): boolean => !png.includes('acTL');

function hasSquarePixels(png: Buffer): boolean {
  const perUnit = png.indexOf('pHYs') + 4; // 32 bits for each axis
  return perUnit < 4 || png.readUInt32BE(perUnit) === png.readUInt32BE(perUnit + 4);
}
