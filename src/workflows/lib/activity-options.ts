import { ActivityCancellationType, type ActivityOptions, type RetryPolicy } from '@temporalio/workflow';
import { NON_RETRYABLE } from '../../contracts/failures';
import { callTaskQueue, objectTaskQueue, waitTaskQueue, type ProviderName } from '../../contracts/ids';

/** Doubles to a minute and goes on until the schedule-to-close timeout: outages end, and a slow retry costs nothing. */
const retry: RetryPolicy = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '1m',
  nonRetryableErrorTypes: NON_RETRYABLE,
};

/** One or a few HTTP calls. A started write is settled before a cancellation goes on, so that its effect is known. */
export const providerCall = (provider: ProviderName): ActivityOptions => ({
  taskQueue: callTaskQueue(provider),
  startToCloseTimeout: '10m', // every call inside has its own, shorter timeout
  scheduleToCloseTimeout: '2d', // an outage of a weekend is waited out
  heartbeatTimeout: '15s', // the worker heartbeats every 2 s; its death is noticed this fast
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry,
});

/** Bytes on the wire: as a call, but 200 MB over a slow line take long. */
const transfer = (provider: ProviderName): ActivityOptions => ({
  ...providerCall(provider),
  startToCloseTimeout: '2h',
  heartbeatTimeout: '45s', // every 5 s while bytes move, else every 15 s
});

/** A transfer by any worker, of an object that may be streamed for hours: on a queue of its own, so that cleanup never waits for it. */
export const objectTransfer = (provider: ProviderName): ActivityOptions => ({
  ...transfer(provider),
  taskQueue: objectTaskQueue(provider),
});

/** A transfer by workers that have the file. When none of them takes it for so long, the run asks who serves it now. */
export const fileTransfer = (provider: ProviderName, taskQueue: string): ActivityOptions => ({
  ...transfer(provider),
  taskQueue,
  scheduleToStartTimeout: '1h',
});

/** Holds a slot of its own queue and heartbeats; costs three events however long it takes. Nothing to settle. */
export const heldWait = (provider: ProviderName, deadlineMs: number): ActivityOptions => ({
  taskQueue: waitTaskQueue(provider),
  startToCloseTimeout: deadlineMs,
  scheduleToCloseTimeout: deadlineMs,
  heartbeatTimeout: '165s', // the worker heartbeats every 55 s: thousands of waits, each heartbeat an action
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { ...retry, maximumInterval: '15s' },
});

/** One look at what a wait was for: its deadline may have passed while no worker ran. */
export const lastLook = (provider: ProviderName): ActivityOptions => ({
  taskQueue: waitTaskQueue(provider),
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: '10m', // an outage at this moment is waited out, but not for long
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { ...retry, maximumInterval: '15s' },
});

/**
 * The worker that waits knows for how long; this bounds what its deaths may add. It lasts half a minute as a rule, so that
 * it may beat more often than other waits: a look that a stopping worker took with it is not missed for long.
 */
export const sourceWait = (provider: ProviderName): ActivityOptions => ({
  ...heldWait(provider, 2 * 86_400_000),
  heartbeatTimeout: '45s',
});

/** Cleanup is what must not be given up: a week of attempts, as it is with the provider for that long as well. */
export const cleanup = (provider: ProviderName): ActivityOptions => ({
  ...providerCall(provider),
  scheduleToCloseTimeout: '7d',
  cancellationType: ActivityCancellationType.ABANDON,
});
