import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import type { LifecycleStatus } from '../../contracts/lifecycle-status';
import type { OrphanCause, SweepCounts } from '../../contracts/ledger/sweep';
import type { readTag } from '../../contracts/resource';
import type { LifecycleRun } from './lifecycle-runs';

/** What a sweep makes of one asset: it counts it, or takes it for an orphan. */
export type Verdict = keyof SweepCounts | { cause: OrphanCause; policy: CleanupPolicy };

/** A create took effect twice, or too late: one asset of the key is wanted at most. */
export const SURPLUS: Verdict = { cause: 'surplus', policy: 'delete' };

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
      return run.assetId === assetId || run.assetId === undefined || tag.released ? 'wanted' : SURPLUS;
    case 'stopped':
      if (tag.released) return 'wanted';
      if (run.assetId !== undefined && run.assetId !== assetId) return SURPLUS;
      return { cause: 'stopped', policy: tag.onCancel };
    default:
      return run.status && judgeByReceipt(assetId, tag, run.status);
  }
}

/** The lifecycle did clean up: what it kept, it kept on purpose, unless something that it left over held it there. */
function judgeByReceipt(assetId: string, tag: Evidence['tag'], { asset, receipt }: LifecycleStatus): Verdict {
  const entries = receipt?.entries ?? [];
  const kept = entries.find(({ resource, result }) => resource === 'asset' && result === 'kept');
  const leftOver = entries.some(({ result }) => result === 'leftover');
  if (kept?.id === assetId && !leftOver) return 'wanted';
  const own = asset?.id ?? kept?.id;
  if (own !== undefined && own !== assetId && !tag.released) return SURPLUS;
  return unfinished(receipt?.policy ?? tag.onCancel);
}

/** Its lifecycle has ended, and not with it. */
export function unfinished(policy: CleanupPolicy): Verdict {
  return policy === 'keep' ? 'wanted' : { cause: 'unfinished', policy };
}
