import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { WorkerProcess } from '../../chaos/worker/worker-process';
import { EmulatorControl } from '../../emulator/twelvelabs/control-client';
import { startEmulator, type Emulator } from '../../emulator/twelvelabs/start-emulator';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../../src/contracts/ids';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { prepareEmulator } from '../../src/cli/demo/provider';
import { startTemporalServer, type TemporalServer } from '../../src/stack/temporal-server';
import { quickRetriesWorker } from '../support/workflow-bundles/quick-retries-worker';
import { SAMPLES, sample, untilStatus } from '../support/system/system';
import { testTools } from '../support/system/test-tools';

jest.setTimeout(180_000);
const HOUR_MS = 3_600_000;
let folder: string;
let temporal: TemporalServer;
let emulator: Emulator;
let control: EmulatorControl;
let worker: WorkerProcess;
let client: Client;

const startServer = (port?: number): Promise<TemporalServer> =>
  startTemporalServer({
    environment: { ...process.env, TEMPORAL_CLI_PATH: testTools().temporalCli },
    onProgress: () => {},
    port,
    databaseFile: path.join(folder, 'temporal.db'),
  });

let program: Awaited<ReturnType<typeof quickRetriesWorker>>;

const startWorker = (): Promise<WorkerProcess> =>
  WorkerProcess.start(program.command, {
    ...program.environment,
    TEMPORAL_ADDRESS: temporal.address,
    TWELVELABS_BASE_URL: emulator.url,
    TWELVE_LABS_API_KEY: 'tlk_CRASH',
    ASSET_LIFECYCLE_SOURCE_ROOTS: SAMPLES,
    ASSET_LIFECYCLE_RESULTS: path.join(folder, 'results'),
    ASSET_LIFECYCLE_POLL_INTERVAL_MIN: '100ms',
    ASSET_LIFECYCLE_POLL_INTERVAL_MAX: '500ms',
    ASSET_LIFECYCLE_SETTLE_WINDOW: '2s',
  });

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-crash-'));
  program = await quickRetriesWorker(folder);
  temporal = await startServer();
  emulator = await startEmulator({ processing: { baseMs: HOUR_MS, msPerMegabyte: 0 } });
  control = new EmulatorControl(emulator.controlUrl);
  worker = await startWorker();
  client = new Client({ connection: await Connection.connect({ address: temporal.address }) });
});
afterEach(async () => {
  await client.connection.close();
  await worker.kill();
  await emulator.close();
  await temporal.close();
  await rm(folder, { recursive: true, force: true });
});

const start = (key: string, input: object): Promise<WorkflowHandle> =>
  client.workflow.start(ASSET_LIFECYCLE, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: lifecycleWorkflowId('twelvelabs', key),
    args: [{ key, ...input }],
  });

/** SIGKILL: no chance to write anything. Comes back at the same address with what it has on disk. */
async function crashServer(): Promise<void> {
  process.kill(temporal.pid as number, 'SIGKILL');
  await temporal.close();
  temporal = await startServer(Number(temporal.address.split(':')[1]));
}

async function crashWorker(): Promise<void> {
  await worker.kill();
  worker = await startWorker();
}

/** One lifecycle in each phase that takes a while. */
async function lifecyclesInEveryPhase(): Promise<WorkflowHandle[]> {
  const { collectionId, indexId } = await prepareEmulator(emulator.url);
  const branching = await Promise.all([
    start('embedding', { source: sample('clip.mp4'), branch: { type: 'embed' } }),
    start('indexing', { source: sample('city.mp4'), branch: { type: 'index', indexId } }),
    start('entity', { source: sample('portrait-2.png'), branch: { type: 'entity', collectionId } }),
  ]);
  for (const handle of branching) await untilStatus(handle, ({ phase }) => phase === 'processing');
  await control.advanceClock(HOUR_MS);
  for (const handle of branching) await untilStatus(handle, ({ branch }) => branch?.status === 'running');
  const processing = await start('processing', { source: sample('portrait-1.jpg') });
  await untilStatus(processing, ({ phase }) => phase === 'processing');
  await control.addFault({ route: 'POST /assets', status: 503, times: 2 });
  const creating = await start('creating', { source: sample('portrait-3.jpg') });
  const cleaning = await start('cleaning', { source: { type: 'url', url: 'http://127.0.0.1:1/a.mp4' } });
  await untilStatus(creating, ({ phase }) => phase === 'creating');
  await cleaning.signal('cancel');
  return [...branching, processing, creating];
}

test.each([
  ['the server', crashServer],
  ['the worker', crashWorker],
  [
    'both',
    async () => {
      await worker.kill();
      await crashServer();
      worker = await startWorker();
    },
  ],
])('lifecycles in every phase go on after the death of %s', async (_who, crash) => {
  const handles = await lifecyclesInEveryPhase();
  await crash();
  for (const key of ['processing', 'creating']) {
    await untilStatus(client.workflow.getHandle(lifecycleWorkflowId('twelvelabs', key)), ({ asset }) => !!asset);
  }
  await control.advanceClock(HOUR_MS);
  const statuses = (await Promise.all(handles.map((handle) => handle.result()))) as LifecycleStatus[];
  expect(statuses.map(({ outcome }) => outcome)).toEqual(handles.map(() => 'completed'));
  const cancelled = client.workflow.getHandle(lifecycleWorkflowId('twelvelabs', 'cleaning'));
  expect(await cancelled.result()).toMatchObject({ outcome: 'cancelled' });
  const { assets, entities, indexedAssets } = await control.state();
  expect(assets.map((asset) => asset.user_metadata.asset_lifecycle_key).toSorted()).toEqual(
    statuses.map(({ key }) => key).toSorted(),
  );
  expect([entities.length, indexedAssets.length]).toEqual([1, 1]);
});
