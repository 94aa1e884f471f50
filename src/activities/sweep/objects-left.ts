import { branchesOf, type BranchStatus, type KeyBranch, type LifecycleStatus } from '../../contracts/lifecycle-status';
import { isOfBranch, type BranchResource, type ReadTag } from '../../contracts/resource';
import type { DescribedRun } from '../../contracts/runs';
import type { MediaProvider } from '../../providers/media-provider';
import { madeFrom } from './find-made';

/** How a run, or an item of a batch, cleaned up that did not complete. */
export type CleanedUp = Pick<LifecycleStatus, 'receipt'> & {
  /** Those that it came to. */
  branches: readonly (BranchStatus | KeyBranch)[];
};

/** @returns undefined of one that completed, whose objects are wanted */
export function cleanedUpBy(status: LifecycleStatus): CleanedUp | undefined {
  const { outcome, receipt, timings } = status;
  if (outcome === undefined || outcome === 'completed') return undefined;
  return { receipt, branches: timings.readyAt === undefined ? [] : branchesOf(status) };
}

interface EndedRun {
  run: DescribedRun;
  /** Absent of one that could not clean up. */
  cleanedUp?: CleanedUp;
}

/**
 * What a run that ended without completing has left of an asset that stays for others. One that cleaned up may have left
 * what the provider made so late that no cleanup waited for it; one that was terminated before it could take the asset up,
 * anything. Only objects with the tag of that run: a membership, of which the asset has but a note, may be somebody else's
 * by now.
 */
export async function objectsLeftOf(
  provider: MediaProvider,
  { assetId, tag, run, cleanedUp }: { assetId: string; tag: ReadTag } & EndedRun,
  signal: AbortSignal,
): Promise<BranchResource[]> {
  const wasTerminated = run.ended === 'stopped' && tag.runId !== run.runId;
  if (!wasTerminated && !(cleanedUp && mayGetMore(provider, cleanedUp))) return [];
  const kept = cleanedUp?.receipt?.entries.flatMap(({ id, result }) => (result === 'kept' ? [id] : [])) ?? [];
  const made = await madeFrom(provider, { id: assetId, tag: { ...tag, joined: undefined } }, signal);
  return made
    .filter(isOfBranch)
    .filter(({ id, madeBy }) => madeBy === run.runId && !kept.includes(id))
    .filter(({ onCancel }) => cleanedUp !== undefined || (onCancel !== undefined && onCancel !== 'keep'));
}

/** Also after a refusal: a create before it, whose answer was lost, may come yet. */
function mayGetMore({ branches: kinds }: MediaProvider, { receipt, branches }: CleanedUp): boolean {
  if (!receipt || receipt.policy === 'keep') return false;
  const isOfEarlierRun = (branch: BranchStatus | KeyBranch): boolean => 'runId' in branch && branch.runId !== undefined;
  return branches.some((branch) => !isOfEarlierRun(branch) && kinds[branch.type]?.madeFrom !== undefined);
}
