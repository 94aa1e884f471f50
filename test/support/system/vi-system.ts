import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import {
  DatatureViControl,
  type EmulatorAsset,
  type EmulatorSession,
} from '../../../emulator/datature-vi/control-client';
import {
  startDatatureViEmulator,
  type DatatureViEmulator,
  type DatatureViEmulatorOptions,
} from '../../../emulator/datature-vi/start-emulator';
import { WorkerProcess } from '../../../chaos/worker/worker-process';
import { LifecycleClient } from '../../../src/client/lifecycle-client';
import type { BatchStatus } from '../../../src/contracts/batch/batch-status';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../../../src/contracts/ids';
import type { ItemOutcome } from '../../../src/contracts/batch/item-outcome';
import type { RefusedEntry } from '../../../src/contracts/batch/listed-items';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import { readIndex } from '../../../src/batch/read-batch';
import { reportEntries } from '../../../src/batch/report';
import { createBatchFiles } from '../../../src/storage/batches/batch-files';
import { createFolderSharedFiles } from '../../../src/storage/batches/folder-shared-files';
import { createItemOutcomes } from '../../../src/storage/batches/item-outcomes';
import type { TemporalServer } from '../../../src/stack/temporal-server';
import { ORGANIZATION, SECRET_KEY } from '../servers/vi-emulator';
import { writeAtRest } from '../media/files-at-rest';
import { quickRetriesWorker } from '../workflow-bundles/quick-retries-worker';
import { MAIN, SAMPLES, quickWorker } from './system';
import { startTestTemporal } from './temporal';

export const PROVIDER = 'datature-vi';
export const DATASET = 'demo';

/** What a batch over a folder has beside its folder. */
interface BatchChanges {
  each?: object;
  inFlight?: number;
}

/** The system with Datature Vi: a real server, its emulator in this process, and a worker process. */
export class ViSystem {
  worker: WorkerProcess | undefined;
  private program: { command: readonly string[]; environment?: NodeJS.ProcessEnv } = { command: [MAIN, 'worker'] };

  private constructor(
    readonly temporal: TemporalServer,
    readonly emulator: DatatureViEmulator,
    readonly control: DatatureViControl,
    readonly client: Client,
    /** The library's client; it shares the connection of {@link client}. */
    readonly lifecycles: LifecycleClient,
    readonly folder: string,
  ) {}

  static async start(options: DatatureViEmulatorOptions = {}, changes: NodeJS.ProcessEnv = {}): Promise<ViSystem> {
    const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-test-'));
    const temporal = await startTestTemporal();
    const emulator = await startDatatureViEmulator({ processing: { baseMs: 300, msPerMegabyte: 0 }, ...options });
    const connection = await Connection.connect({ address: temporal.address });
    const client = new Client({ connection, namespace: temporal.namespace });
    const control = new DatatureViControl(emulator.controlUrl);
    const lifecycles = await LifecycleClient.connect({ temporal: { client, ...temporal }, provider: PROVIDER });
    const system = new ViSystem(temporal, emulator, control, client, lifecycles, folder);
    await system.startWorker(changes);
    return system;
  }

  private get environment(): NodeJS.ProcessEnv {
    return {
      TEMPORAL_ADDRESS: this.temporal.address,
      TEMPORAL_NAMESPACE: this.temporal.namespace,
      DATATURE_VI_API_ENDPOINT: this.emulator.origin,
      DATATURE_VI_SECRET_KEY: SECRET_KEY,
      DATATURE_VI_ORGANIZATION_ID: ORGANIZATION,
      DATATURE_VI_SESSIONS_PER_5_MINUTES: '10000',
      ...quickWorker(this.folder),
    };
  }

  async startWorker(changes: NodeJS.ProcessEnv = {}): Promise<WorkerProcess> {
    const { command, environment } = this.program;
    this.worker = await WorkerProcess.start(command, { ...this.environment, ...environment, ...changes });
    return this.worker;
  }

  /** From now on a worker's death is noticed after three seconds instead of minutes. */
  async restartWithQuickRetries(): Promise<void> {
    await this.worker?.stop();
    this.program = await quickRetriesWorker(this.folder);
    await this.startWorker();
  }

  /** Starts a lifecycle as any Temporal client would. */
  async start(key: string, input: object): Promise<WorkflowHandle> {
    return this.client.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: lifecycleWorkflowId(PROVIDER, key),
      args: [{ key, provider: PROVIDER, datasetId: DATASET, ...input }],
    });
  }

  /** Runs a lifecycle to its end. */
  async complete(key: string, input: object): Promise<LifecycleStatus> {
    return (await (await this.start(key, input)).result()) as LifecycleStatus;
  }

  /** Starts a batch over a folder that the worker serves. */
  async startBatch(batchId: string, folder: string, { each, ...input }: BatchChanges = {}): Promise<void> {
    const items = { type: 'folder', path: folder };
    const all = { batchId, items, each: { provider: PROVIDER, datasetId: DATASET, ...each }, ...input };
    await this.lifecycles.batches.start(all);
  }

  /** Runs a batch over a folder to its end. */
  async completeBatch(batchId: string, folder: string, input: BatchChanges = {}): Promise<BatchStatus> {
    await this.startBatch(batchId, folder, input);
    return this.lifecycles.batches.result(batchId);
  }

  /** What the store tells of a batch: entries that were refused, and an outcome for each item. */
  async reportOf(batchId: string): Promise<{ refused: RefusedEntry[]; outcomes: ItemOutcome[] }> {
    const { namespace } = this.temporal;
    const { namespaceInfo } = await this.client.workflowService.describeNamespace({ namespace });
    const shared = createFolderSharedFiles(path.join(this.folder, 'results'));
    const batch = { owner: namespaceInfo?.id ?? '', batchId };
    const stored = { files: createBatchFiles(shared, batch), outcomes: createItemOutcomes(shared, batch) };
    const report = { refused: [] as RefusedEntry[], outcomes: [] as ItemOutcome[] };
    for await (const entry of reportEntries(stored, await readIndex(stored.files))) {
      if ('refused' in entry) report.refused.push(entry);
      else report.outcomes.push(entry);
    }
    return report;
  }

  /** Assets at the provider that carry the key's tag. */
  async assetsOf(key: string): Promise<EmulatorAsset[]> {
    const { assets } = await this.control.state();
    return assets.filter(({ customMetadata }) => customMetadata.asset_lifecycle_key === key);
  }

  /** Deletes an asset as anybody could who has a key. */
  async deleteAsset(assetId: string, dataset = DATASET): Promise<void> {
    const at = `${this.emulator.url}/workspaces/${ORGANIZATION}/datasets/${ORGANIZATION}_${dataset}/assets/${assetId}`;
    const headers = { authorization: `Bearer ${SECRET_KEY}`, 'organization-id': ORGANIZATION };
    const answer = await fetch(at, { method: 'DELETE', headers });
    if (!answer.ok) throw new Error(`DELETE ${assetId}: ${answer.status}`);
  }

  /** Sessions that go on. */
  async openSessions(): Promise<EmulatorSession[]> {
    return (await this.control.state()).sessions.filter(({ ended }) => ended === null);
  }

  /** How many requests of a route the emulator has had. */
  async requests(route: string): Promise<number> {
    return (await this.control.counters())[route]?.requests ?? 0;
  }

  /** A picture of its own content under this name, as a source. */
  async picture(filename: string, mark = filename) {
    const file = path.join(this.folder, filename);
    await writeAtRest(file, await pictureBytes(mark));
    return { type: 'file' as const, path: file };
  }

  /** A folder with pictures of these names, each of its own content. */
  async pictures(name: string, filenames: readonly string[]): Promise<string> {
    const folder = path.join(this.folder, name);
    await mkdir(folder, { recursive: true });
    await Promise.all(
      filenames.map(async (one) => writeAtRest(path.join(folder, one), await pictureBytes(`${name} ${one}`))),
    );
    return folder;
  }

  async close(): Promise<void> {
    await this.worker?.stop();
    await this.client.connection.close();
    await this.emulator.close();
    await this.temporal.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A sample picture with `mark` in a comment: each mark makes other content. */
export async function pictureBytes(mark: string): Promise<Buffer> {
  const jpeg = await readFile(path.join(SAMPLES, 'portrait-1.jpg'));
  const text = createHash('sha256').update(mark).digest('hex');
  const comment = Buffer.alloc(4 + text.length);
  comment.writeUInt16BE(0xfffe, 0);
  comment.writeUInt16BE(2 + text.length, 2);
  comment.write(text, 4);
  return Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]);
}
