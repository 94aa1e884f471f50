import { createHash } from 'node:crypto';
import { KeySchema } from '../contracts/lifecycle-input';
import type { Source } from '../contracts/source';
import { lastOf } from '../contracts/values/text';

/** Length of the readable end of a key that begins with a hash. */
const MAX_END_CHARS = 180;

/**
 * The key of a lifecycle whose input names none: the path, the URL, the S3 URI or the asset id. The same source has the
 * same key. Different sources have different keys. A text that is no valid key, or could be the key of another
 * source, is shortened, cleaned and put behind a hash of the original.
 */
export function defaultKey(source: Source): string {
  const identity = identityOf(source);
  if (couldBeAnother(source)) return hashed(`${source.type}\0${identity}`, identity);
  return KeySchema.safeParse(identity).success ? identity : hashed(identity, identity);
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

function hashed(original: string, identity: string): string {
  const end = lastOf(identity.replaceAll(/[\p{Cc}\p{Cs}]/gu, '_').trim(), MAX_END_CHARS);
  return `${hash(original)}…${end}`;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);
