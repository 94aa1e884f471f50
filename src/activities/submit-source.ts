import type { Activities, SubmitSourceInput } from '../contracts/activities';
import { failure } from '../contracts/failures';
import { readTag, releaseFields } from '../contracts/resource';
import { type Source } from '../contracts/source';
import { filenameOfSource } from '../contracts/source-name';
import type { MediaProvider, ProviderAsset, Submission } from '../providers/media-provider';
import { calling, cancellationOf } from './activity-call';
import { snapshotOf } from './asset-snapshot';
import { accountOf, ledgerTag, type ActivityDependencies } from './dependencies';
import { deleteSurplus } from './ledger/surplus';
import { findTagged } from './ledger/tagged-assets';
import { writeOnce } from './write-once';

/**
 * How long the provider may fetch an S3 object: it begins within minutes of the create, and 4 GB over a slow line take
 * hours. Credentials of a role may end it sooner.
 */
const FETCH_WITHIN_SEC = 6 * 3600;

/** What is to be submitted, checked, before the source is made ready to hand over. */
interface Prepared extends Omit<Submission, 'source'> {
  /** Called right before the create, so that a presigned URL is fresh, and is nowhere but in the request. */
  source: () => Promise<Submission['source']>;
}

/**
 * Finds the asset that carries the lifecycle's tag, or makes it; at most one live asset per tag. Safe to repeat.
 * The first attempt looks too: an earlier run of the same key may have kept its asset.
 * @throws InvalidRequest · PayloadTooLarge before the provider is called · SourceUnreadable · OutcomeUnknown (the next
 *   attempt looks until a late commit can no longer come) · whatever the provider says.
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
    const asset = await writeOnce({
      settleWindowMs: deps.settleWindowMs,
      prepare: (signal) => prepareSubmission(deps, provider, { input, source, signal }),
      find: (submission, search) => findOwn(provider, submission, input.since, search),
      make: async (prepared, signal) => submitOne(provider, { ...prepared, source: await prepared.source() }, signal),
    });
    return snapshotOf(asset);
  };

type SentSource = Exclude<Source, { type: 'asset' }>;

/** Checks the source and says what to send; the provider has not been called when this throws. */
async function prepareSubmission(
  deps: ActivityDependencies,
  provider: MediaProvider,
  { input, source, signal }: { input: SubmitSourceInput; source: SentSource; signal: AbortSignal },
): Promise<Prepared> {
  const { metadata, enableHls, enableThumbnail } = input;
  const tag = ledgerTag(deps, input.tag);
  const filename = input.filename ?? filenameOfSource(source);
  const common = { filename, metadata, enableHls, enableThumbnail, tag };
  if (source.type === 'url') return { ...common, source: async () => ({ type: 'url', url: source.url }) };
  if (source.type === 's3') {
    const object = await deps.objects.resolve(source, { signal });
    const { limitBytes, why } = provider.maxUrlBytes(filename);
    if (object.sizeBytes > limitBytes) {
      throw failure('PayloadTooLarge', `source.key: ${filename} has ${object.sizeBytes} bytes; ${why}`);
    }
    return { ...common, source: async () => ({ type: 'url', url: await object.presignedUrl(FETCH_WITHIN_SEC) }) };
  }
  const file = await deps.sources.resolve(source.path);
  const { limitBytes, why } = provider.maxFileBytes(filename);
  if (file.sizeBytes > limitBytes) {
    throw failure('PayloadTooLarge', `source.path: ${filename} has ${file.sizeBytes} bytes; ${why}`);
  }
  return { ...common, source: async () => ({ type: 'file', file }) };
}

/** The asset of this key, if there is one; what there is beyond it is removed. */
async function findOwn(
  provider: MediaProvider,
  { tag, filename }: Prepared,
  since: string,
  { ambiguous, signal }: { ambiguous: boolean; signal: AbortSignal },
): Promise<ProviderAsset | undefined> {
  const found = await findTagged(provider, { tag, filename, ...(ambiguous ? { since } : {}) }, signal);
  const own = found.find((asset) => asset.status !== 'failed' || madeSince(asset, since));
  const others = found.filter((asset) => asset !== own).map(({ id }) => id);
  await deleteSurplus(provider, others, signal);
  if (own && readTag(own.metadata)?.released) {
    if (signal.aborted) throw cancellationOf(signal);
    await provider.annotateAsset(own.id, releaseFields(null), { signal }); // it is at work again
  }
  return own;
}

/** An asset that failed in an earlier run does not count, and makes room; one that failed in this run is its result. */
const madeSince = (asset: ProviderAsset, since: string): boolean =>
  asset.createdAt === undefined || Date.parse(asset.createdAt) >= Date.parse(since);

async function submitOne(provider: MediaProvider, submission: Submission, signal: AbortSignal): Promise<ProviderAsset> {
  const [asset] = await provider.submit([submission], { signal });
  if (asset) return asset;
  throw failure('OutcomeUnknown', `${submission.filename}: the provider answered without an asset`);
}
