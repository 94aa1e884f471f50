import { log } from '@temporalio/activity';
import { removeBatch } from '../../batch/remove-batch';
import { batchWorkflowId } from '../../contracts/ids';
import { createBatchFiles, isExpired, keptBatches, type BatchFiles } from '../../storage/batches/batch-files';
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
      const files = createBatchFiles(store, { owner, batchId });
      const isOpen = (): Promise<boolean> => runs.isOpen(batchWorkflowId(batchId));
      const isBegun = (await files.removalBegun()) !== undefined; // and was broken off
      if (isBegun || (closedAt && isExpired(closedAt) && (await mayRemove(files, isOpen)))) {
        await removeBatch(store, { owner, batchId });
        removed += 1;
      } else if (closedAt === undefined && !(await isOpen())) {
        await files.close(new Date());
      }
    }
  } catch (error) {
    log.warn('what old batches kept could not be removed; the next sweep tries again', {
      error: (error as Error).message,
    });
  }
  return removed;
}

/** Who starts the batch from now on waits until it is removed; one that was started before keeps it. */
async function mayRemove(files: BatchFiles, isOpen: () => Promise<boolean>): Promise<boolean> {
  await files.noteRemoval('about to begin');
  const closedAt = await files.closedAt();
  const isWanted = closedAt === undefined || !isExpired(closedAt) || (await isOpen());
  await files.noteRemoval(isWanted ? 'taken back' : 'begun');
  return !isWanted;
}
