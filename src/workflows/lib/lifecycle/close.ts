import { CancellationScope, CancelledFailure, isCancellation, upsertMemo } from '@temporalio/workflow';
import type { CleanupPolicy } from '../../../contracts/cleanup-policy';
import { failure } from '../../../contracts/failures';
import { STATUS_MEMO } from '../../../contracts/ids';
import type { LifecycleStatus, Outcome, ReceiptEntry } from '../../../contracts/lifecycle-status';
import { cleanUp, isAmong } from '../clean-up';
import { noteClosed } from '../status';
import { describeError, endsLifecycle } from '../step-failures';
import type { Lifecycle } from './lifecycle';
import { assetOfKey } from './submit-source';

/** Ends the lifecycle with this outcome. */
export function close(life: Lifecycle, outcome: Outcome): LifecycleStatus {
  const { status } = life;
  status.outcome = outcome;
  noteClosed(status.timings);
  life.enter(outcome);
  return status;
}

/**
 * Cleans up after the story broke off, and ends the lifecycle: returns the status of a run stopped by a signal, throws
 * for a run that failed, was cancelled natively, or left something over.
 */
export async function closeAfter(life: Lifecycle, error: unknown): Promise<LifecycleStatus> {
  if (!endsLifecycle(error)) throw error;
  if (!isCancellation(error)) noteFailure(life, error);
  if (isCancellation(error) || life.stops.isAsked) life.stops.noteCancellation();
  await CancellationScope.nonCancellable(() => cleanUpUntilSatisfied(life));
  life.noteGone();
  noteLeftover(life);
  return verdict(life, error);
}

function noteFailure({ status }: Lifecycle, error: unknown): void {
  const { phase, asset } = status;
  status.error = describeError(error);
  if (status.error.type === 'ProcessingFailed' && phase === 'processing' && asset) asset.status = 'failed';
}

/** Cleans up again when a stop that came meanwhile asks for another policy: `forceDelete` after a cancel. */
async function cleanUpUntilSatisfied(life: Lifecycle): Promise<void> {
  const { input, steps, made, stops, status } = life;
  const policyNow = (): CleanupPolicy => stops.request?.policy ?? input.cleanup.onFailure;
  let policy: CleanupPolicy;
  let entries: ReceiptEntry[] = [];
  let wasForced = false;
  do {
    policy = policyNow();
    wasForced ||= policy === 'force-delete';
    if (stops.request?.outcome === 'deleted') addWhatKeyHad(life);
    life.enter('cleaning');
    entries = await cleanUp({ provider: input.provider, steps, made: made.list, policy, before: entries });
    status.receipt = {
      policy: wasForced ? 'force-delete' : policy, // force that was used is told, also when a milder stop followed
      entries: [...entries, ...made.ended.filter((entry) => !isAmong(entries, entry))],
    };
  } while (policy !== policyNow());
}

/**
 * Force removes all that the key has, also where this run has not come to it, or was refused before. Earlier runs are
 * looked for whoever started this one: not every client tells of them.
 */
function addWhatKeyHad(life: Lifecycle): void {
  if (!life.made.asset) life.made.list.unshift({ ...assetOfKey(life), ofEarlierRuns: true });
}

/** Something left over is the lifecycle's error, unless it had failed before. */
function noteLeftover({ status }: Lifecycle): void {
  const leftover = leftoverOf(status);
  if (!leftover || status.error) return;
  const { resource, id = '', because, errorType = 'Unexpected' } = leftover;
  status.error = {
    type: errorType,
    message: `Cleanup could not finish: ${resource} ${id} is left over: ${because}`,
  };
}

const leftoverOf = ({ receipt }: LifecycleStatus): ReceiptEntry | undefined =>
  receipt?.entries.find(({ result }) => result === 'leftover');

function verdict(life: Lifecycle, cause: unknown): LifecycleStatus {
  const { error } = life.status;
  const { request } = life.stops;
  if (error && (!request || leftoverOf(life.status))) {
    const type = error.type === 'Unexpected' ? 'ProviderRejected' : error.type;
    throw failure(type, error.message, { details: close(life, 'failed'), cause });
  }
  const status = close(life, request?.outcome ?? 'failed');
  if (!request?.native) return status;
  upsertMemo({ [STATUS_MEMO]: status }); // a run closed as Canceled has no result
  throw new CancelledFailure('cancelled natively; the receipt is in the memo');
}
