import { log } from '@temporalio/activity';
import { removeBatch } from '../../batch/remove-batch';
import { batchWorkflowId } from '../../contracts/ids';
import { createBatchFiles, isExpired, keptBatches } from '../../storage/batches/batch-files';
import type { ActivityDependencies } from '../dependencies';

/**
 * Removes lists, outcomes and claims of batches that closed 30 days ago. A batch that was ended from outside could not note
 * its end: that is noted now, and counts from then on. A store that cannot be read does not keep the sweep from the assets.
 * @returns how many were removed
 */
export async function removeExpiredBatches(
  { batches: { files: store }, owner, runs }: Pick<ActivityDependencies, 'batches' | 'owner' | 'runs'>,
  signal: AbortSignal,
): Promise<number> {
  let removed = 0;
  try {
    for (const { batchId, closedAt } of await keptBatches(store, owner)) {
      if (signal.aborted) break;
      if (closedAt !== undefined && !isExpired(closedAt)) continue;
      if (await runs.isOpen(batchWorkflowId(batchId))) continue;
      const batch = { owner, batchId };
      if (closedAt === undefined) {
        await createBatchFiles(store, batch).close(new Date());
        continue;
      }
      await removeBatch(store, batch);
      removed += 1;
    }
  } catch (error) {
    log.warn('what old batches kept could not be removed; the next sweep tries again', {
      error: (error as Error).message,
    });
  }
  return removed;
}
