import { stat } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../../exit';

const MANIFEST = /\.(csv|ndjson|jsonl|json)$/i;

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
  const absolute = path.resolve(target);
  const found = await stat(absolute).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `${target}: ${error.code === 'ENOENT' ? 'no such folder or manifest' : `cannot be reached (${error.code})`}`,
    );
  });
  return found.isDirectory() ? { type: 'folder', path: absolute, ...matching } : manifest(absolute);
}
