import { failure } from '../../../contracts/failures';
import type { SourceBytes } from '../../../storage/files/source-bytes';
import { unlessGone } from '../../outcome';
import { PartRefused, type PartUploads, type PartUrl, type UploadState } from '../../part-uploads';
import { sleep } from '../sleep';
import type { PartBuffers } from './part-buffers';
import { PartUrls } from './part-urls';
import { sendParts, type SessionOfParts } from './send-parts';

export interface SessionToFinish {
  sessions: PartUploads;
  session: SessionOfParts;
  source: SourceBytes;
  /** URLs that came with a session which was opened just now; none for one of an earlier attempt. */
  first: readonly PartUrl[];
  /** Parts on their way at once. */
  concurrency: number;
  buffers: PartBuffers;
  signal: AbortSignal;
  /** Aborted when no further part is to be begun. */
  stopping: AbortSignal;
  /** Told at the start, and after each part. */
  onSent: (sentBytes: number, totalBytes: number) => void;
}

/**
 * Sends the parts that the provider does not have, and waits until the session says how it ended. Safe to repeat: it goes
 * on from the parts that were reported.
 * @throws WorkerStopping when `stopping` came before the last part · ProviderUnavailable when parts are missing that were
 *   sent; the next attempt goes on · the signal's reason
 */
export async function finishSession(upload: SessionToFinish): Promise<Exclude<UploadState['state'], 'active'>> {
  const { state, reported } = upload.first.length > 0 ? NOTHING_YET : await stateOf(upload);
  if (state === 'active') await sendRest(upload, reported);
  return untilSettled(upload);
}

const NOTHING_YET: UploadState = { state: 'active', reported: new Set() };

async function sendRest(upload: SessionToFinish, reported: ReadonlySet<number>): Promise<void> {
  const { sessions, session, source, first, concurrency, buffers, signal, stopping, onSent } = upload;
  const { sizeBytes } = source;
  let sentBytes = bytesIn(session, reported, sizeBytes);
  onSent(sentBytes, sizeBytes);
  try {
    await sendParts({
      sessions,
      upload: session,
      source,
      concurrency,
      buffers,
      signal,
      reported,
      stopping,
      urls: new PartUrls(sessions, session, concurrency, signal, first),
      onSent: (bytes) => onSent((sentBytes += bytes), sizeBytes),
    });
  } catch (error) {
    if (!(error instanceof PartRefused)) throw error; // else the session has ended, and its state says how
  }
  if (stopping.aborted && sentBytes < sizeBytes) {
    throw failure('WorkerStopping', 'this worker is stopping; another one sends the rest of the parts');
  }
}

/** A session whose parts are all in may take a moment to say that it is complete. */
const SETTLES_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 1000;

/** A session that the provider does not know any more has failed. */
async function stateOf({ sessions, session, signal }: SessionToFinish): Promise<UploadState> {
  const state = await unlessGone(sessions.state(session.sessionId, { signal }));
  return state ?? { state: 'failed', reported: new Set() };
}

async function untilSettled(upload: SessionToFinish): Promise<Exclude<UploadState['state'], 'active'>> {
  const { session, signal } = upload;
  const until = Date.now() + SETTLES_WITHIN_MS;
  for (;;) {
    const { state, reported } = await stateOf(upload);
    if (state !== 'active') return state;
    if (reported.size < session.totalParts || Date.now() > until) {
      const has = `it has ${reported.size} of ${session.totalParts} parts`;
      throw failure('ProviderUnavailable', `Upload session ${session.sessionId} is not complete: ${has}; going on`);
    }
    await sleep(LOOK_EVERY_MS, signal);
    signal.throwIfAborted();
  }
}

/** Bytes of these parts together; the last part has the rest. */
function bytesIn({ partBytes, totalParts }: SessionOfParts, parts: ReadonlySet<number>, sizeBytes: number): number {
  const last = parts.has(totalParts) ? 1 : 0;
  const rest = sizeBytes - partBytes * (totalParts - 1);
  return (parts.size - last) * partBytes + last * rest;
}
