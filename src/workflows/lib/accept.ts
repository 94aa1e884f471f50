import { ActivityFailure, CancellationScope, proxyLocalActivities } from '@temporalio/workflow';
import type { LocalActivities } from '../../contracts/activities';
import { failureType, NON_RETRYABLE } from '../../contracts/failures';
import type { AcceptedInput } from '../../contracts/lifecycle-input';
import { showRefused } from './visibility';

const { acceptInput } = proxyLocalActivities<LocalActivities>({
  startToCloseTimeout: '10s',
  retry: { nonRetryableErrorTypes: NON_RETRYABLE },
});

/**
 * The checked input, before anything else happens; one event.
 * @throws InvalidRequest naming every wrong field.
 */
export async function accept(rawInput: unknown): Promise<AcceptedInput> {
  try {
    return await CancellationScope.nonCancellable(() => acceptInput(rawInput));
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : error;
    if (failureType(cause) === 'InvalidRequest') showRefused((cause as Error).message);
    throw cause;
  }
}
