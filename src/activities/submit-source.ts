import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Activities, PendingSubmission, SubmitSourceInput, SubmittedAsset } from '../contracts/activities';
import type { Handle } from '../contracts/branches/handle';
import { failure, failureType, withDetails } from '../contracts/failures';
import type { SourceFacts } from '../contracts/lifecycle-status';
import { snapshotOf, type ProviderAsset } from '../providers/assets';
import type { MediaProvider } from '../providers/media-provider';
import type { PartUrl } from '../providers/part-uploads';
import type { SourceBytes } from '../storage/files/source-bytes';
import { withHeartbeat } from './lib/activity-call';
import { providerOf, type ActivityDependencies } from './dependencies';
import { adoptAsset } from './ownership/adopt-asset';
import { claimKey } from './ownership/claim-key';
import type { KeyFacts } from './ownership/key-facts';
import { claimPlace } from './ownership/key-place';
import { findOwnAsset, type OwnAsset } from './ownership/find-own-asset';
import { handIn, rememberOpenSession } from './uploads/hand-in';
import { refuseUnfit } from './uploads/preflight';
import { prepareSubmission, type Prepared, type SentSource } from './uploads/prepare-submission';
import { uploadInParts } from './uploads/upload-in-parts';
import { UploadMemory, type UploadUnderWay } from './uploads/upload-memory';
import { writeOnce } from './lib/write-once';

/**
 * Finds the asset that carries the lifecycle's tag, or makes it, in one request or in parts; at most one live asset per
 * tag. Safe to repeat: an upload in parts goes on from the parts that the provider has. The first attempt looks too: an
 * earlier run of the same key may have kept its asset. Where the provider tells the asset only when it is ready, gives
 * what the wait asks for. An existing asset is taken up as it is, once the key is this claimant's.
 * @param facts what is known of the key already, in an activity over many items.
 * @throws KeyInUse naming who is at work on the key · InvalidRequest · PayloadTooLarge before the provider is called, also for media that its limits rule out · SourceUnreadable · OutcomeUnknown (the next
 *   attempt looks until a late commit can no longer come) · UploadExpired · whatever the provider says.
 */
export const createSubmitSource =
  (deps: ActivityDependencies, facts?: KeyFacts): Activities['submitSource'] =>
  async (input) => {
    const provider = providerOf(deps, input);
    const { provider: name, source, tag, item } = input;
    const { key, workflowId, runId } = tag;
    const by = { workflowId, runId, ...item };
    const before = await withHeartbeat(() => claimKey(deps, { provider: name, key }, { by, facts }));
    if (source.type === 'asset') {
      const { assetId } = source;
      const asset = await withHeartbeat((signal) => adoptAsset(provider, assetId, tag, signal));
      return { ...snapshotOf(asset), adopted: true };
    }
    facts?.claimed(before);
    const memory = UploadMemory.open(deps, input.resume);
    try {
      await claimPlace(deps, { ...input, key: input.tag.key });
      return resultOf(await submitAndSend(deps, provider, { input, source, memory, facts }), memory);
    } catch (error) {
      throw withPending(error, memory);
    }
  };

function resultOf(
  { source, ...submitted }: Submitted,
  { abandoned }: UploadMemory,
): SubmittedAsset | PendingSubmission {
  const facts = { source, ...(abandoned.length > 0 && { abandoned }) };
  if ('pending' in submitted) return { pending: submitted.pending, ...facts };
  const { asset, adopted, unchecked, completedBefore } = submitted;
  return {
    ...snapshotOf(asset),
    ...(adopted && { adopted }),
    ...facts,
    ...(unchecked && { adoptedUnchecked: true }),
    ...(completedBefore && { completedBefore: true }),
  };
}

/** Cleanup hears of an item that was handed in, also where this attempt made nothing. */
function withPending(error: unknown, { left }: UploadMemory): unknown {
  if (!left) return error;
  if (error instanceof CancelledFailure) return new CancelledFailure(error.message, [left]);
  return error instanceof ApplicationFailure ? withDetails(error, left) : error;
}

interface Submitting {
  input: SubmitSourceInput;
  source: SentSource;
  memory: UploadMemory;
  facts?: KeyFacts;
}

interface FoundAsset {
  asset: ProviderAsset;
  /** It was there before, and is not of this key. */
  adopted?: boolean;
  unchecked?: boolean;
  completedBefore?: boolean;
}

/** A whole asset or what becomes one, or a session whose parts are still to come. */
type Made =
  FoundAsset | { pending: Handle } | { upload: UploadUnderWay; first: readonly PartUrl[]; bytes?: SourceBytes };

type Submitted = (FoundAsset | { pending: Handle }) & { source?: SourceFacts };

async function submitAndSend(
  deps: ActivityDependencies,
  provider: MediaProvider,
  { input, source, memory, facts: ofKey }: Submitting,
): Promise<Submitted> {
  let facts: SourceFacts | undefined;
  const prepare = async (signal: AbortSignal): Promise<Prepared> => {
    const prepared = await prepareSubmission(deps, provider, { input, source, signal });
    facts = factsOf(prepared.bytes);
    return prepared;
  };
  const made: Made = memory.upload
    ? { upload: memory.upload, first: [] }
    : await writeOnce<Made, Prepared>({
        settleWindowMs: deps.settleWindowMs,
        prepare: async (signal) => {
          const prepared = await prepare(signal);
          await refuseUnfit(deps, { input, prepared, signal });
          return prepared;
        },
        find: async (prepared, search) => {
          const { since, earlier } = input;
          const find = (known?: ProviderAsset[]): Promise<OwnAsset | undefined> =>
            findOwnAsset(prepared, { ...search, deps, provider, since, earlier, memory, known });
          const known = search.ambiguous ? undefined : await ofKey?.existing();
          const found = await find(known).catch((error: unknown) => {
            if (known === undefined || failureType(error) !== 'ResourceGone') throw error;
            return find(); // it was deleted since it was seen
          });
          if (found) ofKey?.found();
          if (!found && search.ambiguous) await rememberOpenSession(provider, { prepared, memory }, search.signal);
          return found;
        },
        make: (prepared, signal) => handIn(provider, { prepared, memory }, signal),
      });
  if (!('upload' in made)) return { ...made, source: facts };
  if (!memory.upload) await memory.opened(made.upload);
  const { upload, first, bytes: seen } = made;
  const { stopping, partBuffers: buffers } = deps;
  const { concurrency } = input.upload;
  const sent = await withHeartbeat((signal) => {
    const look = async (): Promise<SourceBytes> => {
      const bytes = seen ?? (await prepare(signal)).bytes;
      if (bytes) return bytes;
      throw failure('InvalidRequest', 'source: a URL has no parts to send');
    };
    return uploadInParts({ provider, memory, upload, first, look, concurrency, buffers, signal, stopping });
  });
  return { ...sent, source: facts };
}

const factsOf = (bytes: SourceBytes | undefined): SourceFacts | undefined =>
  bytes && { sizeBytes: bytes.sizeBytes, modifiedAt: bytes.modifiedAt };
