import type { Activities, SubmitSourceInput, SubmittedAsset } from '../contracts/activities';
import { failure } from '../contracts/failures';
import type { SourceFacts } from '../contracts/lifecycle-status';
import { snapshotOf, type ProviderAsset } from '../providers/assets';
import type { MediaProvider } from '../providers/media-provider';
import { only } from '../providers/outcome';
import type { PartUrl } from '../providers/part-uploads';
import type { SourceBytes } from '../storage/files/source-bytes';
import { withHeartbeat, noteBytesMoved } from './lib/activity-call';
import { providerOf, type ActivityDependencies } from './dependencies';
import { adoptAsset } from './ownership/adopt-asset';
import { findOwnAsset } from './ownership/find-own-asset';
import { refuseUnfit } from './uploads/preflight';
import { prepareSubmission, type Prepared, type SentSource } from './uploads/prepare-submission';
import { uploadInParts } from './uploads/upload-in-parts';
import { UploadMemory, type UploadUnderWay } from './uploads/upload-memory';
import { writeOnce } from './lib/write-once';

/**
 * Finds the asset that carries the lifecycle's tag, or makes it, in one request or in parts; at most one live asset per
 * tag. Safe to repeat: an upload in parts goes on from the parts that the provider has. The first attempt looks too: an
 * earlier run of the same key may have kept its asset.
 * @throws InvalidRequest · PayloadTooLarge before the provider is called, also for media that its limits rule out · SourceUnreadable · OutcomeUnknown (the next
 *   attempt looks until a late commit can no longer come) · UploadExpired · whatever the provider says.
 */
export const createSubmitSource =
  (deps: ActivityDependencies): Activities['submitSource'] =>
  async (input) => {
    const provider = providerOf(deps, input);
    const { source } = input;
    if (source.type === 'asset') {
      const { assetId } = source;
      const asset = await withHeartbeat((signal) => adoptAsset(provider, assetId, input.tag, signal));
      return { ...snapshotOf(asset), adopted: true };
    }
    const memory = UploadMemory.open(deps, input.resume);
    const {
      asset,
      unchecked,
      completedBefore,
      source: facts,
    } = await submitAndSend(deps, provider, { input, source, memory });
    const submitted: SubmittedAsset = { ...snapshotOf(asset), source: facts };
    if (unchecked) submitted.adoptedUnchecked = true;
    if (completedBefore) submitted.completedBefore = true;
    if (memory.abandoned.length > 0) submitted.abandoned = memory.abandoned;
    return submitted;
  };

interface Submitting {
  input: SubmitSourceInput;
  source: SentSource;
  memory: UploadMemory;
}

/** A whole asset, or a session whose parts are still to come. */
type Made =
  | { asset: ProviderAsset; unchecked?: boolean; completedBefore?: boolean }
  | { upload: UploadUnderWay; first: readonly PartUrl[]; bytes?: SourceBytes };

interface Submitted {
  asset: ProviderAsset;
  unchecked?: boolean;
  completedBefore?: boolean;
  source?: SourceFacts;
}

async function submitAndSend(
  deps: ActivityDependencies,
  provider: MediaProvider,
  { input, source, memory }: Submitting,
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
        find: (prepared, search) => {
          const { since, earlier } = input;
          return findOwnAsset(prepared, { ...search, deps, provider, since, earlier, memory });
        },
        make: (prepared, signal) => make(provider, prepared, signal),
      });
  if ('asset' in made) return { ...made, source: facts };
  if (!memory.upload) await memory.opened(made.upload);
  const { upload, first, bytes: seen } = made;
  const { stopping, partBuffers: buffers } = deps;
  const { concurrency } = input.upload;
  const asset = await withHeartbeat((signal) => {
    const look = async (): Promise<SourceBytes> => {
      const bytes = seen ?? (await prepare(signal)).bytes;
      if (bytes) return bytes;
      throw failure('InvalidRequest', 'source: a URL has no parts to send');
    };
    return uploadInParts({ provider, memory, upload, first, look, concurrency, buffers, signal, stopping });
  });
  return { asset, source: facts };
}

const factsOf = (bytes: SourceBytes | undefined): SourceFacts | undefined =>
  bytes && { sizeBytes: bytes.sizeBytes, modifiedAt: bytes.modifiedAt };

async function make({ intake }: MediaProvider, prepared: Prepared, signal: AbortSignal): Promise<Made> {
  const { common, bytes } = prepared;
  const item = { ...common, content: await prepared.content() };
  const submitted = only(await intake.submit([item], { signal, onProgress: () => noteBytesMoved() }));
  if ('asset' in submitted) return submitted;
  if ('pending' in submitted)
    throw new Error(`${common.filename}: its asset is not known yet, and nobody waits for it`);
  const { urls: first, ...opened } = submitted.upload;
  if (!bytes) throw new Error(`${common.filename}: a session was opened for bytes that nobody has`);
  return { upload: { ...opened, fingerprint: bytes.fingerprint }, first, bytes };
}
