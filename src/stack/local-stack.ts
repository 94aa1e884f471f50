import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { openAccount } from '../providers/open-account';
import { loadConfig, loadProxies } from '../config';
import { useProxiesForFetch } from '../http/dispatcher';
import { emulatorProblem } from './emulator-problem';
import { obtainTemporalServer } from './temporal-server';
import { ProgramUnavailable, type Environment, type OnProgress } from './programs';

export interface LocalStackOptions {
  environment: Environment;
  onProgress: OnProgress;
  /** Called as each part is ready, in order. */
  onReady: (part: 'Temporal' | 'Temporal Web' | 'emulator' | 'worker', where: string) => void;
  /** Free ones when not given. */
  ports?: { temporal?: number; ui?: number; emulator?: number };
  /** Keeps everything below it: the server's database, the emulator's state, the results. */
  stateFolder: string;
  /** Off for a server and an emulator that forget. */
  persistent: boolean;
  /** Processing time at the emulator. */
  processing: { baseMs: number; msPerMegabyte: number };
}

export interface LocalStack {
  temporal: { address: string; namespace: string; uiUrl?: string };
  emulator: { url: string; controlUrl: string };
  /** For clients and further workers. */
  environment: Environment;
  /** Ends when a part of it died. */
  failed: Promise<never>;
  close(): Promise<void>;
}

/**
 * Brings up Temporal, the emulator and one worker on this machine. What has started is stopped again when a later
 * part fails.
 * @throws ProgramUnavailable in one line.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { environment, onProgress, onReady, ports = {}, stateFolder, persistent, processing } = options;
  const started: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of started.splice(0).toReversed()) await stop();
  };
  const roots = environment.ASSET_LIFECYCLE_SOURCE_ROOTS || process.cwd();
  const results = environment.ASSET_LIFECYCLE_RESULTS || path.join(stateFolder, 'results');
  const settings = { ...environment, ASSET_LIFECYCLE_SOURCE_ROOTS: roots, ASSET_LIFECYCLE_RESULTS: results };
  loadConfig(settings as NodeJS.ProcessEnv); // a mistake is told before anything starts
  try {
    await mkdir(stateFolder, { recursive: true });
    const temporal = await obtainTemporalServer({
      environment,
      onProgress,
      port: ports.temporal,
      uiPort: ports.ui,
      databaseFile: persistent ? path.join(stateFolder, 'temporal.db') : undefined,
    });
    started.push(() => temporal.close());
    onReady('Temporal', temporal.address);
    if (temporal.uiUrl) onReady('Temporal Web', temporal.uiUrl);

    useProxiesForFetch(loadProxies(environment as NodeJS.ProcessEnv)); // the emulator fetches media by URL
    const emulator = await startEmulatorAt(
      ports.emulator,
      persistent ? path.join(stateFolder, 'emulator') : undefined,
      processing,
    );
    started.push(() => emulator.close());
    onReady('emulator', emulator.url);

    const forWorker: Environment = {
      ...settings,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      TWELVELABS_BASE_URL: emulator.url,
      TWELVE_LABS_API_KEY: 'emulator',
    };
    const worker = await startWorkerAt(temporal, forWorker, onProgress);
    started.push(() => worker.stop());
    onReady('worker', `${temporal.address}, files below ${roots}`);
    const failed = worker.done.then(() => Promise.reject(new ProgramUnavailable('the worker has ended')));
    failed.catch(() => {}); // whoever waits for it hears of it; a closed stack does not care
    return { temporal, emulator, environment: forWorker, failed, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startEmulatorAt(
  port: number | undefined,
  stateFolder: string | undefined,
  processing: { baseMs: number; msPerMegabyte: number },
) {
  const { startEmulator } = await import('../../emulator/twelvelabs/start-emulator.js');
  try {
    return await startEmulator({ port: port ?? 0, stateFolder, processing });
  } catch (error) {
    throw emulatorProblem(error, '--emulator-port') ?? error;
  }
}

async function startWorkerAt(
  { address, namespace }: { address: string; namespace: string },
  environment: Environment,
  onProgress: OnProgress,
) {
  const { NativeConnection } = await import('@temporalio/worker');
  const { installWorkerLog } = await import('./worker-log.js');
  const { startWorker } = await import('../worker.js');
  // Errors only: failures of lifecycles are in their status. The stack stops its parts in its own order.
  installWorkerLog({ write: onProgress, level: 'ERROR', stopsOnSignals: false });
  const connection = await NativeConnection.connect({ address });
  try {
    const config = loadConfig(environment as NodeJS.ProcessEnv);
    const worker = await startWorker({
      config,
      providers: [await openAccount(config)],
      temporal: { connection, namespace },
    });
    return {
      done: worker.done,
      async stop() {
        await worker.stop();
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}
