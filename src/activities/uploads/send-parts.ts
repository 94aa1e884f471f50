import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { failure } from '../../contracts/failures';
import { PartRefused, type UploadSessions } from '../../providers/upload-sessions';
import type { SourceBytes } from '../../sources/source-bytes';
import { PartReports } from './part-reports';
import type { PartUrls } from './part-urls';
import { patiently } from './patiently';
import type { UploadUnderWay } from './upload-memory';

export interface PartsToSend {
  sessions: UploadSessions;
  upload: UploadUnderWay;
  source: SourceBytes;
  /** Numbers of parts that the provider has. */
  reported: ReadonlySet<number>;
  urls: PartUrls;
  concurrency: number;
  signal: AbortSignal;
  /** Aborted when no further part is to be begun. */
  stopping: AbortSignal;
  onSent: (bytes: number) => void;
}

/** So often a part is sent again because its URL was refused, or its ETag is not its content's. */
const TRIES = 5;

/**
 * Sends what the provider does not have yet, so many parts at a time, each from a buffer that is used again: memory is
 * the concurrency times the part size.
 */
export async function sendParts(send: PartsToSend): Promise<void> {
  const { upload, reported, concurrency, stopping } = send;
  const failed = new AbortController();
  const signal = AbortSignal.any([send.signal, failed.signal]);
  const reports = new PartReports(send.sessions, upload.sessionId, signal);
  let next = 1;
  const lane = async (): Promise<void> => {
    const buffer = Buffer.allocUnsafeSlow(Math.min(upload.partBytes, send.source.sizeBytes));
    for (;;) {
      while (reported.has(next)) next += 1;
      if (next > upload.totalParts || stopping.aborted || signal.aborted) return;
      await sendPart({ ...send, signal }, { part: next++, buffer, reports });
    }
  };
  const lanes = Math.min(concurrency, upload.totalParts - reported.size);
  let why: unknown;
  const ended = Array.from({ length: lanes }, () =>
    lane().catch((error: unknown) => {
      why ??= error; // the others end because of it
      failed.abort(error);
    }),
  );
  await Promise.all(ended); // so that nothing of this attempt is on its way once it is over
  if (why !== undefined) throw why;
}

async function sendPart(
  { sessions, upload, source, urls, signal, onSent }: PartsToSend,
  { part, buffer, reports }: { part: number; buffer: Buffer; reports: PartReports },
): Promise<void> {
  const start = (part - 1) * upload.partBytes;
  const end = Math.min(start + upload.partBytes, source.sizeBytes);
  const bytes = await readInto(buffer, source, { start, end });
  const hashing = md5Of(bytes); // while they go out
  let refused: unknown;
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      const putting = patiently(async () => {
        const url = await urls.take(part); // each serves once, so every try has its own
        return sessions.putPart(url, bytes, { headers: upload.headers, signal });
      }, signal);
      const [etag, md5] = await Promise.all([putting, hashing]);
      if (isMd5(etag) && etag.toLowerCase() !== md5) {
        refused = failure('ProviderUnavailable', `PUT part ${part}: the store has other bytes than were sent`);
        continue;
      }
      await reports.report({ part, sizeBytes: bytes.byteLength, etag });
      return onSent(bytes.byteLength);
    } catch (error) {
      if (!(error instanceof PartRefused) || error.why === 'gone') throw error;
      refused = failure('ProviderUnavailable', `${error.message}, also with a fresh URL`);
    }
  }
  throw refused;
}

/** Some stores' ETags are the content's MD5; others say so by their shape. */
const isMd5 = (etag: string): boolean => /^[0-9a-f]{32}$/i.test(etag);

async function readInto(buffer: Buffer, source: SourceBytes, range: { start: number; end: number }): Promise<Buffer> {
  let filled = 0;
  for await (const piece of source.read(range, buffer) as AsyncIterable<Buffer>) {
    if (piece.buffer !== buffer.buffer) piece.copy(buffer, filled);
    filled += piece.byteLength;
  }
  return buffer.subarray(0, filled);
}

/** A few milliseconds of work, after which others have their turn. */
const HASHED_AT_ONCE = 2 * 1024 ** 2;

async function md5Of(bytes: Buffer): Promise<string> {
  const hash = createHash('md5');
  for (let at = 0; at < bytes.byteLength; at += HASHED_AT_ONCE) {
    await setImmediate();
    hash.update(bytes.subarray(at, at + HASHED_AT_ONCE));
  }
  return hash.digest('hex');
}
