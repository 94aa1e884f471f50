import { isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../../contracts/activities';
import type { GroupInput } from '../../../contracts/batch/groups';
import { lastOf } from '../../../contracts/values/text';
import { sourceWait } from '../activity-options';
import { endsLifecycle, lastHeartbeatOf, untakenTimeout } from '../step-failures';
import { SUMMARY_CHARACTERS } from '../steps';

/** The task queue of the workers that have a group's files. */
export class FilesQueue {
  private queue: string | undefined;
  private resume: unknown;

  constructor(private readonly group: Pick<GroupInput, 'provider' | 'fileQueue' | 'aFile'>) {
    this.queue = group.fileQueue;
  }

  /**
   * Runs a step on it; on another one when no worker takes the step in time. A group without files has none. The step is given
   * what the last heartbeat of the one before told, so that uploads go on.
   */
  async run<T>(step: (queue: string | undefined, resume: unknown) => Promise<T>): Promise<T> {
    for (;;) {
      const queue = this.queue ?? (await this.find());
      try {
        const result = await step(queue, this.resume);
        this.resume = undefined;
        return result;
      } catch (error) {
        this.resume = lastHeartbeatOf(error) ?? this.resume;
        if (!untakenTimeout(error)) throw error;
        this.queue = undefined; // its workers have gone, or have too much to do
      }
    }
  }

  /** Waits as a single lifecycle does. Where nobody comes to serve the files, each item tells so itself. */
  private async find(): Promise<string | undefined> {
    const { provider, aFile } = this.group;
    if (aFile === undefined) return undefined;
    try {
      const summary = lastOf(aFile, SUMMARY_CHARACTERS);
      const { findSourceQueue } = proxyActivities<Activities>({ ...sourceWait(provider), summary });
      this.queue = await findSourceQueue({ provider, path: aFile });
    } catch (error) {
      if (!endsLifecycle(error) || isCancellation(error)) throw error;
    }
    return this.queue;
  }
}
