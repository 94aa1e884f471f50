import path from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { localActivities } from '../../src/activities/create-activities';
import type { Activities } from '../../src/contracts/activities';
import {
  ASSET_LIFECYCLE,
  callTaskQueue,
  lifecycleWorkflowId,
  waitTaskQueue,
  WORKFLOW_TASK_QUEUE,
} from '../../src/contracts/ids';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { createDevEnvironment, createTimeSkippingEnvironment } from './temporal';

let keys = 0;

/** Today's workflow code with given activities, on a server whose time can be skipped. */
export class LifecycleEnvironment {
  private constructor(
    readonly env: TestWorkflowEnvironment,
    private readonly workflowBundle: WorkflowBundleWithSourceMap,
  ) {}

  static async create(server: 'time-skipping' | 'dev' = 'time-skipping'): Promise<LifecycleEnvironment> {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const workflowBundle = await bundleWorkflowCode({
      workflowsPath: path.resolve(__dirname, '../../src/workflows/index.ts'),
      logger: new DefaultLogger('ERROR'),
    });
    const env = await (server === 'dev' ? createDevEnvironment() : createTimeSkippingEnvironment());
    return new LifecycleEnvironment(env, workflowBundle);
  }

  /** Runs workers with these activities for as long as `use` takes. */
  async with<T>(activities: Activities, use: () => Promise<T>): Promise<T> {
    const common = { connection: this.env.nativeConnection, maxHeartbeatThrottleInterval: 100 };
    const workers = await Promise.all([
      Worker.create({
        ...common,
        taskQueue: WORKFLOW_TASK_QUEUE,
        workflowBundle: this.workflowBundle,
        activities: localActivities,
        enableNonLocalActivities: false,
      }),
      Worker.create({ ...common, taskQueue: callTaskQueue('twelvelabs'), activities }),
      Worker.create({ ...common, taskQueue: waitTaskQueue('twelvelabs'), activities }),
    ]);
    const runs = workers.map((worker) => worker.run());
    try {
      return await use();
    } finally {
      for (const worker of workers) worker.shutdown();
      await Promise.all(runs);
    }
  }

  /** Starts a lifecycle as a raw client would: by type name, with plain JSON. */
  async start(input: unknown): Promise<WorkflowHandle> {
    return this.env.client.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: lifecycleWorkflowId('twelvelabs', `test-${process.pid}-${++keys}`),
      args: [input],
    });
  }

  async close(): Promise<void> {
    await this.env.teardown();
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
