import { workflowInfo } from '@temporalio/workflow';
import type { BatchToRun } from '../../../contracts/batch/batch-status';
import { acceptBatch, checked } from '../accept';
import type { CarriedBatch } from './batch';

/** The checked input; a run that goes on has it from the one before. */
export const acceptBatchInput = async (input: unknown, carried: CarriedBatch | undefined): Promise<BatchToRun> =>
  carried?.batch ?? checked(() => acceptBatch(input, workflowInfo().workflowId));
