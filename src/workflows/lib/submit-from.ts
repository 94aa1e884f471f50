import { TimeoutType } from '@temporalio/common';
import { ActivityFailure, TimeoutFailure } from '@temporalio/workflow';
import type { SubmitSourceInput, SubmittedAsset } from '../../contracts/activities';
import type { Lifecycle } from './lifecycle';

/**
 * The task queue of the workers that have the source; `undefined` where any worker will do, and in runs that began
 * before files had queues of their own. It costs no event if it was found when the input was accepted.
 * @throws InvalidRequest when nobody serves the file by the deadline; nothing was made.
 */
export async function sourceQueueOf({ input, steps }: Lifecycle): Promise<string | undefined> {
  const { provider, source, sourceQueue } = input;
  if (source.type !== 'file' || sourceQueue === undefined) return undefined;
  return sourceQueue ?? steps.findSourceQueue({ provider, path: source.path });
}

/** Submits the source there; as long as nobody takes the upload, looks again who serves the file by now. */
export async function submitFrom(
  queue: string | undefined,
  life: Lifecycle,
  submission: SubmitSourceInput,
): Promise<SubmittedAsset> {
  try {
    return await life.steps.submitSource(submission, queue);
  } catch (error) {
    const { provider, source } = life.input;
    if (source.type !== 'file' || !isUntaken(error)) throw error;
    const found = await life.steps.findSourceQueue({ provider, path: source.path });
    return submitFrom(found, life, submission);
  }
}

const isUntaken = (error: unknown): boolean =>
  error instanceof ActivityFailure &&
  error.cause instanceof TimeoutFailure &&
  error.cause.timeoutType === TimeoutType.SCHEDULE_TO_START;
