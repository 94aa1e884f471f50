import { createHash, getHashes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { crc32c } from '@node-rs/crc32';
import type { ProviderAsset } from '../../providers/assets';

/** Hash of a content while it comes. */
export interface RunningHash {
  update(bytes: Uint8Array): void;
  /** Whether the content is the one whose hash the provider gave. */
  isSame(): boolean;
}

/** Hashes of these are computed. Providers write their names in several ways: `sha256`, `SHA-256`. */
const ALGORITHMS = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'].filter((name) => getHashes().includes(name));

/** `undefined` if the provider gives no hash, or one that cannot be computed here. */
export function runningHash(expected: ProviderAsset['hash']): RunningHash | undefined {
  if (!expected) return undefined;
  const algorithm = expected.algorithm.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const isSame = (digest: Buffer): boolean => formsOf(digest).includes(comparable(expected.contents, digest));
  if (algorithm === 'crc32c') {
    let crc = 0;
    return {
      update: (bytes) => (crc = crc32c(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), crc)),
      isSame: () => {
        const digest = Buffer.alloc(4);
        digest.writeUInt32BE(crc >>> 0);
        return isSame(digest);
      },
    };
  }
  if (!ALGORITHMS.includes(algorithm)) return undefined;
  const hash = createHash(algorithm);
  return { update: (bytes) => hash.update(bytes), isSame: () => isSame(hash.digest()) };
}

/** Whether a file has the content of the asset, as far as size and hash tell. */
export async function hasContent(
  file: string,
  sizeBytes: number,
  { sizeBytes: expected, hash }: ProviderAsset,
): Promise<boolean> {
  if (expected !== undefined && sizeBytes !== expected) return false;
  const running = runningHash(hash);
  if (!running) return expected !== undefined;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) running.update(chunk);
  return running.isSame();
}

const formsOf = (digest: Buffer): string[] => [
  digest.toString('hex'),
  digest.toString('base64'),
  digest.toString('base64').replaceAll('=', ''),
];

/** Hexadecimal digits may be in capitals; base64 means them. */
function comparable(contents: string, digest: Buffer): string {
  const said = contents.trim();
  return said.length === digest.length * 2 && /^[0-9a-f]+$/i.test(said) ? said.toLowerCase() : said;
}
