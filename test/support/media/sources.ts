import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { SourceBytes } from '../../../src/storage/files/source-bytes';

/** A source in memory, and how many bytes of it were read. */
export interface MemorySource extends Pick<SourceBytes, 'filename' | 'sizeBytes' | 'read'> {
  bytesRead: number;
}

export function sourceOf(filename: string, content: Buffer): MemorySource {
  const source: MemorySource = {
    filename,
    sizeBytes: content.length,
    bytesRead: 0,
    read({ start, end } = { start: 0, end: content.length }) {
      source.bytesRead += end - start;
      return Readable.from([content.subarray(start, end)]);
    },
  };
  return source;
}

export const sampleBytes = (name: string): Buffer => readFileSync(path.resolve(__dirname, '../../../samples', name));
