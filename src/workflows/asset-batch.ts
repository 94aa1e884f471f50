import type { BatchStatus } from '../contracts/batch/batch-status';
import { Batch, type CarriedBatch } from './lib/batch/batch';
import { acceptBatchInput } from './lib/batch/accept-batch-input';

/**
 * Many items as one thing: lists them once into the store, and takes them through groups, as many at a time as `inFlight`
 * says. Its history stays short however many there are.
 *
 * Signals: `cancel`, `forceDelete`, `pause`, `resume`. Update: `setInFlight`. Query: `status`.
 * @param input checked before anything is listed.
 * @param carried what an earlier run of the same batch hands on.
 * @throws InvalidRequest naming the wrong field, or what there is nothing of · SourceUnreadable for a manifest that changed
 */
export async function assetBatch(input: unknown, carried?: CarriedBatch): Promise<BatchStatus> {
  const batch = new Batch(await acceptBatchInput(input, carried), carried);
  await batch.list();
  while (await batch.hasMore()) {
    await batch.startNextGroups();
    await batch.goOnInNewRun(input);
  }
  return batch.close();
}
