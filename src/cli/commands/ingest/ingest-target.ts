import { stat } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../../exit';

/** In S3, by its name; an object may be named with its version. */
const MANIFEST = /\.(csv|ndjson|jsonl|json)(\?versionId=[^?&]+)?$/i;

/** A folder, a manifest, or an S3 prefix; globs are only for what is listed. @throws UsageError */
export async function itemsOfTarget(
  target: string,
  { include, exclude }: { include?: readonly string[]; exclude?: readonly string[] },
): Promise<unknown> {
  const matching = { ...(include ? { include } : {}), ...(exclude ? { exclude } : {}) };
  const manifest = (uri: string): unknown => {
    if (!include && !exclude) return { type: 'manifest', uri };
    throw new UsageError('--include, --exclude: are for a folder or prefix; a manifest names its items');
  };
  const [, bucket, rest = ''] = /^s3:\/\/([^/]*)\/?(.*)$/is.exec(target) ?? [];
  if (bucket !== undefined) {
    return MANIFEST.test(rest) ? manifest(target) : { type: 's3', bucket, prefix: rest, ...matching };
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(target)) {
    throw new UsageError(
      '<folder|manifest|s3>: is a URL, and what a URL leads to is not read here; name a folder, a file or s3://bucket/key',
    );
  }
  const absolute = path.resolve(target);
  const found = await stat(absolute).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `${target}: ${error.code === 'ENOENT' ? 'no such folder or manifest' : `cannot be reached (${error.code})`}`,
    );
  });
  return found.isDirectory() ? { type: 'folder', path: absolute, ...matching } : manifest(absolute);
}
