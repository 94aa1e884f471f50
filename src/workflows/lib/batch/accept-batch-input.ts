import { setHandler, workflowInfo } from '@temporalio/workflow';
import type { BatchDeletionInput } from '../../../contracts/batch/batch-deletion';
import type { BatchPhase, BatchStatus, BatchToRun } from '../../../contracts/batch/batch-status';
import { NO_COUNTS } from '../../../contracts/batch/item-outcome';
import { batchIdOf } from '../../../contracts/ids';
import { acceptBatch, acceptBatchDeletion, checked } from '../accept';
import type { CarriedBatch } from './batch';
import type { CarriedDeletion } from './batch-deletion';
import { hearInFlight } from './hear-messages';
import { batchStatusQuery } from './messages';

/** The checked input; a run that goes on has it from the one before. */
export async function acceptBatchInput(input: unknown, carried: CarriedBatch | undefined): Promise<BatchToRun> {
  if (carried) return carried.batch;
  const { workflowId } = workflowInfo();
  const pending = answerMeanwhile('listing');
  const batch = await checked(() => acceptBatch(input, workflowId));
  return { ...batch, inFlight: pending.inFlight || batch.inFlight };
}

/** The same of a deletion, with how many items somebody wants under way at once. */
export async function acceptDeletionInput(
  input: unknown,
  carried: CarriedDeletion | undefined,
): Promise<BatchDeletionInput & { inFlight?: number }> {
  if (carried) return carried.deletion;
  const { workflowId } = workflowInfo();
  const pending = answerMeanwhile('cleaning');
  const deletion = await checked(() => acceptBatchDeletion(input, workflowId));
  return pending.inFlight ? { ...deletion, inFlight: pending.inFlight } : deletion;
}

/** Until the run sets its own handlers. An update that finds none is refused, and a query too. */
function answerMeanwhile(phase: BatchPhase): BatchStatus {
  const { workflowId, startTime } = workflowInfo();
  const pending: BatchStatus = {
    batchId: batchIdOf(workflowId) ?? workflowId,
    provider: 'unknown',
    ...{ phase, counts: NO_COUNTS, refused: 0, totalBytes: 0, groups: 0, inFlight: 0, failures: [] },
    timings: { startedAt: startTime.toISOString() },
  };
  setHandler(batchStatusQuery, () => pending);
  hearInFlight((inFlight) => (pending.inFlight = inFlight));
  return pending;
}
