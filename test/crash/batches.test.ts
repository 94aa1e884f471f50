import { mkdtemp, mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { WorkerProcess } from '../../chaos/worker/worker-process';
import type { Call } from '../../emulator/shared/traffic/call-hooks';
import { EmulatorControl } from '../../emulator/twelvelabs/control-client';
import { startEmulator, type Emulator } from '../../emulator/twelvelabs/start-emulator';
import type { Batches } from '../../src/client/batches/batches';
import { LifecycleClient } from '../../src/client/lifecycle-client';
import { startTemporalServer, type TemporalServer } from '../../src/stack/temporal-server';
import { uniqueJpeg } from '../support/media/unique-jpeg';
import { quickRetriesWorker } from '../support/workflow-bundles/quick-retries-worker';
import { testTools } from '../support/system/test-tools';

/** `CRASH_BATCH=full` takes 5,000 items through 20 deaths of the worker and 3 of the server: about a quarter of an hour. */
const IS_FULL = process.env.CRASH_BATCH === 'full';
const { items, workerDeaths, serverDeaths } = IS_FULL
  ? { items: 5000, workerDeaths: 20, serverDeaths: 3 }
  : { items: 300, workerDeaths: 3, serverDeaths: 1 };
/** What deaths cost is the same however large the batch is, so that a small one is not measured by its ratio. */
const MOST_EXTRA_REQUESTS = IS_FULL ? 0.1 : Number.POSITIVE_INFINITY;
/**
 * Looks a death may cost: what was under way is looked for at once, when the settle window is over, and when its assets are
 * released, by walks that most of it shares. If each item looked by itself, they would be 80 and more.
 */
const MOST_LOOKS_A_DEATH = 40;
/** Writes a death may cost: those whose answers, or whose items' outcomes, it kept from being written down. */
const MOST_WRITES_A_DEATH = 40;

jest.setTimeout(IS_FULL ? 1_800_000 : 180_000);
let folder: string;
let temporal: TemporalServer;
let emulator: Emulator;
let control: EmulatorControl;
let worker: WorkerProcess;
let client: Client;
let batches: Batches;
let program: Awaited<ReturnType<typeof quickRetriesWorker>>;

const startServer = (port?: number): Promise<TemporalServer> =>
  startTemporalServer({
    environment: { ...process.env, TEMPORAL_CLI_PATH: testTools().temporalCli },
    onProgress: () => {},
    port,
    databaseFile: path.join(folder, 'temporal.db'),
  });

const startWorker = (): Promise<WorkerProcess> =>
  WorkerProcess.start(program.command, {
    ...program.environment,
    TEMPORAL_ADDRESS: temporal.address,
    TWELVELABS_BASE_URL: emulator.url,
    TWELVE_LABS_API_KEY: 'tlk_CRASH',
    ASSET_LIFECYCLE_SOURCE_ROOTS: folder,
    ASSET_LIFECYCLE_RESULTS: path.join(folder, 'results'),
    ASSET_LIFECYCLE_POLL_INTERVAL_MIN: '100ms',
    ASSET_LIFECYCLE_SETTLE_WINDOW: '2s',
  });

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-crash-batch-'));
  program = await quickRetriesWorker(folder);
  temporal = await startServer();
  emulator = await startEmulator({
    processing: { baseMs: 0, msPerMegabyte: 0 },
    hooks: { arrived: (call) => void (asked[kindOf(call)] += 1) },
  });
  control = new EmulatorControl(emulator.controlUrl);
  worker = await startWorker();
  client = new Client({ connection: await Connection.connect({ address: temporal.address }) });
  const { address } = temporal;
  ({ batches } = await LifecycleClient.connect({ temporal: { client, address, namespace: 'default' } }));
});
afterEach(async () => {
  await client.connection.close();
  await worker.kill();
  await emulator.close();
  await temporal.close();
  await rm(folder, { recursive: true, force: true });
});

/** Pictures that were written long ago, so that nobody waits for them to rest. */
async function pictures(name: string): Promise<string> {
  const below = path.join(folder, name);
  await mkdir(below);
  for (let nth = 0; nth < items; nth++) {
    const file = path.join(below, `${nth}.jpg`);
    await writeFile(file, uniqueJpeg(`${name} ${nth}`));
    await utimes(file, 0, 0);
  }
  return below;
}

type Kind = 'looks' | 'waits' | 'writes';
/** Requests that have come whole, by their kind. */
const asked: Record<Kind, number> = { looks: 0, waits: 0, writes: 0 };

/** Waits name the assets; how many there are depends on how long something takes. */
function kindOf({ route, url }: Call): Kind {
  if (route !== 'GET /assets') return 'writes';
  return url.includes('asset_ids=') ? 'waits' : 'looks';
}

/** What was asked meanwhile. `all` counts those as well that a death broke off. */
async function askedDuring(work: () => Promise<void>): Promise<Record<Kind | 'all', number>> {
  const before = { ...asked, all: await requests() };
  await work();
  const [looks, waits, writes] = [asked.looks - before.looks, asked.waits - before.waits, asked.writes - before.writes];
  return { all: (await requests()) - before.all, looks, waits, writes };
}

async function requests(): Promise<number> {
  return Object.values(await control.counters()).reduce((sum, route) => sum + route.requests, 0);
}

const creates = async (): Promise<number> => (await control.counters())['POST /assets']?.requests ?? 0;

async function untilCreates(count: number): Promise<void> {
  while ((await creates()) < count) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function crashWorker(): Promise<void> {
  await worker.kill();
  worker = await startWorker();
}

/** SIGKILL: no chance to write anything. Comes back at the same address with what it has on disk. */
async function crashServer(): Promise<void> {
  process.kill(temporal.pid as number, 'SIGKILL');
  await temporal.close();
  temporal = await startServer(Number(temporal.address.split(':')[1]));
}

test('each item of a batch becomes one asset, whatever dies, and little is asked twice', async () => {
  const undisturbed = await askedDuring(async () => {
    await batches.start({ batchId: 'undisturbed', items: { type: 'folder', path: await pictures('undisturbed') } });
    expect((await batches.result('undisturbed')).counts.by).toEqual({ completed: items });
  });
  await control.reset();

  const deaths = workerDeaths + serverDeaths;
  const disturbed = await askedDuring(async () => {
    await batches.start({ batchId: 'crashed', items: { type: 'folder', path: await pictures('crashed') } });
    const everyDeaths = Math.ceil(deaths / serverDeaths);
    for (let nth = 1; nth <= deaths; nth++) {
      await untilCreates(Math.round((items * nth) / (deaths + 1)));
      await (nth % everyDeaths === 0 ? crashServer() : crashWorker());
    }
    await batches.result('crashed');
  });

  const status = await batches.status('crashed');
  expect(status).toMatchObject({ outcome: 'completed', counts: { items, by: { completed: items } } });
  const { assets } = await control.state();
  const keys = assets.map(({ user_metadata }) => String(user_metadata.asset_lifecycle_key));
  expect(new Set(keys).size).toBe(items);
  expect(keys).toHaveLength(items);
  if (IS_FULL) {
    const [some, without] = [JSON.stringify(disturbed), JSON.stringify(undisturbed)];
    process.stderr.write(`requests: ${some} with ${deaths} deaths, ${without} without\n`);
  }
  expect(disturbed.looks - undisturbed.looks).toBeLessThanOrEqual(deaths * MOST_LOOKS_A_DEATH);
  expect(disturbed.writes - undisturbed.writes).toBeLessThanOrEqual(deaths * MOST_WRITES_A_DEATH);
  expect(disturbed.all / undisturbed.all).toBeLessThanOrEqual(1 + MOST_EXTRA_REQUESTS);
});
