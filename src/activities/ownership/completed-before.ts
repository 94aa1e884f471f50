import { readGroupWorkflowId } from '../../contracts/ids';
import { completedByAnother, type ReadTag } from '../../contracts/resource';
import { createItemOutcomes } from '../../storage/batches/item-outcomes';
import type { ActivityDependencies } from '../dependencies';

/**
 * True if another run of the key than this one completed with the asset: as its tag says or, where that run could set no
 * mark, as its own end says; of an item of a batch, as its outcome in the store says.
 * @param thisRun run id; none for a cleanup on nobody's behalf.
 */
export async function completedWithAsset(
  deps: Pick<ActivityDependencies, 'runs' | 'batches'>,
  assetId: string,
  { tag, thisRun }: { tag: ReadTag; thisRun: string | undefined },
): Promise<boolean> {
  if (completedByAnother(tag, thisRun ?? tag.runId)) return true;
  if (tag.runId === thisRun || tag.released !== undefined || tag.completedBy !== undefined) return false;
  const group = readGroupWorkflowId(tag.workflowId);
  if (group) return itemCompletedWith(deps, assetId, { tag, ...group });
  const itsRun = await deps.runs.find(tag.workflowId, tag.runId);
  return itsRun?.ended === 'completed' && itsRun.assetId === assetId;
}

/** The run of its group says nothing of one item: it may go on for others, or be forgotten. */
async function itemCompletedWith(
  { batches }: Pick<ActivityDependencies, 'batches'>,
  assetId: string,
  { tag: { owner, key }, batchId, from }: { tag: ReadTag; batchId: string; from: number },
): Promise<boolean> {
  const outcomes = createItemOutcomes(batches.files, { owner, batchId });
  const slices = await outcomes.slices();
  for (const slice of slices.filter((one) => one.from === from)) {
    const records = [...(await outcomes.read(slice)).values()].filter((record) => record.key === key);
    if (records.some(({ outcome, asset }) => outcome === 'completed' && asset?.id === assetId)) return true;
  }
  return false;
}
