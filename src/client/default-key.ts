import { createHash } from 'node:crypto';
import { KeySchema } from '../contracts/lifecycle-input';
import type { Source } from '../contracts/source';
import { lastOf } from '../contracts/values/text';

/** Length of a hash and of the readable end behind it. */
const MAX_HASHED_CHARS = 193;
/** Of a place's id at the beginning of a key. */
const MAX_PLACE_CHARS = 100;

/**
 * The key of a lifecycle whose input names none: the path, the URL, the S3 URI or the asset id; at a provider with places
 * behind the place's id and a `-`. The same source has the same key. Different sources, and different places, have
 * different keys. A text that is no valid key, or could be the key of another source, is shortened, cleaned and put
 * behind a hash of the original.
 */
export function defaultKey(source: Source, place?: string): string {
  const identity = identityOf(source);
  if (place !== undefined) return keyInPlace(place, source, identity);
  if (couldBeAnother(source)) return hashed(`${source.type}\0${identity}`, identity);
  return KeySchema.safeParse(identity).success ? identity : hashed(identity, identity);
}

const PLAIN_PLACE = /^[\w-]{1,100}$/;
/** With the id of another place and a `-` before it, it could be the end of that place's id and another source. */
const LIKE_THE_END_OF_A_PLACE = /^[\w-]*-/;

function keyInPlace(place: string, source: Source, identity: string): string {
  const key = `${place}-${identity}`;
  const isItsOwn = PLAIN_PLACE.test(place) && !LIKE_THE_END_OF_A_PLACE.test(identity) && !couldBeAnother(source);
  if (isItsOwn && KeySchema.safeParse(key).success) return key;
  const start = `${place.replaceAll(/[^\w-]/g, '_').slice(0, MAX_PLACE_CHARS)}-`;
  return `${start}${hashed([place, source.type, identity].join('\0'), identity, MAX_HASHED_CHARS - start.length)}`;
}

function identityOf(source: Source): string {
  switch (source.type) {
    case 'file':
      return source.path;
    case 'url': {
      const { origin, pathname, href } = new URL(source.url);
      const [, query] = /^[^?#]*(\?[^#]*)/s.exec(href) ?? [];
      return query === undefined ? `${origin}${pathname}` : `${origin}${pathname}#${hash(query)}`; // may be a secret
    }
    case 's3': {
      const { bucket, key, versionId } = source;
      return versionId === undefined ? `s3://${bucket}/${key}` : `s3://${bucket}/${key}?versionId=${versionId}`;
    }
    case 'asset':
      return source.assetId;
  }
}

const LIKE_A_URI = /^(https?|s3):\/\//i;
/** Media files have an extension, or a folder before their name; ids have neither. */
const LIKE_AN_ASSET_ID = /^[\w-]+$/;
const LIKE_A_HASHED_KEY = /^[0-9a-f]{12}…/;

/** True if the text looks like a source of another type, or like a key that begins with a hash. */
function couldBeAnother(source: Source): boolean {
  switch (source.type) {
    case 'file':
      return [LIKE_A_URI, LIKE_AN_ASSET_ID, LIKE_A_HASHED_KEY].some((shape) => shape.test(source.path));
    case 'asset':
      return !LIKE_AN_ASSET_ID.test(source.assetId);
    case 's3':
      return source.key.includes('?versionId=');
    case 'url':
      return false;
  }
}

function hashed(original: string, identity: string, most = MAX_HASHED_CHARS): string {
  const start = `${hash(original)}…`;
  return `${start}${lastOf(identity.replaceAll(/[\p{Cc}\p{Cs}]/gu, '_').trim(), most - start.length)}`;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);
