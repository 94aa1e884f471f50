import { DEFAULT_PROVIDER } from '../src/providers/registry';
import { Client, type Connection } from '@temporalio/client';
import { LifecycleClient } from '../src/client/lifecycle-client';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../src/contracts/ids';
import type { LifecycleStatus } from '../src/contracts/lifecycle-status';
import { LaneWorker } from './worker/lane-worker';
import { createNamespace } from './namespaces';

/** Another namespace with a worker of its own, on the account and the result store of its lane. */
export class TwinNamespace {
  private constructor(
    readonly client: LifecycleClient,
    readonly temporal: Client,
    private readonly worker: LaneWorker,
  ) {}

  /** @param environment of the lane's worker. */
  static async open(connection: Connection, address: string, environment: NodeJS.ProcessEnv): Promise<TwinNamespace> {
    const namespace = `${environment.TEMPORAL_NAMESPACE}-twin`;
    await createNamespace(connection, namespace);
    const temporal = new Client({ connection, namespace });
    const client = await LifecycleClient.connect({ temporal: { client: temporal, address, namespace } });
    const worker = await LaneWorker.start({ ...environment, TEMPORAL_NAMESPACE: namespace });
    return new TwinNamespace(client, temporal, worker);
  }

  /** A lifecycle of that key, to its end: its embedding is stored. */
  async complete(key: string): Promise<LifecycleStatus> {
    await this.temporal.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: lifecycleWorkflowId(DEFAULT_PROVIDER, key),
      args: [{ key, source: { type: 'file', path: 'city.mp4' }, branch: { type: 'embed' } }],
    });
    const status = await this.client.result(key);
    if (status.outcome === 'completed') return status;
    throw new Error(`the lifecycle in the other namespace is ${status.outcome}: ${status.error?.message}`);
  }

  async close(): Promise<void> {
    await this.worker.close();
  }
}
