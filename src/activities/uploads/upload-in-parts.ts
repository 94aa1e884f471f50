import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { failure, failureType, withDetails } from '../../contracts/failures';
import { unlessGone } from '../../providers/outcome';
import type { ProviderAsset } from '../../providers/assets';
import type { MediaProvider } from '../../providers/media-provider';
import { PartRefused, type PartUrl, type UploadState } from '../../providers/part-uploads';
import type { SourceBytes } from '../../storage/files/source-bytes';
import { whatChanged } from '../../storage/files/source-fingerprint';
import { cancellationOf, pause } from '../lib/activity-call';
import { removeReserved } from './reserved-asset';
import type { PartBuffers } from '../../providers/shared/parts/part-buffers';
import { PartUrls } from '../../providers/shared/parts/part-urls';
import { sendParts } from '../../providers/shared/parts/send-parts';
import type { UploadMemory, UploadUnderWay } from './upload-memory';

export interface UploadInParts {
  provider: MediaProvider;
  memory: UploadMemory;
  upload: UploadUnderWay;
  /** URLs that came with a session which was opened just now; none for one of an earlier attempt. */
  first: readonly PartUrl[];
  /** Looks at the source; what fails here, too, tells of the session. */
  look: () => Promise<SourceBytes>;
  concurrency: number;
  buffers: PartBuffers;
  signal: AbortSignal;
  /** Aborted when the worker is to stop. */
  stopping: AbortSignal;
}

/**
 * Sends the parts that the provider does not have yet, and gives the asset once the session says that it is complete.
 * A session that expired or failed is given up, with the asset it reserved; the next attempt opens another.
 * @throws SourceUnreadable when the source is not what the session was opened for · UploadExpired · WorkerStopping
 */
export async function uploadInParts(plan: UploadInParts): Promise<ProviderAsset> {
  try {
    return await goOn(plan);
  } catch (error) {
    throw withUpload(plan.signal.aborted ? cancellationOf(plan.signal) : error, plan.upload);
  }
}

async function goOn(plan: UploadInParts): Promise<ProviderAsset> {
  const { provider, upload, first, signal } = plan;
  const source = await plan.look();
  refuseChanged(upload, source);
  const state = first.length > 0 ? NOTHING_YET : await stateOf(plan);
  if (state.state === 'active') await sendRest(plan, source, state.reported);
  const ended = await untilSettled(plan);
  if (ended !== 'completed') return giveUp(plan, ended);
  return provider.assets.get(upload.assetId, { signal });
}

const NOTHING_YET: UploadState = { state: 'active', reported: new Set() };

async function sendRest(plan: UploadInParts, source: SourceBytes, reported: ReadonlySet<number>): Promise<void> {
  const { provider, memory, upload, first, concurrency, buffers, signal, stopping } = plan;
  const sessions = provider.intake.parts;
  let sentBytes = bytesOf(upload, reported, source.sizeBytes);
  memory.sent(sentBytes, source.sizeBytes);
  try {
    await sendParts({
      sessions,
      upload,
      source,
      concurrency,
      buffers,
      signal,
      reported,
      stopping,
      urls: new PartUrls(sessions, upload, concurrency, signal, first),
      onSent: (bytes) => memory.sent((sentBytes += bytes), source.sizeBytes),
    });
  } catch (error) {
    if (!(error instanceof PartRefused)) throw error; // else the session has ended, and its state says how
  }
  if (stopping.aborted && sentBytes < source.sizeBytes) {
    throw failure('WorkerStopping', 'this worker is stopping; another one sends the rest of the parts');
  }
}

/** A session whose parts are all in may take a moment to say that it is complete. */
const SETTLES_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 1000;

async function stateOf({ provider, upload, signal }: UploadInParts): Promise<UploadState> {
  const state = await unlessGone(provider.intake.parts.state(upload.sessionId, { signal }));
  return state ?? { state: 'failed', reported: new Set() };
}

async function untilSettled(plan: UploadInParts): Promise<UploadState['state']> {
  const { upload, signal } = plan;
  const until = Date.now() + SETTLES_WITHIN_MS;
  for (;;) {
    const { state, reported } = await stateOf(plan);
    if (state !== 'active') return state;
    if (reported.size < upload.totalParts || Date.now() > until) {
      const has = `it has ${reported.size} of ${upload.totalParts} parts`;
      throw failure('ProviderUnavailable', `Upload session ${upload.sessionId} is not complete: ${has}; going on`);
    }
    await pause(LOOK_EVERY_MS, signal);
  }
}

/** The reserved asset will never be one, so it goes; the provider has no call that ends a session. */
async function giveUp({ provider, memory, upload }: UploadInParts, state: UploadState['state']): Promise<never> {
  const { sessionId, assetId } = upload;
  await memory.gaveUp(await removeReserved(provider, { sessionId, assetId }, `it ended as ${state}`));
  throw failure('UploadExpired', `Upload session ${sessionId} ended as ${state}; a new one is opened`);
}

function refuseChanged({ fingerprint }: UploadUnderWay, source: SourceBytes): void {
  const changed = whatChanged(fingerprint, source.fingerprint);
  if (changed === undefined) return;
  const advice = 'start again with a source that rests';
  throw failure('SourceUnreadable', `${source.filename}: changed since its upload began: ${changed}; ${advice}`);
}

function bytesOf({ partBytes, totalParts }: UploadUnderWay, parts: ReadonlySet<number>, sizeBytes: number): number {
  const last = parts.has(totalParts) ? 1 : 0;
  const rest = sizeBytes - partBytes * (totalParts - 1);
  return (parts.size - last) * partBytes + last * rest;
}

/** Cleanup hears of the session, also where the provider is not asked again. */
function withUpload(error: unknown, { sessionId, assetId, expiresAt }: UploadUnderWay): unknown {
  const details = { upload: { sessionId, assetId, expiresAt } };
  if (error instanceof CancelledFailure) return new CancelledFailure(error.message, [details]);
  const type = error instanceof ApplicationFailure ? failureType(error) : undefined;
  return type === undefined || type === 'UploadExpired' ? error : withDetails(error as ApplicationFailure, details);
}
