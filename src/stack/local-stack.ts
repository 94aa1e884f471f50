import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { openAccount } from '../accounts';
import { loadConfig, loadProxies } from '../config';
import { useProxiesForFetch } from '../http/dispatcher';
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
      ...environment,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      TWELVELABS_BASE_URL: emulator.url,
      TWELVE_LABS_API_KEY: 'emulator',
      ASSET_LIFECYCLE_SOURCE_ROOTS: environment.ASSET_LIFECYCLE_SOURCE_ROOTS || process.cwd(),
      ASSET_LIFECYCLE_RESULTS: environment.ASSET_LIFECYCLE_RESULTS || path.join(stateFolder, 'results'),
    };
    const worker = await startWorkerAt(temporal, forWorker);
    started.push(() => worker.stop());
    onReady('worker', `${temporal.address}, files below ${forWorker.ASSET_LIFECYCLE_SOURCE_ROOTS}`);
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
  const { startEmulator } = await import('../../emulator/start-emulator.js');
  try {
    return await startEmulator({ port: port ?? 0, stateFolder, processing });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new ProgramUnavailable(`port ${port} is in use; choose another with --emulator-port`);
  }
}

async function startWorkerAt({ address, namespace }: { address: string; namespace: string }, environment: Environment) {
  const { DefaultLogger, NativeConnection, Runtime } = await import('@temporalio/worker');
  const { startWorker } = await import('../worker.js');
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] }); // the stack stops its parts in order
  const connection = await NativeConnection.connect({ address });
  try {
    const config = loadConfig(environment as NodeJS.ProcessEnv);
    const worker = await startWorker({
      config,
      provider: await openAccount(config),
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
