import { createHash } from 'node:crypto';
import type { Source } from '../contracts/source';

const LONGEST = 200;

/** The key of a lifecycle whose input names none: the path, the URL, the S3 URI or the asset id. The same source, the same key. */
export function defaultKey(source: Source): string {
  return shortened(
    identityOf(source)
      .replaceAll(/\p{Cc}/gu, '_')
      .trim(),
  );
}

function identityOf(source: Source): string {
  switch (source.type) {
    case 'file':
      return source.path;
    case 'url': {
      const { origin, pathname, search } = new URL(source.url);
      return search ? `${origin}${pathname}#${hash(search)}` : `${origin}${pathname}`; // a query may be a secret
    }
    case 's3': {
      const { bucket, key, versionId } = source;
      return versionId === undefined ? `s3://${bucket}/${key}` : `s3://${bucket}/${key}?versionId=${versionId}`;
    }
    case 'asset':
      return source.assetId;
  }
}

const shortened = (key: string): string => (key.length <= LONGEST ? key : `${hash(key)}…${key.slice(-(LONGEST - 20))}`);

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);
