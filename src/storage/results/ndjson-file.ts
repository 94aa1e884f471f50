import { createHash } from 'node:crypto';
import type { StoredResult } from './result-store';
import { openNew } from './whole-files';

/**
 * Lines are gathered to writes of about this size. Between two writes the event loop runs, so that heartbeats go out
 * however many records wait.
 */
const WRITE_BYTES = 256 * 1024;

/** Writes a new file, one record a line, with flat memory. When it returns, the content is on the disk. */
export async function writeNdjson(
  file: string,
  records: Iterable<unknown> | AsyncIterable<unknown>,
): Promise<Omit<StoredResult, 'uri'>> {
  const handle = await openNew(file);
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    let count = 0;
    let pending = '';
    const flush = async (): Promise<void> => {
      const chunk = Buffer.from(pending);
      pending = '';
      hash.update(chunk);
      bytes += chunk.byteLength;
      await handle.writeFile(chunk);
    };
    for await (const record of records) {
      pending += `${JSON.stringify(record)}\n`;
      count += 1;
      if (pending.length >= WRITE_BYTES) await flush();
    }
    await flush();
    await handle.sync();
    return { sha256: hash.digest('hex'), bytes, count };
  } finally {
    await handle.close();
  }
}
