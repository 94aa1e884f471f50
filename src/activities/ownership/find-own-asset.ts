import { log } from '@temporalio/activity';
import type { EarlierRun } from '../../contracts/activities';
import { failureType } from '../../contracts/failures';
import { carriesTag, readTag, releaseFields, tagFields, type LedgerTag } from '../../contracts/resource';
import type { MediaProvider, ProviderAsset } from '../../providers/media-provider';
import { cancellationOf } from '../lib/activity-call';
import type { ActivityDependencies } from '../dependencies';
import { removeSurplus } from '../cleanup/delete-asset';
import { replaceAsset } from './replace-asset';
import { findTagged } from '../../providers/shared/find-tagged';
import { unlessGone } from '../lib/unless-gone';
import type { Prepared } from '../uploads/prepare-submission';
import { abandonedEntries } from '../uploads/upload-in-parts';
import type { UploadMemory } from '../uploads/upload-memory';

export interface OwnAssetSearch {
  deps: ActivityDependencies;
  provider: MediaProvider;
  /** An earlier write of this activity got no answer. */
  ambiguous: boolean;
  /** RFC 3339 start of the run. */
  since: string;
  earlier?: EarlierRun;
  memory: UploadMemory;
  signal: AbortSignal;
}

export interface OwnAsset {
  asset: ProviderAsset;
  /** An earlier run made it, and whether it has this source's content could not be compared. */
  unchecked: boolean;
}

/** How an asset of the key stands to this run and to what it is to submit. */
type Standing = 'of this run' | 'failed before' | 'same content' | 'other content' | 'not comparable';

const ADOPTED = ['of this run', 'same content', 'not comparable'] as const;

/**
 * The asset of this key that the run goes on with, if there is one: its own, else one that an earlier run has left with
 * the same content. One with other content is replaced, and what there is beyond that is removed.
 */
export async function findOwnAsset(prepared: Prepared, search: OwnAssetSearch): Promise<OwnAsset | undefined> {
  const { common, bytes } = prepared;
  const { deps, provider, memory, signal } = search;
  const { tag } = common;
  const found = (await candidates(common, search)).map((asset) => ({
    asset,
    is: standingOf(asset, tag, search.since),
  }));
  const own = ADOPTED.map((wanted) => found.find(({ is }) => is === wanted)).find((one) => one !== undefined);
  for (const { asset, is } of found) {
    if (is === 'other content') await memory.gaveUp(await replaceAsset({ deps, provider, tag, signal }, asset));
  }
  const surplus = found.filter((one) => one !== own && one.is !== 'other content').map(({ asset }) => asset.id);
  await removeSurplus({ deps, provider, workflowId: tag.workflowId, signal }, surplus);
  if (!own) return undefined;
  const { asset } = own;
  if (bytes && (await isReserved(provider, asset, bytes.sizeBytes, signal))) {
    if (signal.aborted) throw cancellationOf(signal);
    await unlessGone(provider.deleteAsset(asset.id, { force: false, signal }));
    await memory.gaveUp(abandonedEntries({ assetId: asset.id }, 'nobody knows its id'));
    return undefined;
  }
  const unchecked = compared(readTag(asset.metadata)?.content, tag.content) === undefined;
  if (own.is !== 'of this run' || readTag(asset.metadata)?.released) {
    await takeUp(provider, asset.id, unchecked ? { ...tag, content: undefined } : tag, signal);
  }
  return { asset, unchecked };
}

/** Assets that carry the tag. An earlier run may have used another filename, by which the list is narrowed. */
async function candidates(
  { tag, filename }: Prepared['common'],
  { provider, ambiguous, since, earlier, signal }: OwnAssetSearch,
): Promise<ProviderAsset[]> {
  const found = await findTagged(provider, { tag, filename, ...(ambiguous ? { since } : {}) }, signal);
  if (!earlier) return found;
  const { assetId } = earlier;
  if (assetId === undefined) {
    const all = await findTagged(provider, { tag, since: earlier.startedAt }, signal);
    return [...all.filter(({ id }) => !found.some((one) => one.id === id)), ...found];
  }
  if (found.some(({ id }) => id === assetId)) return found;
  const known = await unlessGone(provider.getAsset(assetId, { signal }));
  return known && carriesTag(known.metadata, tag) ? [known, ...found] : found;
}

function standingOf(asset: ProviderAsset, tag: LedgerTag, since: string): Standing {
  const its = readTag(asset.metadata);
  const same = compared(its?.content, tag.content);
  if (its?.runId === undefined && tag.runId === undefined ? madeSince(asset, since) : its?.runId === tag.runId) {
    return same === false ? 'other content' : 'of this run'; // the source may change between two attempts
  }
  if (asset.status === 'failed') return 'failed before'; // it makes room
  if (same === undefined) return 'not comparable';
  return same ? 'same content' : 'other content';
}

/** Whether two contents are the same; `undefined` where one is not known, or they are of different types of source. */
function compared(one: string | undefined, other: string | undefined): boolean | undefined {
  if (one === undefined || other === undefined || typeOf(one) !== typeOf(other)) return undefined;
  return one === other;
}

const typeOf = (content: string): string => content.slice(0, content.indexOf(':'));

/** Runs of earlier revisions have no run id in their tag: only the time tells whose an asset is. */
const madeSince = ({ createdAt }: ProviderAsset, since: string): boolean =>
  createdAt === undefined || Date.parse(createdAt) >= Date.parse(since);

/** From now on it is this run's: the tag says so, and no longer that an earlier run let it go. */
async function takeUp(provider: MediaProvider, assetId: string, tag: LedgerTag, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw cancellationOf(signal);
  try {
    await provider.annotateAsset(assetId, { ...tagFields(tag), ...releaseFields(null) }, { signal });
  } catch (error) {
    if (failureType(error) !== 'ProviderRejected') throw error;
    log.warn('the asset could not be marked as taken up', { assetId, error: (error as Error).message });
  }
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
