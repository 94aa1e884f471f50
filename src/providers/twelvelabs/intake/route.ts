import { failure } from '../../../contracts/failures';
import type { ItemFacts, Route } from '../../intake';
import { maxDirectBytes, maxMultipartBytes, maxUrlBytes, type ByteLimit } from './limits';

/**
 * Chooses how an item is uploaded, by its size and its kind of file (from its name).
 * Source: `POST /assets`, `POST /assets/multipart-uploads`.
 * @throws InvalidRequest · PayloadTooLarge
 */
export function routeOf(item: ItemFacts): Route {
  const { filename, source, sizeBytes = 0, method, field } = item;
  if (source === 'url') return 'url';
  const parts = maxMultipartBytes(filename);
  if (item.noUrlBecause !== undefined && (method === 'direct' || parts.limitBytes === 0)) {
    throw failure('InvalidRequest', `${field}: ${filename}: ${item.noUrlBecause}`);
  }
  const whole = wholeLimit(item);
  if (method !== 'multipart') {
    if (sizeBytes <= whole.limitBytes) return source === 'object' ? 'url' : 'whole';
    if (method === 'direct' || parts.limitBytes <= whole.limitBytes) throw tooLarge(item, whole);
  }
  if (sizeBytes > parts.limitBytes) throw tooLarge(item, parts);
  return 'parts';
}

function wholeLimit({ filename, source, noUrlBecause }: ItemFacts): ByteLimit {
  if (source === 'file') return maxDirectBytes(filename);
  return noUrlBecause === undefined ? maxUrlBytes(filename) : { limitBytes: 0, why: noUrlBecause };
}

const tooLarge = ({ field, filename, sizeBytes }: ItemFacts, { why }: ByteLimit) =>
  failure('PayloadTooLarge', `${field}: ${filename} has ${sizeBytes} bytes; ${why}`);
