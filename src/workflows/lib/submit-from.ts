import { TimeoutType } from '@temporalio/common';
import { ActivityFailure, TimeoutFailure } from '@temporalio/workflow';
import type { SubmitSourceInput, SubmittedAsset } from '../../contracts/activities';
import type { AssetResource } from '../../contracts/resource';
import type { Lifecycle } from './lifecycle';
import { noteUpload } from './stop';

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

/**
 * Submits the source there; as long as nobody takes the upload, looks again who serves the file by now. The next
 * activity gets the last heartbeat of the one before, so that an upload goes on instead of beginning again.
 * @param made the resource that cleanup ends if this fails.
 */
export async function submitFrom(
  queue: string | undefined,
  life: Lifecycle,
  { made, submission }: { made: AssetResource; submission: SubmitSourceInput },
): Promise<SubmittedAsset> {
  try {
    return await life.steps.submitSource(submission, queue);
  } catch (error) {
    const { provider, source } = life.input;
    const untaken = untakenFor(error);
    if (source.type !== 'file' || !untaken) throw error;
    const resume: unknown = untaken.lastHeartbeatDetails ?? submission.resume;
    noteUpload(made, error);
    const found = await life.steps.findSourceQueue({ provider, path: source.path });
    return submitFrom(found, life, { made, submission: resume === undefined ? submission : { ...submission, resume } });
  }
}

/** The timeout of an activity that no worker took in time. */
function untakenFor(error: unknown): TimeoutFailure | undefined {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof TimeoutFailure)) return undefined;
  return error.cause.timeoutType === TimeoutType.SCHEDULE_TO_START ? error.cause : undefined;
}
