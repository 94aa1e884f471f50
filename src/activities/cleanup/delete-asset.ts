import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import { failureType } from '../../contracts/failures';
import { claimOf, isAdoptedByAnother, readTag, type ReadTag } from '../../contracts/resource';
import type { MediaProvider } from '../../providers/media-provider';
import { cancellationOf } from '../lib/activity-call';
import type { ActivityDependencies } from '../dependencies';
import { only, unlessGone } from '../../providers/outcome';
import { completedWithAsset } from '../ownership/completed-before';
import { UNKNOWN } from './receipt-entry';
import { blockersOf, lifecyclesWanting, usersOf } from '../ownership/users-of-asset';

export interface AssetDeletion {
  deps: ActivityDependencies;
  provider: MediaProvider;
  /** Of the lifecycle that deletes, or on whose behalf it is done. */
  workflowId?: string;
  /** That lifecycle has closed: an open one that uses the asset comes before it, also by force. */
  closed?: boolean;
  /** Deletes also what others refer to. */
  force?: boolean;
  /** What the tag was when the deletion was decided on. */
  claim?: string;
  /** Run on whose behalf it is done: if another run of the key completed with the asset, it is kept, unless forced. */
  runId?: string;
  /** One did, as that run found before it set a mark of its own. */
  completedBefore?: boolean;
  /** It lies beside the asset that the key goes on with, so that nothing is lost with what its last run completed with. */
  surplus?: boolean;
  /** Deletes it although another run of the key completed with it: the key gets other content. */
  replaces?: boolean;
  /** Ids of branch objects that have just ended: the provider may still list them. */
  ended?: ReadonlySet<string>;
  signal: AbortSignal;
}

/** What became of it, and why. */
export type Ending = Pick<ReceiptEntry, 'result' | 'because' | 'referrers'>;

/**
 * Deletes an asset unless others use it: whoever holds it is named then. The provider itself protects only some of them:
 * from the others it would take the asset without a word.
 */
export async function deleteAsset(id: string, deletion: AssetDeletion): Promise<Ending> {
  const { provider, force = false, signal } = deletion;
  const used = await usedByOthers(id, deletion);
  if (used) return used;
  if (signal.aborted) throw cancellationOf(signal);
  try {
    only(await provider.assets.remove([id], { force, signal }));
    return { result: 'deleted', because: DELETED };
  } catch (error) {
    if (failureType(error) === 'ResourceGone') return GONE;
    if (failureType(error) !== 'BlockedByReferences') throw error;
    return kept(`the provider refused: ${(error as Error).message}`, await blockersOf(provider, id, signal));
  }
}

/** Of an asset that was there; nobody has looked yet whether it is gone. */
export const DELETED = 'the provider deleted it';
const GONE: Ending = { result: 'deleted', because: UNKNOWN };
/** Kept because the key had completed with it before the run that cleans up. */
export const COMPLETED_BEFORE: Ending = {
  result: 'kept',
  because: 'an earlier run of the key completed with it; only force removes it',
};
const kept = (because: string, referrers?: string[]): Ending => ({ result: 'kept', because, referrers });

async function usedByOthers(id: string, deletion: AssetDeletion): Promise<Ending | undefined> {
  const { deps, provider, workflowId, closed, force, claim, ended = new Set(), signal } = deletion;
  if (force && !closed) return undefined;
  const asset = await unlessGone(provider.assets.get(id, { signal }));
  if (!asset) return GONE;
  const tag = readTag(asset.metadata);
  if (claim !== undefined && (tag ? claimOf(tag) : undefined) !== claim) {
    return kept('another lifecycle has taken it up since');
  }
  if (!force && tag && isAdoptedByAnother(tag)) return kept('another lifecycle has adopted it');
  if (await isOfEarlierRun(id, tag, deletion)) return COMPLETED_BEFORE;
  const wanting = (await lifecyclesWanting(deps, id, workflowId)).filter(
    (run) => run.open || (!force && run.workflowId !== tag?.workflowId), // that its own lifecycle completed was looked at above
  );
  if (wanting.length > 0) {
    const names = wanting.map(({ key }) => `lifecycle "${key}"`);
    return kept(
      wanting.some(({ open }) => open) ? 'an open lifecycle uses it' : 'another lifecycle has adopted it',
      names,
    );
  }
  if (force) return undefined;
  const users = await usersOf(provider, id, { ended, signal });
  return users.length === 0 ? undefined : kept('others hold it, and would lose it', users);
}

async function isOfEarlierRun(
  id: string,
  tag: ReadTag | undefined,
  { deps, force, replaces, completedBefore, surplus, runId }: AssetDeletion,
): Promise<boolean> {
  if (force || replaces) return false;
  if (completedBefore) return true;
  if (tag === undefined) return false;
  const its = surplus && tag.released === 'completed' ? { ...tag, completedBy: undefined } : tag;
  return completedWithAsset(deps, id, { tag: its, thisRun: runId });
}

/** Deletes what a late or repeated create made beside the lifecycle's own asset; what others use is kept. */
export async function removeSurplus(
  deletion: Pick<AssetDeletion, 'deps' | 'provider' | 'workflowId' | 'signal'>,
  ids: readonly string[],
): Promise<ReceiptEntry[]> {
  const entries: ReceiptEntry[] = [];
  for (const id of ids) {
    const ending = await deleteAsset(id, { ...deletion, surplus: true });
    const because = `a surplus: a create took effect twice, or too late`;
    entries.push({
      resource: 'asset',
      id,
      ...ending,
      because: ending.result === 'deleted' ? because : `${because}; ${ending.because}`,
      at: new Date().toISOString(),
    });
  }
  return entries;
}
