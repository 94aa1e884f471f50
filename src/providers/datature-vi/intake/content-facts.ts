import { createHash } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import { SubmissionAborted } from '../../outcome';
import type { SourceBytes } from '../../../storage/files/source-bytes';

/** What is known of a file's content before it goes up. Hashes are hexadecimal. */
export interface ContentFacts {
  sizeBytes: number;
  /** Signed, as the provider wants it; `null` for a file that is too large to be read twice. */
  crc32c: number | null;
  sha256?: string;
  md5?: string;
}

/** Above this the request for an upload carries no checksum. Source: the official SDK. */
const MAX_CHECKED_BYTES = 1024 ** 3;

/** Reads the bytes once, with flat memory. @throws SourceUnreadable · SubmissionAborted */
export async function contentFacts(bytes: SourceBytes, signal: AbortSignal | undefined): Promise<ContentFacts> {
  const { sizeBytes, filename } = bytes;
  if (sizeBytes > MAX_CHECKED_BYTES) return { sizeBytes, crc32c: null };
  const sha256 = createHash('sha256');
  const md5 = createHash('md5');
  let crc = 0;
  for await (const chunk of bytes.read() as AsyncIterable<Buffer>) {
    if (signal?.aborted) throw new SubmissionAborted(`${filename}: aborted before it was sent`);
    crc = crc32c(chunk, crc);
    sha256.update(chunk);
    md5.update(chunk);
  }
  return { sizeBytes, crc32c: crc | 0, sha256: sha256.digest('hex'), md5: md5.digest('hex') };
}

/** The facts as text, for a handle. */
export const contentText = (facts: ContentFacts): string => JSON.stringify(facts);

/** Reads {@link contentText}; `undefined` if it is none, such as that of another release. */
export function readContent(text: string | undefined): ContentFacts | undefined {
  try {
    const facts = JSON.parse(text ?? '') as Partial<ContentFacts>;
    return typeof facts.sizeBytes === 'number' ? { crc32c: null, ...facts, sizeBytes: facts.sizeBytes } : undefined;
  } catch {
    return undefined;
  }
}

interface ListedContent {
  fileSize?: number;
  hash?: { algorithm: string; contents: string };
}

/** Whether an asset has this content; `undefined` if its hash is of no algorithm that can be compared. */
export function isContent(facts: ContentFacts, { fileSize, hash }: ListedContent): boolean | undefined {
  if (fileSize !== undefined && fileSize !== facts.sizeBytes) return false;
  const own = hash && ownHash(facts, hash.algorithm);
  if (!hash || own === undefined) return undefined;
  const said = hash.contents.trim();
  const forms = [own.toString('hex'), own.toString('base64'), own.toString('base64').replaceAll('=', '')];
  return forms.includes(/^[0-9a-f]+$/i.test(said) && said.length === own.length * 2 ? said.toLowerCase() : said);
}

/** Names are written in several ways: `sha256`, `SHA-256`, `crc32c`. */
function ownHash({ sha256, md5, crc32c: crc }: ContentFacts, algorithm: string): Buffer | undefined {
  switch (algorithm.toLowerCase().replaceAll(/[^a-z0-9]/g, '')) {
    case 'sha256':
      return sha256 === undefined ? undefined : Buffer.from(sha256, 'hex');
    case 'md5':
      return md5 === undefined ? undefined : Buffer.from(md5, 'hex');
    case 'crc32c': {
      if (crc === null) return undefined;
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(crc);
      return bytes;
    }
    default:
      return undefined;
  }
}
