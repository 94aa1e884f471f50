import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32c } from '@node-rs/crc32';
import type { ReadAt } from '../../../shared/media/media-info';
import type { ContentRecord } from '../../store/records';
import type { Emulation } from '../emulation';

/** Bytes that lie on disk: what is known of a content before it was hashed. */
export type StoredBytes = Pick<ContentRecord, 'id' | 'files' | 'sizeBytes'>;

/** Reads from a byte to another, through all files of the content. */
export const readContent = (emulation: Emulation, content: StoredBytes, from: number, to: number): Readable =>
  Readable.from(bytesOf(emulation, content, from, to), { objectMode: false });

async function* bytesOf({ files }: Emulation, content: StoredBytes, from: number, to: number): AsyncGenerator<Buffer> {
  let start = 0;
  for (const { name, sizeBytes } of content.files) {
    const [first, last] = [Math.max(from - start, 0), Math.min(to - start, sizeBytes - 1)];
    start += sizeBytes;
    if (first > last) continue;
    const file = createReadStream(files.file(content.id, name), {
      start: first,
      end: last,
      highWaterMark: 1024 ** 2,
    });
    yield* file as AsyncIterable<Buffer>;
  }
}

/** Reads small pieces from any place. */
export function readerOf({ files }: Emulation, content: StoredBytes): ReadAt {
  return async (length, position) => {
    const pieces: Buffer[] = [];
    let start = 0;
    for (const { name, sizeBytes } of content.files) {
      const first = Math.max(position - start, 0);
      const bytes = Math.min(position + length - start, sizeBytes) - first;
      start += sizeBytes;
      if (bytes <= 0) continue;
      const handle = await open(files.file(content.id, name));
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, first);
        pieces.push(buffer.subarray(0, bytesRead));
      } finally {
        await handle.close();
      }
    }
    return Buffer.concat(pieces);
  };
}

/** SHA-256 in hex, and CRC32C as the signed number that the API takes. */
export class Digests {
  private readonly sha256 = createHash('sha256');
  private crc = 0;

  update(chunk: Buffer): void {
    this.sha256.update(chunk);
    this.crc = crc32c(chunk, this.crc);
  }

  end(): { sha256: string; crc32c: number } {
    return { sha256: this.sha256.digest('hex'), crc32c: this.crc | 0 };
  }
}
