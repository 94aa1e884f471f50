import { log } from '@temporalio/activity';
import { failure, failureType } from '../../contracts/failures';
import { completedField, readTag, releaseFields, tagFields, type LedgerTag } from '../../contracts/resource';
import type { ProviderAsset } from '../../providers/assets';
import type { MediaProvider } from '../../providers/media-provider';
import { only } from '../../providers/outcome';
import type { ActivityDependencies } from '../dependencies';
import { removeSurplus } from '../cleanup/delete-asset';
import { cancellationOf } from '../lib/activity-call';
import type { Prepared } from '../uploads/prepare-submission';
import { isReserved, removeReserved } from '../uploads/reserved-asset';
import type { UploadMemory } from '../uploads/upload-memory';
import { completedWithAsset } from './completed-before';
import { compareContent, findCandidates, type Candidate, type CandidateSearch } from './own-candidates';
import { replaceAsset } from './replace-asset';

export interface OwnAssetSearch extends CandidateSearch {
  deps: ActivityDependencies;
  memory: UploadMemory;
}

export interface OwnAsset {
  asset: ProviderAsset;
  /** An earlier run made it, and whether it has this source's content could not be compared. */
  unchecked: boolean;
  /** An earlier run of the key completed with it. */
  completedBefore: boolean;
}

const ADOPTED = ['of this run', 'same content', 'not comparable'] as const;

/**
 * The asset of this key that the run goes on with, if there is one: its own, else one that an earlier run has left with
 * the same content. One with other content is replaced, and what there is beyond that is removed.
 */
export async function findOwnAsset(prepared: Prepared, search: OwnAssetSearch): Promise<OwnAsset | undefined> {
  const { common, bytes } = prepared;
  const { deps, provider, memory, signal } = search;
  const { tag } = common;
  const found = await findCandidates(common, search);
  if (search.earlier?.keepsAsset) refuseOtherContent(found, search.earlier.assetId);
  const own = ADOPTED.map((wanted) => oneThatIs(wanted, found, search.earlier?.assetId)).find(
    (one) => one !== undefined,
  );
  await makeRoom(found, own, common, search);
  if (!own) return undefined;
  const { asset } = own;
  if (bytes && (await isReserved(provider, asset, bytes.sizeBytes, signal))) {
    if (signal.aborted) throw cancellationOf(signal);
    await memory.gaveUp(await removeReserved(provider, { assetId: asset.id }, 'nobody knows its id', signal));
    return undefined;
  }
  const its = readTag(asset.metadata);
  const unchecked = compareContent(its?.content, tag.content) === undefined;
  const completedBefore =
    its !== undefined && (await completedWithAsset(deps, asset.id, { tag: its, thisRun: tag.runId }));
  if (own.is !== 'of this run' || its?.released) {
    const completedBy = completedBefore ? (its.completedBy ?? its.runId) : undefined;
    await takeUp(provider, asset.id, { tag: unchecked ? { ...tag, content: undefined } : tag, completedBy }, signal);
  }
  return { asset, unchecked, completedBefore };
}

/** Of several, the one that the client knows: an earlier run completed with it, and others are surplus beside it. */
function oneThatIs(wanted: Candidate['is'], found: readonly Candidate[], known?: string): Candidate | undefined {
  const such = found.filter(({ is }) => is === wanted);
  return such.find(({ asset }) => asset.id === known) ?? such[0];
}

/** A run that adds a branch to a completed key must not end what the key has by now. */
function refuseOtherContent(found: readonly Candidate[], assetId: string | undefined): void {
  const other = found.find(({ asset, is }) => is === 'other content' && asset.id === assetId);
  if (!other) return;
  const words = `source: its content is not that of asset ${other.asset.id}, with which the key has completed`;
  throw failure('InvalidRequest', `${words}; start it with "again" (--again) to replace that asset`);
}

/** Ends every candidate but the one to go on with. */
async function makeRoom(
  found: readonly Candidate[],
  own: Candidate | undefined,
  { tag, filename }: Prepared['common'],
  { deps, provider, memory, signal }: OwnAssetSearch,
): Promise<void> {
  for (const { asset, is } of found) {
    if (is !== 'other content') continue;
    await memory.gaveUp(await replaceAsset({ deps, provider, tag, filename, signal }, asset));
  }
  const surplus = found.filter((one) => one !== own && one.is !== 'other content').map(({ asset }) => asset.id);
  await removeSurplus({ deps, provider, workflowId: tag.workflowId, signal }, surplus);
}

/** From now on it is this run's: the tag says so, and no longer that an earlier run let it go. */
async function takeUp(
  { assets }: MediaProvider,
  assetId: string,
  { tag, completedBy }: { tag: LedgerTag; completedBy: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) throw cancellationOf(signal);
  try {
    const fields = { ...tagFields(tag), ...releaseFields(null), ...completedField(completedBy) };
    only(await assets.annotate([{ assetId, fields }], { signal }));
  } catch (error) {
    if (failureType(error) !== 'ProviderRejected') throw error;
    log.warn('the asset could not be marked as taken up', { assetId, error: (error as Error).message });
  }
}
