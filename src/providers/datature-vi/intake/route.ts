import { failure } from '../../../contracts/failures';
import type { ItemFacts, Route } from '../../intake';
import { extensionsOf, formatOf, type MediaKind } from './formats';

const GIBIBYTE = 1024 ** 3;
/** From this size on a file goes up in parts, as the official SDK does it. */
export const PARTS_FROM_BYTES = GIBIBYTE;

const LIMITS: Readonly<Record<MediaKind, { bytes: number; words: string }>> = {
  Image: { bytes: GIBIBYTE / 4, words: 'the limit for an image is 256 MiB' },
  Video: { bytes: 512 * GIBIBYTE, words: 'the limit for a video is 512 GiB' },
};

/**
 * Chooses how an item is uploaded, by its size, once its format and size are known to be taken.
 * @throws InvalidRequest · PayloadTooLarge
 */
export function routeOf({ filename, source, sizeBytes, method, field }: ItemFacts): Route {
  const refused = (why: string): Error => failure('InvalidRequest', `${field}: ${filename}: ${why}`);
  if (source === 'url') throw refused('the provider fetches no URLs; use a "file" or "s3" source');
  const format = formatOf(filename);
  if (!format) throw refused(`the provider takes images (${words('Image')}) and videos (${words('Video')})`);
  if (sizeBytes === undefined) throw refused('its size is not known');
  if (sizeBytes === 0) throw refused('is empty');
  const limit = LIMITS[format.kind];
  const tooLarge = (why: string): Error =>
    failure('PayloadTooLarge', `${field}: ${filename} has ${sizeBytes} bytes; ${why}`);
  if (sizeBytes > limit.bytes) throw tooLarge(limit.words);
  if (sizeBytes < PARTS_FROM_BYTES) return method === 'multipart' ? 'parts' : 'whole';
  if (method === 'direct') throw tooLarge('from 1 GiB on a file goes up in parts');
  return 'parts';
}

/** Images share a session; a video takes long, and has its own. */
export const goesAlone = ({ filename }: { filename: string }): boolean => formatOf(filename)?.kind !== 'Image';

const words = (kind: MediaKind): string => extensionsOf(kind).join(', ');
