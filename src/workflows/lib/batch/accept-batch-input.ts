import { setHandler, workflowInfo } from '@temporalio/workflow';
import type { BatchStatus, BatchToRun } from '../../../contracts/batch/batch-status';
import { NO_COUNTS } from '../../../contracts/batch/item-outcome';
import { batchIdOf } from '../../../contracts/ids';
import { acceptBatch, checked } from '../accept';
import type { CarriedBatch } from './batch';
import { batchStatusQuery } from './messages';

/** The checked input; a run that goes on has it from the one before. */
export async function acceptBatchInput(input: unknown, carried: CarriedBatch | undefined): Promise<BatchToRun> {
  if (carried) return carried.batch;
  const { workflowId, startTime } = workflowInfo();
  const pending: BatchStatus = {
    batchId: batchIdOf(workflowId) ?? workflowId,
    provider: 'unknown',
    ...{ phase: 'listing', counts: NO_COUNTS, refused: 0, totalBytes: 0, groups: 0, inFlight: 0, failures: [] },
    timings: { startedAt: startTime.toISOString() },
  };
  setHandler(batchStatusQuery, () => pending); // answers until the batch sets its own handler
  return checked(() => acceptBatch(input, workflowId));
}
