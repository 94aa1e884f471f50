import { z } from 'zod';
import type { ProviderName } from '../ids';
import { BATCH_FIELDS } from './batch-input';
import type { ListedBatch } from './batch-status';
import type { ListedBatchRef } from './groups';
import type { ItemRange } from './item-outcome';

/** Input of `assetBatchDeletion`. */
export const BatchDeletionInputSchema = z.strictObject({
  batchId: BATCH_FIELDS.batchId.unwrap(),
  /** That of the batch. */
  provider: z.string().min(1),
  reason: z.string().max(500).optional(),
});
export type BatchDeletionInput = z.output<typeof BatchDeletionInputSchema>;

export interface BatchDeletionActivities {
  /**
   * Takes up a closed batch, so that no sweep removes its list meanwhile.
   * @throws InvalidRequest if it has no list, or is one of another provider
   */
  openToDelete(input: { batchId: string; provider: ProviderName }): Promise<ListedBatch>;
  /** The next groups that have ever begun, from that item on; with the first item behind them, unless they are the last. */
  groupsToDelete(input: ListedBatchRef & { from: number }): Promise<{ groups: ItemRange[]; next?: number }>;
}
