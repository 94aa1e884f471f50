import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import type { LifecycleStatus } from '../../contracts/lifecycle-status';
import type { OrphanCause, SweepCounts } from '../../contracts/ledger/sweep';
import type { readTag } from '../../contracts/resource';
import type { LifecycleRun } from './lifecycle-runs';

/** What a sweep makes of one asset: it counts it, or takes it for an orphan. */
export type Verdict = keyof SweepCounts | { cause: OrphanCause; policy: CleanupPolicy };

export interface Evidence {
  assetId: string;
  tag: NonNullable<ReturnType<typeof readTag>>;
  run: (LifecycleRun & { status?: LifecycleStatus }) | undefined;
  /** Epoch milliseconds; what ended later is too young. */
  closedBefore: number;
}

/**
 * Judges an asset of this namespace that is old enough. A run that still stands in Temporal decides; only where none
 * does, the mark on the asset has to. Undefined where only the status that the run closed with could tell.
 */
export function judge({ assetId, tag, run, closedBefore }: Evidence): Verdict | undefined {
  if (!run) return tag.released ? 'wanted' : { cause: 'vanished', policy: tag.onCancel };
  if (run.open) return 'open';
  if (run.closedAt === undefined || Date.parse(run.closedAt) > closedBefore) return 'young';
  switch (run.ended) {
    case 'completed':
      return run.assetId === assetId || run.assetId === undefined || tag.released
        ? 'wanted'
        : { cause: 'surplus', policy: 'delete' };
    case 'stopped':
      return tag.released ? 'wanted' : { cause: 'stopped', policy: tag.onCancel };
    default:
      return run.status && judgeByReceipt(assetId, tag.onCancel, run.status);
  }
}

/** The lifecycle did clean up: what it kept, it kept on purpose; whatever else there is must not be. */
function judgeByReceipt(assetId: string, onCancel: CleanupPolicy, { receipt }: LifecycleStatus): Verdict {
  const entry = receipt?.entries.find(({ resource, id }) => resource === 'asset' && id === assetId);
  if (entry?.result === 'kept') return 'wanted';
  return unfinished(receipt?.policy ?? onCancel);
}

/** Its lifecycle has ended, and not with it. */
export function unfinished(policy: CleanupPolicy): Verdict {
  return policy === 'keep' ? 'wanted' : { cause: 'unfinished', policy };
}
