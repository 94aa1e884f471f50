import type { ItemOutcome } from '../../contracts/batch/item-outcome';
import { readGroupWorkflowId } from '../../contracts/ids';
import type { LifecycleStatus } from '../../contracts/lifecycle-status';
import { isResult, type ReadTag, type Resource } from '../../contracts/resource';
import type { DescribedRun } from '../../contracts/runs';
import { createItemOutcomes } from '../../storage/batches/item-outcomes';
import type { ActivityDependencies } from '../dependencies';
import type { CleanedUp } from './objects-left';

/** Outcomes of a group, by key. */
type Outcomes = ReadonlyMap<string, ItemOutcome>;

/** A group owns the assets of many items. What became of one of them is in the item's outcome, not in the group's run. */
export class ItemRuns {
  private readonly groups = new Map<string, Promise<Outcomes>>();

  constructor(private readonly deps: Pick<ActivityDependencies, 'batches' | 'owner'>) {}

  /**
   * The run of a closed group as one item's: how that item ended, and with which asset. Any other run, and that of an item
   * whose outcome is not kept any more, stays as it is. An item that its group left without an end was stopped.
   */
  async asItem(tag: ReadTag, run: DescribedRun | undefined): Promise<DescribedRun | undefined> {
    if (!run || run.open || tag.released || readGroupWorkflowId(run.workflowId) === undefined) return run;
    const record = await this.outcomeOf(tag);
    if (!record) return run;
    const { outcome, asset } = record;
    if (outcome === undefined) return { ...run, ended: 'stopped' };
    const assetId = outcome === 'completed' ? asset?.id : undefined;
    return { ...run, key: tag.key, ended: outcome, assetId, status: statusOf(record, tag) };
  }

  /** How an item that has ended with this asset has cleaned up. One that completed is not asked about. */
  async cleanedUp(tag: ReadTag, assetId: string): Promise<CleanedUp | undefined> {
    if (tag.released === 'completed' && (tag.completedBy ?? tag.runId) === tag.runId) return undefined;
    const { outcome, asset, receipt, branches = [] } = (await this.outcomeOf(tag)) ?? {};
    if (outcome === undefined || outcome === 'completed' || asset?.id !== assetId) return undefined;
    return { receipt, branches };
  }

  /** What an item may have stored that has not ended. */
  async resultsOf(tag: ReadTag): Promise<Resource[]> {
    const { work } = (await this.outcomeOf(tag)) ?? {};
    return work?.runId === tag.runId ? work.made.filter(isResult) : [];
  }

  private async outcomeOf({ workflowId, key }: ReadTag): Promise<ItemOutcome | undefined> {
    const group = readGroupWorkflowId(workflowId);
    if (!group) return undefined;
    const known = this.groups.get(workflowId) ?? this.read(group);
    this.groups.set(workflowId, known);
    return (await known).get(key);
  }

  private async read({ batchId, from }: { batchId: string; from: number }): Promise<Outcomes> {
    const { batches, owner } = this.deps;
    const outcomes = createItemOutcomes(batches.files, { owner, batchId });
    const byKey = new Map<string, ItemOutcome>();
    for (const slice of await outcomes.slices()) {
      if (slice.from !== from) continue;
      for (const record of (await outcomes.read(slice)).values()) byKey.set(record.key, record);
    }
    return byKey;
  }
}

/** What the status of a lifecycle would tell, as far as a verdict needs it. */
const statusOf = ({ phase, outcome, asset, receipt }: ItemOutcome, { key }: ReadTag): LifecycleStatus => ({
  ...{ key, provider: '', phase, outcome, asset, receipt },
  timings: { startedAt: '' },
});
