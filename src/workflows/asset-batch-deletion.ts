import { CancellationScope } from '@temporalio/workflow';
import type { BatchStatus } from '../contracts/batch/batch-status';
import { acceptDeletionInput } from './lib/batch/accept-batch-input';
import { BatchDeletion, type CarriedDeletion } from './lib/batch/batch-deletion';

/**
 * Removes by force what the items of a closed batch have made, also those that have completed, and what they have adopted. It
 * runs under the workflow id of the batch, which can be started again once this has ended. Harmless to repeat.
 *
 * Signals: `cancel` ends the removals that are under way, and leaves the rest; `pause` ends them too, until `resume`. Update:
 * `setInFlight`. Query: `status`.
 * @param input checked before anything is removed.
 * @param carried what an earlier run of the same deletion hands on.
 * @throws InvalidRequest naming the wrong field, or for a batch of which no list is kept
 */
export async function assetBatchDeletion(input: unknown, carried?: CarriedDeletion): Promise<BatchStatus> {
  const deletion = new BatchDeletion(await acceptDeletionInput(input, carried), carried);
  return CancellationScope.nonCancellable(async () => {
    await deletion.begin();
    while (await deletion.hasMore()) {
      await deletion.startNextGroups();
      await deletion.goOnInNewRun(input);
    }
    return deletion.close();
  });
}
