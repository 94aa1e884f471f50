import { CLEANUP_POLICIES, type CleanupPolicy } from '../../contracts/cleanup-policy';
import type { OrphanCause } from '../../contracts/ledger/sweep';
import type { LifecycleStatus } from '../../contracts/lifecycle-status';
import { isAdoptedByAnother, type ReadTag, type Release } from '../../contracts/resource';
import type { DescribedRun } from '../../contracts/runs';

/** What a sweep makes of one asset. */
export type Verdict =
  /** Not touched, for this reason. */
  | { is: 'open' | 'young' | 'vanished' }
  /** Not touched. `mark`: its release mark is missing, and this run's records say what it has to be. */
  | { is: 'wanted'; mark?: { as: Release; runId: string } }
  /** To end as the policy says. */
  | { is: 'orphan'; cause: OrphanCause; policy: CleanupPolicy };

const WANTED: Verdict = { is: 'wanted' };
const VANISHED: Verdict = { is: 'vanished' };
/** A create took effect twice, or too late: one asset of a run is wanted at most. */
export const SURPLUS: Verdict = { is: 'orphan', cause: 'surplus', policy: 'delete' };

export interface Evidence {
  assetId: string;
  tag: ReadTag;
  /** The run that claims the asset, see {@link claimant}. */
  run: DescribedRun | undefined;
  /** Epoch milliseconds; what ended later is too young. */
  closedBefore: number;
}

/**
 * Judges an asset of this namespace that is old enough. Only a run that still stands in Temporal can make an orphan of
 * it; where none does and the asset has no mark, nobody can tell. Undefined where only the status that the run closed
 * with could tell.
 */
export function classifyAsset({ assetId, tag, run, closedBefore }: Evidence): Verdict | undefined {
  if (isAdoptedByAnother(tag)) return WANTED;
  if (!run) return tag.released ? WANTED : VANISHED;
  if (run.open) return { is: 'open' };
  if (run.closedAt === undefined || Date.parse(run.closedAt) > closedBefore) return { is: 'young' };
  switch (run.ended) {
    case 'completed':
      if (tag.released || run.assetId === undefined) return WANTED;
      return run.assetId === assetId ? toMark('completed', run) : SURPLUS;
    case 'stopped':
      if (tag.released) return WANTED;
      if (run.assetId !== undefined && run.assetId !== assetId) return SURPLUS;
      return { is: 'orphan', cause: 'stopped', policy: tag.onCancel };
    default:
      return run.status && byReceipt(assetId, tag, run, run.status);
  }
}

const toMark = (as: Release, { runId }: DescribedRun): Verdict => ({ is: 'wanted', mark: { as, runId } });

/** The lifecycle did clean up: what it kept, it kept on purpose, unless something that it left over held it there. */
function byReceipt(assetId: string, tag: ReadTag, run: DescribedRun, { asset, receipt }: LifecycleStatus): Verdict {
  if (!receipt) return tag.released ? WANTED : VANISHED;
  const kept = receipt.entries.find(({ resource, result }) => resource === 'asset' && result === 'kept');
  const leftOver = receipt.entries.some(({ result }) => result === 'leftover');
  const wanted = tag.released ? WANTED : toMark('kept', run);
  if (receipt.entries.some(({ id, result }) => id === assetId && result === 'kept') && !leftOver) return wanted;
  const own = asset?.id ?? kept?.id;
  if (own !== undefined && own !== assetId && !tag.released) return SURPLUS;
  return receipt.policy === 'keep' ? wanted : { is: 'orphan', cause: 'unfinished', policy: receipt.policy };
}

/** Whether the run itself says that this asset is, or was, its own. */
export const namesAsset = ({ assetId, status }: DescribedRun, id: string): boolean =>
  assetId === id ||
  status?.asset?.id === id ||
  (status?.receipt?.entries.some((entry) => entry.resource === 'asset' && entry.id === id) ?? false);

/** Of what a run's end may have said of the asset, the more careful: how it ended is not known any more. */
export function carefulPolicy({ onCancel, onFailure }: ReadTag): CleanupPolicy {
  const said = [onCancel, onFailure ?? onCancel];
  return CLEANUP_POLICIES.find((policy) => said.includes(policy)) ?? 'keep';
}
