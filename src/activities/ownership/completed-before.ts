import { completedByAnother, type ReadTag } from '../../contracts/resource';
import type { ActivityDependencies } from '../dependencies';

/**
 * True if another run of the key than this one completed with the asset: as its tag says or, where that run could set no
 * mark, as its own end says.
 * @param thisRun run id; none for a cleanup on nobody's behalf.
 */
export async function completedWithAsset(
  { runs }: Pick<ActivityDependencies, 'runs'>,
  assetId: string,
  { tag, thisRun }: { tag: ReadTag; thisRun: string | undefined },
): Promise<boolean> {
  if (completedByAnother(tag, thisRun ?? tag.runId)) return true;
  if (tag.runId === thisRun || tag.released !== undefined || tag.completedBy !== undefined) return false;
  const itsRun = await runs.find(tag.workflowId, tag.runId);
  return itsRun?.ended === 'completed' && itsRun.assetId === assetId;
}
