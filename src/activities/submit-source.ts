import type { Activities, SubmitSourceInput, SubmittedAsset } from '../contracts/activities';
import { failure } from '../contracts/failures';
import { readTag, releaseFields } from '../contracts/resource';
import type { MediaProvider, ProviderAsset } from '../providers/media-provider';
import type { PartUrl } from '../providers/upload-sessions';
import type { SourceBytes } from '../sources/source-bytes';
import { calling, cancellationOf, noteBytesMoved } from './activity-call';
import { snapshotOf } from './asset-snapshot';
import { accountOf, type ActivityDependencies } from './dependencies';
import { deleteSurplus } from './ledger/surplus';
import { findTagged } from './ledger/tagged-assets';
import { unlessGone } from './ledger/unless-gone';
import { prepareSubmission, type Prepared, type SentSource } from './uploads/prepare-submission';
import { abandonedEntries, uploadInParts } from './uploads/upload-in-parts';
import { UploadMemory, type UploadUnderWay } from './uploads/upload-memory';
import { writeOnce } from './write-once';

const DEFAULT_CONCURRENCY = 4;

/**
 * Finds the asset that carries the lifecycle's tag, or makes it, in one request or in parts; at most one live asset per
 * tag. Safe to repeat: an upload in parts goes on from the parts that the provider has. The first attempt looks too: an
 * earlier run of the same key may have kept its asset.
 * @throws InvalidRequest · PayloadTooLarge before the provider is called · SourceUnreadable · OutcomeUnknown (the next
 *   attempt looks until a late commit can no longer come) · UploadExpired · whatever the provider says.
 */
export const createSubmitSource =
  (deps: ActivityDependencies): Activities['submitSource'] =>
  async (input) => {
    const { provider } = accountOf(deps, input.provider);
    const { source } = input;
    if (source.type === 'asset') {
      const { assetId } = source;
      return { ...snapshotOf(await calling((signal) => provider.getAsset(assetId, { signal }))), adopted: true };
    }
    const memory = UploadMemory.open(deps);
    const asset = await submit(deps, provider, { input, source, memory });
    const { abandoned } = memory;
    return { ...snapshotOf(asset), ...(abandoned.length > 0 ? { abandoned } : {}) } satisfies SubmittedAsset;
  };

interface Submitting {
  input: SubmitSourceInput;
  source: SentSource;
  memory: UploadMemory;
}

/** A whole asset, or a session whose parts are still to come. */
type Made = { asset: ProviderAsset } | { upload: UploadUnderWay; first: readonly PartUrl[]; bytes?: SourceBytes };

async function submit(deps: ActivityDependencies, provider: MediaProvider, submitting: Submitting) {
  const { input, source, memory } = submitting;
  const made: Made = memory.upload
    ? { upload: memory.upload, first: [] }
    : await writeOnce<Made, Prepared>({
        settleWindowMs: deps.settleWindowMs,
        prepare: (signal) => prepareSubmission(deps, provider, { input, source, signal }),
        find: async (prepared, search) => {
          const asset = await findOwn(provider, prepared, { ...search, since: input.since, memory });
          return asset && { asset };
        },
        make: (prepared, signal) => make(provider, prepared, signal),
      });
  if ('asset' in made) return made.asset;
  if (!memory.upload) await memory.opened(made.upload);
  const { upload, first, bytes: seen } = made;
  const { stopping } = deps;
  const concurrency = input.upload?.concurrency ?? DEFAULT_CONCURRENCY;
  return calling((signal) => {
    const look = async (): Promise<SourceBytes> => {
      const bytes = seen ?? (await prepareSubmission(deps, provider, { input, source, signal })).bytes;
      if (bytes) return bytes;
      throw failure('InvalidRequest', 'source: a URL has no parts to send');
    };
    return uploadInParts({ provider, memory, upload, first, look, concurrency, signal, stopping });
  });
}

async function make(provider: MediaProvider, prepared: Prepared, signal: AbortSignal): Promise<Made> {
  const { common, parts, bytes, whole } = prepared;
  if (parts && bytes) {
    const { urls: first, ...opened } = await provider.uploads.open({ ...common, ...parts }, { signal });
    return { upload: { ...opened, fingerprint: bytes.fingerprint }, first, bytes };
  }
  if (!whole) throw failure('InvalidRequest', `${common.filename}: there is nothing to send`);
  const onProgress = (): void => noteBytesMoved();
  const [asset] = await provider.submit([{ ...common, source: await whole() }], { signal, onProgress });
  if (asset) return { asset };
  throw failure('OutcomeUnknown', `${common.filename}: the provider answered without an asset`);
}

/** The asset of this key, if there is one; what there is beyond it is removed. */
async function findOwn(
  provider: MediaProvider,
  { common: { tag, filename }, bytes }: Prepared,
  {
    ambiguous,
    signal,
    since,
    memory,
  }: { ambiguous: boolean; signal: AbortSignal; since: string; memory: UploadMemory },
): Promise<ProviderAsset | undefined> {
  const found = await findTagged(provider, { tag, filename, ...(ambiguous ? { since } : {}) }, signal);
  const own = found.find((asset) => asset.status !== 'failed' || madeSince(asset, since));
  const others = found.filter((asset) => asset !== own).map(({ id }) => id);
  await deleteSurplus(provider, others, signal);
  if (own && bytes && (await isReserved(provider, own, bytes.sizeBytes, signal))) {
    if (signal.aborted) throw cancellationOf(signal);
    await unlessGone(provider.deleteAsset(own.id, { force: false, signal }));
    await memory.gaveUp(abandonedEntries({ assetId: own.id }, 'nobody knows its id'));
    return undefined;
  }
  if (own && readTag(own.metadata)?.released) {
    if (signal.aborted) throw cancellationOf(signal);
    await provider.annotateAsset(own.id, releaseFields(null), { signal }); // it is at work again
  }
  return own;
}

/** An asset and its session are made in one go. */
const SAME_MOMENT_MS = 5000;

/**
 * Whether the asset only waits for parts of a session that nobody can go on with, since its id was lost. The provider
 * does not say which asset a session is for, so that size and moment have to tell.
 */
async function isReserved(
  provider: MediaProvider,
  { status, createdAt }: ProviderAsset,
  sizeBytes: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (status !== 'processing' || createdAt === undefined) return false;
  const apart = (at: string | undefined): number => Math.abs(Date.parse(at ?? '') - Date.parse(createdAt));
  return (await provider.uploads.incomplete({ signal })).some(
    (session) => session.sizeBytes === sizeBytes && apart(session.createdAt) < SAME_MOMENT_MS,
  );
}

/** An asset that failed in an earlier run does not count, and makes room; one that failed in this run is its result. */
const madeSince = (asset: ProviderAsset, since: string): boolean =>
  asset.createdAt === undefined || Date.parse(asset.createdAt) >= Date.parse(since);
