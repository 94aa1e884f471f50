import { ActivityFailure, CancellationScope, proxyLocalActivities } from '@temporalio/workflow';
import { setHandler, workflowInfo } from '@temporalio/workflow';
import type { LocalActivities } from '../../contracts/activities';
import { failureType, NON_RETRYABLE } from '../../contracts/failures';
import { readLifecycleWorkflowId } from '../../contracts/ids';
import type { AcceptedInput } from '../../contracts/lifecycle-input';
import { startingStatus, statusQuery } from './status';
import { showRefused } from './visibility';

export const { acceptInput, acceptBatch, acceptBatchDeletion, acceptDeletion, acceptSweep } =
  proxyLocalActivities<LocalActivities>({
    startToCloseTimeout: '10s',
    retry: { nonRetryableErrorTypes: NON_RETRYABLE },
  });

/**
 * The checked input, before anything else happens; one event.
 * @throws InvalidRequest naming every wrong field.
 */
export async function accept(rawInput: unknown): Promise<AcceptedInput> {
  const { workflowId, startTime } = workflowInfo();
  const { provider, key } = readLifecycleWorkflowId(workflowId) ?? { provider: 'unknown', key: workflowId };
  const pending = startingStatus(key, provider, startTime.toISOString());
  setHandler(statusQuery, () => pending); // answers until the lifecycle sets its own handler
  return checked(() => acceptInput(rawInput, workflowId));
}

/** Any workflow's checked input; one event. @throws InvalidRequest, which then shows in lists as well. */
export async function checked<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await CancellationScope.nonCancellable(check);
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : error;
    if (failureType(cause) === 'InvalidRequest') showRefused((cause as Error).message);
    throw cause;
  }
}
