import { failureType } from '../../contracts/failures';
import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import {
  carriesTag,
  claimOf,
  completerBefore,
  isAdoptedByAnother,
  isAsset,
  isResult,
  isSession,
  readTag,
} from '../../contracts/resource';
import type { AssetResource, BranchResource, LifecycleTag, Resource, SessionResource } from '../../contracts/resource';
import { unlessGone } from '../../providers/outcome';
import { branchKindOf, ledgerTag } from '../dependencies';
import { cancellationOf } from '../lib/activity-call';
import { findByTag } from '../lib/find-by-tag';
import { untilFound } from '../lib/until-found';
import { isKeyOfAnotherAtWork } from '../ownership/claim-key';
import { completedWithAsset } from '../ownership/completed-before';
import { keptUnmarked, setMark } from '../ownership/release-asset';
import { lifecyclesWanting } from '../ownership/users-of-asset';
import { removeSurplus } from './delete-asset';
import { leaveSession } from '../uploads/leave-session';
import { endMadeBefore } from './end-made-before';
import { endPending } from './end-pending';
import { endResult } from './end-result';
import { entryOf, keptBecause, UNKNOWN } from './receipt-entry';
import type { Removal } from './removal';
import { removeOne, type Known } from './remove-one';

/**
 * Ends a resource as the policy says and tells what became of it. One without an id is looked for first, until a late
 * commit can no longer come; the answer is empty when there never was one. Where the provider holds more of the kind
 * with the lifecycle's tag, all of it ends; of assets to keep, one is kept. Safe to repeat: gone is deleted.
 */
export async function endResource(resource: Resource, removal: Removal): Promise<ReceiptEntry[]> {
  if (isResult(resource)) return endResult(resource, removal);
  if (isAsset(resource)) return endAsset(resource, removal);
  if (isSession(resource)) return endSession(resource, removal);
  const reason = keptBecause(resource, removal.policy);
  if (reason && resource.id) return [entryOf(resource, 'kept', reason)];
  return endEach(resource, await idsOf(resource, removal), removal);
}

async function endAsset(resource: AssetResource, removal: Removal): Promise<ReceiptEntry[]> {
  const { policy, provider, deps, signal } = removal;
  if (resource.session && policy === 'keep') {
    return endAsset(resource, { ...removal, policy: 'delete' }); // its bytes never were all there
  }
  const reason = keptBecause(resource, policy);
  if (reason && resource.adopted) return [await leaveAdopted(resource, reason, removal)];
  if (await isOfAnother(resource, removal)) return [];
  const { entries: ofSessions, assetIds, decided } = await endPending(resource, removal);
  const isThereByNow = decided || resource.ofEarlierRuns === true;
  const tagged = await (isThereByNow ? taggedIds(resource, removal) : idsOf(resource, removal));
  const ids = [...new Set([...assetIds, ...tagged])];
  if (ids.length > 0 && (await isLeftToOthers(removal))) return [...ofSessions, ...leaveToOthers(resource, ids)];
  const before = policy === 'force-delete' ? await endMadeBefore(resource, ids, removal) : [];
  const surplus = policy === 'keep' ? ids.splice(1) : [];
  const entries: ReceiptEntry[] = [...ofSessions, ...before];
  for (const id of ids) {
    const completedBefore = resource.completedBefore && id === resource.id; // not what carries the tag beside it
    entries.push(await endOne({ ...resource, id, completedBefore }, removal));
  }
  const workflowId = removal.unlessOpen ?? resource.tag?.workflowId;
  entries.push(...(await removeSurplus({ deps, provider, workflowId, signal }, surplus)));
  if (resource.session) entries.unshift(endOfSession(resource.session));
  return entries;
}

/** A run that was stopped before it had its key has made and adopted nothing, and what the key has is its holder's. */
async function isOfAnother({ id, tag, adopted, pending, session }: AssetResource, removal: Removal): Promise<boolean> {
  const isMade = id !== undefined && !adopted; // the id of an adopted one is known before
  if (isMade || pending || session || !tag) return false;
  const { deps, provider, unlessOpen: workflowId = tag.workflowId } = removal;
  return isKeyOfAnotherAtWork(deps, { provider: provider.name, key: tag.key, workflowId });
}

async function endEach(resource: BranchResource, ids: readonly string[], removal: Removal): Promise<ReceiptEntry[]> {
  if (ids.length > 0 && (await isLeftToOthers(removal))) return leaveToOthers(resource, ids);
  if (ids.length > 0 && (await isTakenUpSince(resource, removal))) {
    return ids.map((id) => entryOf({ ...resource, id }, 'kept', 'another lifecycle has taken the asset up since'));
  }
  const entries: ReceiptEntry[] = [];
  for (const id of ids) entries.push(await endOne({ ...resource, id }, removal));
  return entries;
}

const leaveToOthers = (resource: Resource, ids: readonly string[]): ReceiptEntry[] =>
  ids.map((id) => entryOf({ ...resource, id }, 'kept', 'a lifecycle of this key is open and owns it'));

async function isLeftToOthers({ unlessOpen, deps }: Removal): Promise<boolean> {
  return unlessOpen !== undefined && (await deps.runs.find(unlessOpen))?.open === true;
}

/** Whoever has the asset by now may have found the object, and want it. */
async function isTakenUpSince({ claim, assetId }: BranchResource, removal: Removal): Promise<boolean> {
  if (claim === undefined) return false;
  const { deps, provider, unlessOpen, signal } = removal;
  const asset = await unlessGone(provider.assets.get(assetId, { signal }));
  const tag = asset && readTag(asset.metadata);
  if (tag && claimOf(tag) !== claim) return true;
  return (await lifecyclesWanting(deps, assetId, unlessOpen)).length > 0;
}

/** Nobody waits for what may still come of it: a later sweep finds that as an asset. */
async function endSession(resource: SessionResource, removal: Removal): Promise<ReceiptEntry[]> {
  if (await isLeftToOthers(removal)) return leaveToOthers(resource, [resource.id]);
  return [await leaveSession(removal.provider, resource.pending, 'its lifecycle has gone')];
}

/** The known one and whatever else carries the tag. */
async function idsOf(resource: AssetResource | BranchResource, removal: Removal): Promise<string[]> {
  const { id } = resource;
  if (id !== undefined) return [...new Set([id, ...(await taggedIds(resource, removal))])];
  const look = async (): Promise<string[] | undefined> => {
    const ids = await taggedIds(resource, removal);
    return ids.length > 0 ? ids : undefined;
  };
  const { deps, signal } = removal;
  return (await untilFound(look, { until: Date.now() + deps.settleWindowMs, signal })) ?? [];
}

async function taggedIds(
  resource: AssetResource | BranchResource,
  { provider, deps, policy, signal }: Removal,
): Promise<string[]> {
  if (!resource.tag) return [];
  const tag = ledgerTag(deps, resource.tag);
  if (!isAsset(resource)) {
    const looking = branchKindOf(provider, resource.branch).tagged?.({ ...resource, tag }, { signal });
    const found = (looking && (await unlessGone(looking))) ?? [];
    return found.filter(({ madeBy }) => !resource.ofRunOnly || madeBy === tag.runId).map(({ id }) => id);
  }
  const { filename, since, earlierId } = resource;
  const force = policy === 'force-delete'; // also what an earlier run made, before this one could take it up
  const assets = await findByTag(provider, { tag, filename, since: force ? undefined : since }, signal);
  const found = assets.filter(({ metadata }) => force || !wasKeptByAnother(metadata, tag)).map(({ id }) => id);
  if (earlierId === undefined || found.includes(earlierId)) return found;
  const earlier = await unlessGone(provider.assets.get(earlierId, { signal })); // may have another filename
  const isOfKey = earlier && carriesTag(earlier.metadata, tag);
  return isOfKey && (force || readTag(earlier.metadata)?.runId === tag.runId) ? [...found, earlierId] : found;
}

/** An earlier run kept it on purpose, and this one has not taken it up. */
function wasKeptByAnother(metadata: Record<string, unknown>, { runId }: LifecycleTag): boolean {
  const its = readTag(metadata);
  return its !== undefined && its.released === 'kept' && its.runId !== runId;
}

/** The provider has no call that ends a session: without its asset it leads nowhere. */
function endOfSession({ id, expiresAt }: NonNullable<AssetResource['session']>): ReceiptEntry {
  const because = `ends with the asset it reserved${expiresAt ? `, or at ${expiresAt} at the latest` : ''}`;
  return { resource: 'upload-session', id, result: 'deleted', because, at: new Date().toISOString() };
}

async function endOne(resource: Known<AssetResource | BranchResource>, removal: Removal): Promise<ReceiptEntry> {
  const reason = keptBecause(resource, removal.policy);
  if (!reason) return removeOne(resource, removal);
  return isAsset(resource) ? keepAsset(resource, reason, removal) : entryOf(resource, 'kept', reason);
}

/** It stays, unless it is gone already. Whoever cannot be asked holds up no cleanup that has nothing to do. */
async function leaveAdopted(
  resource: AssetResource,
  reason: string,
  { provider, signal }: Removal,
): Promise<ReceiptEntry> {
  const { id } = resource;
  const isGone =
    id !== undefined &&
    (await provider.assets.get(id, { signal }).then(
      () => false,
      (error: unknown) => failureType(error) === 'ResourceGone',
    ));
  if (signal.aborted) throw cancellationOf(signal);
  return isGone ? entryOf(resource, 'deleted', UNKNOWN) : entryOf(resource, 'kept', reason);
}

/** Marks what is kept on purpose, so that no sweep takes it for an orphan; an adopter's mark stays. */
async function keepAsset(
  resource: Known<AssetResource>,
  reason: string,
  { deps, provider, signal }: Removal,
): Promise<ReceiptEntry> {
  const asset = await unlessGone(provider.assets.get(resource.id, { signal }));
  if (!asset) return entryOf(resource, 'deleted', UNKNOWN);
  const tag = readTag(asset.metadata);
  if (tag && isAdoptedByAnother(tag)) return entryOf(resource, 'kept', `${reason}; another lifecycle has adopted it`);
  const runId = resource.tag?.runId ?? tag?.runId;
  if (runId === undefined) return entryOf(resource, 'kept', reason);
  const hadCompleted =
    resource.completedBefore || (tag && (await completedWithAsset(deps, resource.id, { tag, thisRun: runId })));
  const as = hadCompleted ? 'completed' : 'kept'; // what the key had, it has again
  const completedBy = hadCompleted ? completerBefore(tag, runId) : undefined;
  const refused = await setMark(provider, resource.id, { as, runId, completedBy }, signal);
  return refused ? keptUnmarked(resource.id, reason, refused) : entryOf(resource, 'kept', reason);
}
