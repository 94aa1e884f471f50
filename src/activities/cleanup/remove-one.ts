import { failure, failureType } from '../../contracts/failures';
import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import {
  completerBefore,
  isAsset,
  readTag,
  type AssetResource,
  type BranchResource,
  type Resource,
} from '../../contracts/resource';
import type { MediaProvider } from '../../providers/media-provider';
import { unlessGone } from '../../providers/outcome';
import { branchKindOf } from '../dependencies';
import { keptUnmarked, setMark } from '../ownership/release-asset';
import { COMPLETED_BEFORE, deleteAsset, DELETED } from './delete-asset';
import { entryOf, UNKNOWN } from './receipt-entry';
import type { Removal } from './removal';

export type Known<R extends Resource> = R & { id: string };

/** Removes one that the policy does not keep, unless others use it; tells what became of it. */
export async function removeOne(
  resource: Known<AssetResource | BranchResource>,
  removal: Removal,
): Promise<ReceiptEntry> {
  try {
    return isAsset(resource) ? await removeAsset(resource, removal) : await removeOfBranch(resource, removal);
  } catch (error) {
    if (failureType(error) !== 'ResourceGone') throw error;
    removal.ended.add(resource.id); // as an earlier attempt may have left it
    return entryOf(resource, 'deleted', UNKNOWN);
  }
}

async function removeOfBranch(resource: Known<BranchResource>, removal: Removal): Promise<ReceiptEntry> {
  const { provider, policy, own, ended, signal } = removal;
  const force = policy === 'force-delete';
  const removed = await branchKindOf(provider, resource.branch).remove?.(resource, { force, own, signal });
  if (!removed) throw failure('InvalidRequest', `branch.type: what "${resource.branch}" makes cannot be removed`);
  const { result, because, referrers } = removed;
  if (result === 'deleted') ended.add(resource.id);
  return { ...entryOf(resource, result, because), referrers };
}

async function removeAsset(resource: Known<AssetResource>, removal: Removal): Promise<ReceiptEntry> {
  const { id, tag, claim, completedBefore } = resource;
  const { deps, provider, policy, unlessOpen, replaces, ended, signal } = removal;
  const ending = await deleteAsset(id, {
    deps,
    provider,
    workflowId: unlessOpen ?? tag?.workflowId,
    closed: unlessOpen !== undefined,
    force: policy === 'force-delete',
    claim,
    runId: tag?.runId,
    completedBefore,
    replaces,
    ended,
    signal,
  });
  if (ending === COMPLETED_BEFORE) return giveBack(resource, removal);
  if (ending.result === 'deleted') await confirmGone(resource, provider, signal);
  const because = ending.because === DELETED ? 'deleted, and then not found' : ending.because;
  return { ...entryOf(resource, ending.result, because), referrers: ending.referrers };
}

/** Marks the asset as wanted again, unless something is left over that a sweep finds by it. */
async function giveBack(
  resource: Known<AssetResource>,
  { provider, leftOver, signal }: Removal,
): Promise<ReceiptEntry> {
  const { because } = COMPLETED_BEFORE;
  if (leftOver) return entryOf(resource, 'kept', because);
  const asset = await unlessGone(provider.assets.get(resource.id, { signal }));
  const tag = asset && readTag(asset.metadata);
  const runId = resource.tag?.runId ?? tag?.runId;
  if (runId === undefined) return entryOf(resource, 'kept', because);
  const completedBy = completerBefore(tag, runId);
  const refused = await setMark(provider, resource.id, { as: 'completed', runId, completedBy }, signal);
  return refused ? keptUnmarked(resource.id, because, refused) : entryOf(resource, 'kept', because);
}

/** Proof of a deletion. Still there means that the provider is slow to delete: the attempt is repeated. */
async function confirmGone({ id }: { id: string }, { assets }: MediaProvider, signal: AbortSignal): Promise<void> {
  if ((await unlessGone(assets.get(id, { signal }))) === undefined) return;
  throw failure('ProviderUnavailable', `Asset ${id} was deleted, but the provider still shows it; looking again`);
}
