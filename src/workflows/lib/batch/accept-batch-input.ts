import { setHandler, workflowInfo } from '@temporalio/workflow';
import type { BatchDeletionInput } from '../../../contracts/batch/batch-deletion';
import type { BatchPhase, BatchStatus, BatchToRun } from '../../../contracts/batch/batch-status';
import { NO_COUNTS } from '../../../contracts/batch/item-outcome';
import { batchIdOf } from '../../../contracts/ids';
import { acceptBatch, acceptBatchDeletion, checked } from '../accept';
import type { CarriedBatch } from './batch';
import type { CarriedDeletion } from './batch-deletion';
import { batchStatusQuery } from './messages';

/** The checked input; a run that goes on has it from the one before. */
export async function acceptBatchInput(input: unknown, carried: CarriedBatch | undefined): Promise<BatchToRun> {
  if (carried) return carried.batch;
  return checked(() => acceptBatch(input, answering('listing')));
}

/** The same of a deletion. */
export async function acceptDeletionInput(
  input: unknown,
  carried: CarriedDeletion | undefined,
): Promise<BatchDeletionInput> {
  if (carried) return carried.deletion;
  return checked(() => acceptBatchDeletion(input, answering('cleaning')));
}

/** Answers what is asked until the run sets its own handler. @returns the run's workflow id */
function answering(phase: BatchPhase): string {
  const { workflowId, startTime } = workflowInfo();
  const pending: BatchStatus = {
    batchId: batchIdOf(workflowId) ?? workflowId,
    provider: 'unknown',
    ...{ phase, counts: NO_COUNTS, refused: 0, totalBytes: 0, groups: 0, inFlight: 0, failures: [] },
    timings: { startedAt: startTime.toISOString() },
  };
  setHandler(batchStatusQuery, () => pending);
  return workflowId;
}
