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

/**
 * A transfer of an object by any worker. It may stream for hours, so it has a queue of its own and never keeps a cleanup
 * waiting.
 */
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

/**
 * Holds a slot of its own queue and heartbeats; costs three events however long it takes. It writes nothing, so a cancel
 * need not wait for it.
 */
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
 * Waits until a worker serves the file's folder. The waiting worker keeps the deadline; the two days here only bound what
 * worker deaths can add. Such a wait is short, so it can afford a heartbeat that notices a dead worker soon.
 */
export const sourceWait = (provider: ProviderName): ActivityOptions => ({
  ...heldWait(provider, 2 * 86_400_000),
  heartbeatTimeout: '45s',
});

/** Reads all assets of the account, page by page. */
export const accountWalk = (provider: ProviderName): ActivityOptions => ({
  ...providerCall(provider),
  startToCloseTimeout: '6h',
  heartbeatTimeout: '45s',
});

/** Cleanup is tried for a week, so that an outage of days leaves nothing over. */
export const cleanup = (provider: ProviderName): ActivityOptions => ({
  ...providerCall(provider),
  scheduleToCloseTimeout: '7d',
  cancellationType: ActivityCancellationType.ABANDON,
});

/** A step over the items of a group: as a call, but for many. Those that only wait are given up at once. */
export const groupStep = (
  provider: ProviderName,
  step: { waits?: boolean; cleans?: boolean } = {},
): ActivityOptions => ({
  ...providerCall(provider),
  taskQueue: step.waits ? waitTaskQueue(provider) : callTaskQueue(provider),
  startToCloseTimeout: '2d',
  scheduleToCloseTimeout: '30d',
  heartbeatTimeout: step.waits ? '165s' : '45s',
  cancellationType: step.cleans
    ? ActivityCancellationType.ABANDON
    : ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Hands in the items of a group, as a single file or object is: never on the queue of calls, where it would keep cleanups waiting. */
export const groupTransfer = (provider: ProviderName, fileQueue: string | undefined): ActivityOptions => ({
  ...groupStep(provider),
  ...(fileQueue === undefined
    ? { taskQueue: objectTaskQueue(provider) }
    : { taskQueue: fileQueue, scheduleToStartTimeout: '1h' }),
});

/** Lists what a batch takes, where its files lie. */
export const batchStep = (provider: ProviderName, fileQueue?: string): ActivityOptions => ({
  ...accountWalk(provider),
  taskQueue: fileQueue ?? callTaskQueue(provider),
  scheduleToCloseTimeout: '7d',
});
