import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { failure } from '../../../contracts/failures';
import { PartRefused, type OpenedUpload, type PartUploads, type PartUrl } from '../../part-uploads';
import type { SourceBytes } from '../../../storage/files/source-bytes';
import type { PartBuffers } from './part-buffers';
import { PartReports } from './part-reports';
import type { PartUrls } from './part-urls';
import { retryBriefly } from './retry-briefly';

/** What the lanes need of an upload session. */
export type SessionOfParts = Pick<OpenedUpload, 'sessionId' | 'partBytes' | 'totalParts' | 'headers'>;

export interface PartsToSend {
  sessions: PartUploads;
  upload: SessionOfParts;
  source: SourceBytes;
  /** Numbers of the parts that the provider has already. */
  reported: ReadonlySet<number>;
  urls: PartUrls;
  concurrency: number;
  buffers: PartBuffers;
  signal: AbortSignal;
  /** Aborted when no further part may begin. */
  stopping: AbortSignal;
  onSent: (bytes: number) => void;
}

/** Times that a part is sent when its URL is refused or its bytes arrive damaged. */
const MAX_TRIES_PER_PART = 5;

/** What a part goes through that is sent while it is read. */
export const STREAM_BUFFER_BYTES = 2 * 1024 ** 2;

/**
 * Sends the parts that the provider does not have yet, up to `concurrency` at a time. Each part uses one of the
 * worker's buffers, so memory is at most the concurrency times the part size, or {@link STREAM_BUFFER_BYTES}.
 */
export async function sendParts(send: PartsToSend): Promise<void> {
  const { sessions, upload, reported, concurrency, stopping } = send;
  const failed = new AbortController();
  const signal = AbortSignal.any([send.signal, failed.signal]);
  setMaxListeners(0, signal); // each part that is being sent listens
  const reports = new PartReports(send.sessions, upload.sessionId, signal);
  let next = 1;
  const lane = async (): Promise<void> => {
    const bytes = Math.min(largestPart(send), sessions.stream ? STREAM_BUFFER_BYTES : Infinity);
    const waiting = AbortSignal.any([signal, stopping]);
    for (;;) {
      while (reported.has(next)) next += 1;
      if (next > upload.totalParts || waiting.aborted) return;
      const part = next++;
      const lease = await send.buffers.take(bytes, waiting).catch(() => undefined); // fails only if `waiting` aborts
      if (!lease || waiting.aborted) return lease?.giveBack();
      try {
        const put = sessions.stream
          ? streamed(sessions.stream, lease.buffer)
          : await buffered({ ...send, signal }, part, lease.buffer);
        await sendPart({ ...send, signal }, { part, reports, put });
      } finally {
        lease.giveBack();
      }
    }
  };
  const lanes = Math.min(concurrency, upload.totalParts - reported.size);
  let why: unknown;
  const ended = Array.from({ length: lanes }, () =>
    lane().catch((error: unknown) => {
      why ??= error; // later errors only follow from it
      failed.abort(error);
    }),
  );
  await Promise.all(ended); // no request of this attempt may be in flight after it ends
  if (why !== undefined) throw why;
}

/** Sends a part by one URL, and gives its proof. */
type PutPart = (url: PartUrl, part: number, send: PartsToSend) => Promise<string>;

/** The last part has the rest, also where that is more. */
function rangeOf(part: number, { upload: { partBytes, totalParts }, source }: PartsToSend) {
  const start = (part - 1) * partBytes;
  return { start, end: part === totalParts ? source.sizeBytes : Math.min(start + partBytes, source.sizeBytes) };
}

function largestPart(send: PartsToSend): number {
  const { start, end } = rangeOf(send.upload.totalParts, send);
  return Math.max(Math.min(send.upload.partBytes, send.source.sizeBytes), end - start);
}

/** Reads and hashes the part once, for all tries. */
async function buffered(send: PartsToSend, part: number, buffer: Buffer): Promise<PutPart> {
  const bytes = await readInto(buffer, send.source, rangeOf(part, send));
  const md5 = await md5Of(bytes);
  return (url, _part, { sessions, upload, signal }) =>
    sessions.put(url, bytes, { headers: upload.headers, md5, signal });
}

/** Reads the part anew for each try, through a buffer that is smaller than the part. */
const streamed =
  (stream: NonNullable<PartUploads['stream']>, buffer: Buffer): PutPart =>
  (url, part, send) => {
    const range = rangeOf(part, send);
    const content = { read: () => send.source.read(range, buffer), sizeBytes: range.end - range.start };
    return stream(url, content, { signal: send.signal });
  };

async function sendPart(
  send: PartsToSend,
  { part, put, reports }: { part: number; put: PutPart; reports: PartReports },
): Promise<void> {
  const { urls, signal, onSent } = send;
  const { start, end } = rangeOf(part, send);
  const sizeBytes = end - start;
  let refused: PartRefused | undefined;
  for (let tries = 0; tries < MAX_TRIES_PER_PART; tries++) {
    try {
      const etag = await retryBriefly(async () => {
        const url = await urls.take(part); // a URL works once, so every try takes a new one
        return put(url, part, send);
      }, signal);
      await reports.report({ part, sizeBytes, etag });
      return onSent(sizeBytes);
    } catch (error) {
      if (!(error instanceof PartRefused) || error.why === 'gone') throw error;
      refused = error;
    }
  }
  throw refusedTooOften(refused);
}

/** Repeated damage does not go away by itself, so the failure is not retryable. */
function refusedTooOften(refused: PartRefused | undefined): Error {
  if (refused?.why !== 'damaged') {
    return failure('ProviderUnavailable', `${refused?.message}, also with a fresh URL`);
  }
  const remedy = 'look for a proxy or a device between the worker and the store that changes content';
  return failure(
    'ProviderRejected',
    `${refused.message}: its bytes arrived damaged ${MAX_TRIES_PER_PART} times; ${remedy}`,
  );
}

async function readInto(buffer: Buffer, source: SourceBytes, range: { start: number; end: number }): Promise<Buffer> {
  let filled = 0;
  for await (const piece of source.read(range, buffer) as AsyncIterable<Buffer>) {
    if (piece.buffer !== buffer.buffer) piece.copy(buffer, filled);
    filled += piece.byteLength;
  }
  return buffer.subarray(0, filled);
}

/** Hashing this much takes a few milliseconds; then the event loop runs. */
const MAX_BYTES_HASHED_AT_ONCE = 2 * 1024 ** 2;

async function md5Of(bytes: Buffer): Promise<string> {
  const hash = createHash('md5');
  for (let at = 0; at < bytes.byteLength; at += MAX_BYTES_HASHED_AT_ONCE) {
    await setImmediate();
    hash.update(bytes.subarray(at, at + MAX_BYTES_HASHED_AT_ONCE));
  }
  return hash.digest('hex');
}
