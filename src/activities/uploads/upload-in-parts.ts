import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Handle } from '../../contracts/branches/handle';
import { failure, failureType, withDetails } from '../../contracts/failures';
import type { ProviderAsset } from '../../providers/assets';
import type { MediaProvider } from '../../providers/media-provider';
import type { PartUrl, UploadState } from '../../providers/part-uploads';
import type { SourceBytes } from '../../storage/files/source-bytes';
import { whatChanged } from '../../storage/files/source-fingerprint';
import { cancellationOf } from '../lib/activity-call';
import { leaveSession } from './leave-session';
import { removeReserved } from './reserved-asset';
import type { PartBuffers } from '../../providers/shared/parts/part-buffers';
import { finishSession } from '../../providers/shared/parts/finish-session';
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

/** The asset, or what its wait asks for where it is not known yet. */
export type SentInParts = { asset: ProviderAsset } | { pending: Handle };

/**
 * Sends the parts that the provider does not have yet, and gives the asset once the session says that it is complete.
 * A session that expired or failed is given up, with the asset it reserved; the next attempt opens another.
 * @throws SourceUnreadable when the source is not what the session was opened for · UploadExpired · WorkerStopping
 */
export async function uploadInParts(plan: UploadInParts): Promise<SentInParts> {
  try {
    return await finish(plan);
  } catch (error) {
    throw withUpload(plan.signal.aborted ? cancellationOf(plan.signal) : error, plan.upload);
  }
}

async function finish({ provider, memory, upload, look, ...sending }: UploadInParts): Promise<SentInParts> {
  const source = await look();
  refuseChanged(upload, source);
  const ended = await finishSession({
    sessions: provider.intake.parts,
    session: upload,
    source,
    first: sending.first,
    concurrency: sending.concurrency,
    buffers: sending.buffers,
    signal: sending.signal,
    stopping: sending.stopping,
    onSent: (sentBytes, totalBytes) => memory.sent(sentBytes, totalBytes),
  });
  if (ended !== 'completed') return giveUp(provider, { memory, upload }, ended);
  const { assetId } = upload;
  if (assetId !== undefined) return { asset: await provider.assets.get(assetId, { signal: sending.signal }) };
  if (memory.pending) return { pending: memory.pending };
  throw new Error(`${source.filename}: its session names no asset, and nothing to wait for`);
}

/** An asset that was reserved will never be one, so it goes. */
async function giveUp(
  provider: MediaProvider,
  { memory, upload }: Pick<UploadInParts, 'memory' | 'upload'>,
  state: UploadState['state'],
): Promise<never> {
  const { sessionId, assetId } = upload;
  const why = `it ended as ${state}`;
  if (assetId !== undefined) await memory.gaveUp(await removeReserved(provider, { sessionId, assetId }, why));
  else if (memory.pending) await memory.gaveUp([await leaveSession(provider, memory.pending, why)]);
  throw failure('UploadExpired', `Upload session ${sessionId} ended as ${state}; a new one is opened`);
}

function refuseChanged({ fingerprint }: UploadUnderWay, source: SourceBytes): void {
  const changed = whatChanged(fingerprint, source.fingerprint);
  if (changed === undefined) return;
  const advice = 'start again with a source that rests';
  throw failure('SourceUnreadable', `${source.filename}: changed since its upload began: ${changed}; ${advice}`);
}

/** Cleanup hears of the session, also where the provider is not asked again. */
function withUpload(error: unknown, { sessionId, assetId, expiresAt }: UploadUnderWay): unknown {
  if (assetId === undefined) return error;
  const details = { upload: { sessionId, assetId, expiresAt } };
  if (error instanceof CancelledFailure) return new CancelledFailure(error.message, [details]);
  const type = error instanceof ApplicationFailure ? failureType(error) : undefined;
  return type === undefined || type === 'UploadExpired' ? error : withDetails(error as ApplicationFailure, details);
}
