import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { EmulatorControl, type EmulatorAsset } from '../../../emulator/twelvelabs/control-client';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../../emulator/twelvelabs/start-emulator';
import { LifecycleClient } from '../../../src/client/lifecycle-client';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../../../src/contracts/ids';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import type { TemporalServer } from '../../../src/stack/temporal-server';
import { startTestTemporal } from './temporal';
import { WorkerProcess } from '../../../chaos/worker/worker-process';

export const MAIN = path.resolve(__dirname, '../../../dist/src/cli/main.js');
export const SAMPLES = path.resolve(__dirname, '../../../samples');

/** A worker below that folder that looks often and waits little. */
export const quickWorker = (folder: string): NodeJS.ProcessEnv => ({
  ASSET_LIFECYCLE_SOURCE_ROOTS: [SAMPLES, folder].join(path.delimiter),
  ASSET_LIFECYCLE_SOURCE_DEADLINE: '2s',
  ASSET_LIFECYCLE_RESULTS: path.join(folder, 'results'),
  ASSET_LIFECYCLE_POLL_INTERVAL_MIN: '100ms',
  ASSET_LIFECYCLE_POLL_INTERVAL_MAX: '500ms',
  ASSET_LIFECYCLE_POLL_REQUESTS_PER_MINUTE: '6000',
  ASSET_LIFECYCLE_SETTLE_WINDOW: '2s',
});
export const API_KEY = 'tlk_TESTKEY0SECRET0TESTKEY';

/** The whole system: a real server, the emulator in this process, and a worker process. */
export class System {
  worker: WorkerProcess | undefined;
  /** What Node runs as the worker, and what that needs beside the environment. */
  program: { command: readonly string[]; environment?: NodeJS.ProcessEnv } = { command: [MAIN, 'worker'] };

  private constructor(
    readonly temporal: TemporalServer,
    readonly emulator: Emulator,
    readonly control: EmulatorControl,
    readonly client: Client,
    /** The library's client; it shares the connection of {@link client}. */
    readonly lifecycles: LifecycleClient,
    readonly folder: string,
  ) {}

  /** @param server a prepared one instead of a dev server; it is closed with the rest. */
  static async start(
    emulatorOptions: EmulatorOptions = { processing: { baseMs: 300, msPerMegabyte: 0 } },
    server?: TemporalServer,
  ) {
    const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-test-'));
    const temporal = server ?? (await startTestTemporal());
    const emulator = await startEmulator(emulatorOptions);
    const connection = await Connection.connect({ address: temporal.address });
    const client = new Client({ connection, namespace: temporal.namespace });
    const lifecycles = await LifecycleClient.connect({ temporal: { client, ...temporal } });
    const control = new EmulatorControl(emulator.controlUrl);
    const system = new System(temporal, emulator, control, client, lifecycles, folder);
    await system.startWorker();
    return system;
  }

  /** What the CLI and the worker need to find this system. */
  get environment(): NodeJS.ProcessEnv {
    return {
      TEMPORAL_ADDRESS: this.temporal.address,
      TEMPORAL_NAMESPACE: this.temporal.namespace,
      TWELVELABS_BASE_URL: this.emulator.url,
      TWELVE_LABS_API_KEY: API_KEY,
      ...quickWorker(this.folder),
    };
  }

  async startWorker(changes: NodeJS.ProcessEnv = {}): Promise<WorkerProcess> {
    const { command, environment } = this.program;
    this.worker = await WorkerProcess.start(command, { ...this.environment, ...environment, ...changes });
    return this.worker;
  }

  /** Starts a lifecycle as any Temporal client would. */
  async start(key: string, input: object): Promise<WorkflowHandle> {
    return this.client.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: lifecycleWorkflowId('twelvelabs', key),
      args: [{ key, ...input }],
    });
  }

  /** Runs a lifecycle to its end. */
  async complete(key: string, input: object): Promise<LifecycleStatus> {
    return (await (await this.start(key, input)).result()) as LifecycleStatus;
  }

  /**
   * Terminates a lifecycle while it waits for its asset, so that it cannot clean up. Processing takes an hour from then on.
   * @returns the asset's id
   */
  async terminateWaiting(key: string, input: object = {}): Promise<string> {
    await this.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
    const handle = await this.start(key, { source: sample('portrait-1.jpg'), ...input });
    const { asset } = await untilStatus(handle, (status) => status.phase === 'processing' && !!status.asset);
    await handle.terminate('a test');
    return asset?.id ?? '';
  }

  /** Assets at the provider that carry the key's tag. */
  async assetsOf(key: string): Promise<EmulatorAsset[]> {
    const { assets } = await this.control.state();
    return assets.filter((asset) => asset.user_metadata?.asset_lifecycle_key === key);
  }

  /** The provider's API, as somebody else would use it. */
  async provider<T>(method: string, route: string, body?: object): Promise<T> {
    const response = await fetch(`${this.emulator.url}${route}`, {
      method,
      headers: { 'x-api-key': API_KEY, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  async close(): Promise<void> {
    await this.worker?.stop();
    await this.client.connection.close();
    await this.emulator.close();
    await this.temporal.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export const sample = (name: string) => ({ type: 'file' as const, path: path.join(SAMPLES, name) });

/** Waits for a condition on a running lifecycle's status. */
export async function untilStatus(
  handle: WorkflowHandle,
  condition: (status: LifecycleStatus) => boolean,
): Promise<LifecycleStatus> {
  for (;;) {
    const status = await handle.query<LifecycleStatus>('status');
    if (condition(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Makes Temporal forget a closed run, as it does at the end of its retention. */
export async function forget({ client, temporal }: System, workflowId: string): Promise<void> {
  const { namespace } = temporal;
  await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } });
  const isKnown = (): Promise<boolean> =>
    client.workflow
      .getHandle(workflowId)
      .describe()
      .then(
        () => true,
        () => false,
      );
  while (await isKnown());
}
