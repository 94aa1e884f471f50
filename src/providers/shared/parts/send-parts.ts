import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { failure } from '../../../contracts/failures';
import { PartRefused, type OpenedUpload, type PartUploads } from '../../part-uploads';
import type { SourceBytes } from '../../../storage/files/source-bytes';
import type { PartBuffers } from './part-buffers';
import { PartReports } from './part-reports';
import type { PartUrls } from './part-urls';
import { retryBriefly } from './retry-briefly';

/** A session that takes parts. */
export type SessionOfParts = Pick<OpenedUpload, 'sessionId' | 'partBytes' | 'totalParts' | 'headers'>;

export interface PartsToSend {
  sessions: PartUploads;
  /** The session, as far as the lanes need it. */
  upload: SessionOfParts;
  source: SourceBytes;
  /** Numbers of parts that the provider has. */
  reported: ReadonlySet<number>;
  urls: PartUrls;
  concurrency: number;
  buffers: PartBuffers;
  signal: AbortSignal;
  /** Aborted when no further part is to be begun. */
  stopping: AbortSignal;
  onSent: (bytes: number) => void;
}

/** So often a part is sent again because its URL was refused, or its bytes arrived damaged. */
const TRIES = 5;

/**
 * Sends what the provider does not have yet, so many parts at a time, each from a buffer of the worker's; memory is at
 * most the concurrency times the part size.
 */
export async function sendParts(send: PartsToSend): Promise<void> {
  const { upload, reported, concurrency, stopping } = send;
  const failed = new AbortController();
  const signal = AbortSignal.any([send.signal, failed.signal]);
  const reports = new PartReports(send.sessions, upload.sessionId, signal);
  let next = 1;
  const lane = async (): Promise<void> => {
    const bytes = Math.min(upload.partBytes, send.source.sizeBytes);
    const waiting = AbortSignal.any([signal, stopping]);
    for (;;) {
      while (reported.has(next)) next += 1;
      if (next > upload.totalParts || waiting.aborted) return;
      const part = next++;
      const lease = await send.buffers.take(bytes, waiting).catch(() => undefined); // told by the signal
      if (!lease || waiting.aborted) return lease?.release();
      await sendPart({ ...send, signal }, { part, buffer: lease.buffer, reports }).finally(() => lease.release());
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
  const md5 = await md5Of(bytes);
  let refused: PartRefused | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      const etag = await retryBriefly(async () => {
        const url = await urls.take(part); // each serves once, so every try has its own
        return sessions.put(url, bytes, { headers: upload.headers, md5, signal });
      }, signal);
      await reports.report({ part, sizeBytes: bytes.byteLength, etag });
      return onSent(bytes.byteLength);
    } catch (error) {
      if (!(error instanceof PartRefused) || error.why === 'gone') throw error;
      refused = error;
    }
  }
  throw refusedTooOften(refused);
}

/** Damage that repeats is no outage, and is not tried for days. */
function refusedTooOften(refused: PartRefused | undefined): Error {
  if (refused?.why !== 'damaged') {
    return failure('ProviderUnavailable', `${refused?.message}, also with a fresh URL`);
  }
  const remedy = 'look for a proxy or a device between the worker and the store that changes content';
  return failure('ProviderRejected', `${refused.message}: its bytes arrived damaged ${TRIES} times; ${remedy}`);
}

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
