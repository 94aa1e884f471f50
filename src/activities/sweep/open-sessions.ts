import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import type { Orphan, OrphanCause } from '../../contracts/ledger/sweep';
import type { ReadTag } from '../../contracts/resource';
import type { DescribedRun } from '../../contracts/runs';
import type { OpenSession } from '../../providers/intake';
import type { MediaProvider } from '../../providers/media-provider';
import type { ActivityDependencies } from '../dependencies';

interface Looking {
  /** Epoch milliseconds: what was opened or closed later is too young. */
  before: number;
  signal: AbortSignal;
}

/**
 * Files that closed runs have left in sessions that are still open, where nobody else is in the session. What has become
 * an asset is found as an asset.
 */
export async function orphansInSessions(
  deps: Pick<ActivityDependencies, 'runs' | 'owner'>,
  { intake }: Pick<MediaProvider, 'intake'>,
  { before, signal }: Looking,
): Promise<Orphan[]> {
  const sessions = (await intake.openOf?.(deps.owner, { signal })) ?? [];
  const orphans: Orphan[] = [];
  for (const session of sessions) {
    if (session.others === 0 && Date.parse(session.openedAt) < before) orphans.push(...(await leftIn(session)));
  }
  return orphans;

  /** None if anybody may still want the session. */
  async function leftIn({ items }: OpenSession): Promise<Orphan[]> {
    const left: Orphan[] = [];
    for (const { pending, tag } of items) {
      const { key, workflowId } = tag;
      const verdict = verdictOf(tag, await deps.runs.find(workflowId, tag.runId), before);
      if (verdict === 'wanted') return [];
      if (verdict === 'done') continue;
      left.push({ ...{ key, workflowId, ...verdict }, made: [{ kind: 'upload-session', id: pending.id, pending }] });
    }
    return left;
  }
}

type Verdict = 'wanted' | 'done' | { cause: OrphanCause; policy: CleanupPolicy };

/** `done`: its run completed, and needs the session no more. Where nothing proves that a file is unwanted, it is wanted. */
function verdictOf({ onCancel }: ReadTag, run: DescribedRun | undefined, before: number): Verdict {
  if (!run || run.closedAt === undefined || Date.parse(run.closedAt) >= before) return 'wanted';
  if (run.ended === 'completed') return 'done';
  const policy = run.ended === 'stopped' ? onCancel : run.status?.receipt?.policy;
  if (policy === undefined || policy === 'keep') return 'wanted';
  return { cause: run.ended === 'stopped' ? 'stopped' : 'unfinished', policy };
}
