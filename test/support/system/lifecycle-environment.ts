import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { createLocalActivities } from '../../../src/activities/create-activities';
import type { SourceQueues } from '../../../src/activities/source-queues';
import type { Activities, EarlierRun, LocalActivities } from '../../../src/contracts/activities';
import {
  ASSET_LIFECYCLE,
  callTaskQueue,
  EARLIER_MEMO,
  lifecycleWorkflowId,
  objectTaskQueue,
  waitTaskQueue,
  WORKFLOW_TASK_QUEUE,
} from '../../../src/contracts/ids';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import { OWNER } from '../activity-dependencies';
import { createDevEnvironment, createTimeSkippingEnvironment } from './temporal';
import { todaysWorkflows } from '../workflow-bundles/todays-workflows';

let keys = 0;

const callQueueServesFiles: SourceQueues = { find: async (provider) => callTaskQueue(provider) };

/** Today's workflow code with given activities, on a server whose time can be skipped. */
export class LifecycleEnvironment {
  private constructor(
    readonly env: TestWorkflowEnvironment,
    private readonly workflowBundle: WorkflowBundleWithSourceMap,
  ) {}

  /** @param longHistory events after which a dev server suggests a new run. */
  static async create(
    server: 'time-skipping' | 'dev' = 'time-skipping',
    longHistory?: number,
  ): Promise<LifecycleEnvironment> {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const workflowBundle = await todaysWorkflows();
    const env = await (server === 'dev' ? createDevEnvironment(longHistory) : createTimeSkippingEnvironment());
    return new LifecycleEnvironment(env, workflowBundle);
  }

  /**
   * Runs workers with these activities for as long as `use` takes.
   * @param activities with those of groups, objects have a worker too, as `withFiles` gives one to lifecycles.
   * @param sourceQueues by default the call queue serves every file.
   * @param local instead of today's steps that accept an input.
   */
  async with<T>(
    activities: Activities,
    use: () => Promise<T>,
    sourceQueues = callQueueServesFiles,
    local: Partial<LocalActivities> = {},
  ): Promise<T> {
    const common = { connection: this.env.nativeConnection, maxHeartbeatThrottleInterval: 100 };
    const queues = [callTaskQueue, waitTaskQueue, ...('submitItems' in activities ? [objectTaskQueue] : [])];
    const workers = await Promise.all([
      Worker.create({
        ...common,
        taskQueue: WORKFLOW_TASK_QUEUE,
        workflowBundle: this.workflowBundle,
        activities: { ...createLocalActivities({ owner: OWNER, sourceQueues }), ...local },
        enableNonLocalActivities: false,
      }),
      ...queues.map((queueOf) => Worker.create({ ...common, taskQueue: queueOf('twelvelabs'), activities })),
    ]);
    return runningAll(workers, use);
  }

  /** Runs one more worker, which has the files of `taskQueue`. */
  async withFiles<T>(taskQueue: string, activities: Activities, use: () => Promise<T>): Promise<T> {
    const { nativeConnection: connection } = this.env;
    return runningAll([await Worker.create({ connection, taskQueue, activities: { ...activities } })], use);
  }

  /**
   * Starts a lifecycle as a raw client would: by type name, with plain JSON.
   * @param earlier the run that the key had before, as our client tells of it.
   */
  async start(
    input: unknown,
    workflowId = lifecycleWorkflowId('twelvelabs', `test-${process.pid}-${++keys}`),
    earlier?: EarlierRun,
  ): Promise<WorkflowHandle> {
    return this.env.client.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId,
      args: [input],
      memo: earlier && { [EARLIER_MEMO]: earlier },
    });
  }

  /** Runs today's workflow code against a history. @throws if it sends other commands than those that are in it */
  async replay(history: unknown): Promise<void> {
    await Worker.runReplayHistory({ workflowBundle: this.workflowBundle }, history, 'replayed');
  }

  async close(): Promise<void> {
    await this.env.teardown();
  }
}

async function runningAll<T>(workers: Worker[], use: () => Promise<T>): Promise<T> {
  const runs = workers.map((worker) => worker.run());
  try {
    return await use();
  } finally {
    for (const worker of workers) worker.shutdown();
    await Promise.all(runs);
  }
}

/** Waits until the running lifecycle says `phase`. */
export async function untilPhase(handle: WorkflowHandle, phase: LifecycleStatus['phase']): Promise<LifecycleStatus> {
  for (;;) {
    const status = await handle.query<LifecycleStatus>('status');
    if (status.phase === phase) return status;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until a condition of this process holds. */
export async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
