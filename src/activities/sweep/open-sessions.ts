import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import type { Orphan, OrphanCause } from '../../contracts/ledger/sweep';
import type { ReadTag, Resource } from '../../contracts/resource';
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
  async function leftIn({ items, awaited }: OpenSession): Promise<Orphan[]> {
    const left: Orphan[] = [];
    const done: Orphan[] = [];
    for (const { pending, tag } of items) {
      const { key, workflowId } = tag;
      const verdict = verdictOf(tag, await deps.runs.find(workflowId, tag.runId), before);
      if (verdict === undefined) return [];
      const made: Resource[] = [{ kind: 'upload-session', id: pending.id, pending }];
      (verdict.cause === 'surplus' ? done : left).push({ key, workflowId, ...verdict, made });
    }
    return left.length >= awaited ? left : [...left, ...done];
  }
}

type Verdict = { cause: OrphanCause; policy: CleanupPolicy };

/** `surplus`: its run completed, and needs the session no more. `undefined` where nothing proves that it is not wanted. */
function verdictOf({ onCancel }: ReadTag, run: DescribedRun | undefined, before: number): Verdict | undefined {
  if (!run || run.closedAt === undefined || Date.parse(run.closedAt) >= before) return undefined;
  if (run.ended === 'completed') return { cause: 'surplus', policy: 'delete' };
  const policy = run.ended === 'stopped' ? onCancel : run.status?.receipt?.policy;
  if (policy === undefined || policy === 'keep') return undefined;
  return { cause: run.ended === 'stopped' ? 'stopped' : 'unfinished', policy };
}
