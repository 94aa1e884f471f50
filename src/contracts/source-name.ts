import type { Source } from './source';
import { lastOf } from './values/text';

/** A source's name for people: the file's name, the URL without its query, the S3 URI, or the asset id. Never a secret. */
export function nameOfSource(source: Source): string {
  switch (source.type) {
    case 'file':
      return source.path.split('/').at(-1) || source.path;
    case 'url':
      return source.url.replace(/[?#].*$/s, '');
    case 's3':
      return `s3://${source.bucket}/${source.key}`;
    case 'asset':
      return source.assetId;
  }
}

/** As {@link nameOfSource}, and of a file its whole path: what tells one of many sources from the others. */
export const pathOfSource = (source: Source): string => (source.type === 'file' ? source.path : nameOfSource(source));

/** Default name of an asset. */
export function filenameOfSource(source: Exclude<Source, { type: 'asset' }>): string {
  const last = nameOfSource(source).replace(/\/+$/, '').split('/').at(-1) ?? '';
  const name = source.type === 'url' ? decoded(last) : last;
  return lastOf(name.replaceAll(/[\\/\p{Cc}\p{Cs}]/gu, '_'), 255) || 'asset';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray "%": keep the name unchanged
  }
}
