import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { RunningEmulator } from '../../emulator/registry';
import type { ProviderName } from '../contracts/ids';
import { openAccounts } from '../providers/open-account';
import { declarationOf, DEFAULT_PROVIDER } from '../providers/registry';
import { loadConfig, loadProxies } from '../config';
import { useProxiesForFetch } from '../http/dispatcher';
import { isOnThisMachine, type Served } from './dev/dev-record';
import { emulatorSettings } from './dev/emulator-settings';
import { emulatorProblem } from './emulator-problem';
import { obtainTemporalServer } from './temporal-server';
import { ProgramUnavailable, type Environment, type OnProgress } from './programs';

export interface ReadyPart {
  part: 'Temporal' | 'Temporal Web' | 'emulator' | 'worker';
  where: string;
  /** Whose emulator it is. */
  provider?: { name: ProviderName; title: string };
}

/** Ports of an emulator, with the flags that choose them, for messages. */
export interface EmulatorPorts {
  api: number;
  store: number;
  flags: { api: string; store: string };
}

export interface LocalStackOptions {
  environment: Environment;
  onProgress: OnProgress;
  /** Called as each part is ready, in order. */
  onReady: (ready: ReadyPart) => void;
  /** Free ones when not given. */
  ports?: { temporal?: number; ui?: number; emulators?: Readonly<Record<ProviderName, EmulatorPorts>> };
  /** Keeps everything below it: the server's database, the emulator's state, the results. */
  stateFolder: string;
  /** False: server and emulator keep nothing after the stop. */
  persistent: boolean;
  /** Processing time at the emulator. */
  processing: { baseMs: number; msPerMegabyte: number };
}

export interface LocalStack {
  temporal: { address: string; namespace: string; uiUrl?: string };
  /** That of the default provider. */
  emulator: { url: string; controlUrl: string };
  /** For clients and further workers. */
  environment: Environment;
  /** What commands beside it may know. */
  served: Served;
  /** Rejects when a part has died. */
  failed: Promise<never>;
  close(): Promise<void>;
}

/**
 * Brings up Temporal, the emulator of each provider and one worker for all of them on this machine. What has started is stopped again when a later
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
  loadConfig(settings as NodeJS.ProcessEnv); // report a mistake before anything starts
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
    onReady({ part: 'Temporal', where: temporal.address });
    if (temporal.uiUrl) onReady({ part: 'Temporal Web', where: temporal.uiUrl });

    useProxiesForFetch(loadProxies(environment as NodeJS.ProcessEnv)); // the emulator fetches media by URL
    const emulatorState = persistent ? path.join(stateFolder, 'emulator') : undefined;
    const emulators = await startEmulators(ports.emulators ?? {}, emulatorState, processing, started);
    for (const [name, { url }] of emulators) {
      onReady({ part: 'emulator', where: url, provider: { name, title: declarationOf(name).title } });
    }

    const forWorker: Environment = {
      ...settings,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      ...emulatorEnvironments(emulators),
    };
    const worker = await startWorkerAt(temporal, forWorker, onProgress);
    started.push(() => worker.stop());
    onReady({ part: 'worker', where: `${temporal.address}, files below ${roots}` });
    const failed = worker.done.then(() => Promise.reject(new ProgramUnavailable('the worker has ended')));
    failed.catch(() => {}); // callers that await `failed` get the error; a closed stack ignores it
    const emulator = emulators.get(DEFAULT_PROVIDER);
    if (!emulator) throw new Error(`${DEFAULT_PROVIDER} has no emulator`);
    const served = servedBy(temporal, emulators, results);
    return { temporal, emulator, environment: forWorker, served, failed, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Starts all emulators there are. @returns them by the name of their provider */
async function startEmulators(
  ports: Readonly<Record<ProviderName, EmulatorPorts>>,
  stateFolder: string | undefined,
  processing: LocalStackOptions['processing'],
  started: (() => Promise<void>)[],
): Promise<Map<ProviderName, RunningEmulator>> {
  const { placesOf } = await import('../../emulator/registry.js');
  const running = new Map<ProviderName, RunningEmulator>();
  for (const { kind, options } of placesOf({ port: 0, storePort: 0, stateFolder, processing })) {
    const own = ports[kind.name];
    const at = own ? { port: own.api, storePort: own.store } : {};
    const emulator = await kind.start({ ...options, ...at }).catch((error: unknown) => {
      throw emulatorProblem(error, flagOf(own, error)) ?? error;
    });
    started.push(() => emulator.close());
    running.set(kind.name, emulator);
  }
  return running;
}

/** The flag that chooses the port which the error is about. */
function flagOf(ports: EmulatorPorts | undefined, error: unknown): string {
  if (!ports) return 'another port';
  return (error as { port?: number }).port === ports.store ? ports.flags.store : ports.flags.api;
}

/** A result store that is a folder gets an absolute name, as commands may be run elsewhere. */
function servedBy(
  { address, namespace }: LocalStack['temporal'],
  emulators: ReadonlyMap<ProviderName, RunningEmulator>,
  results: string,
): Served {
  return {
    ...(isOnThisMachine(address) ? { temporal: { address, namespace } } : {}),
    emulators: Object.fromEntries([...emulators].map(([name, { origin }]) => [name, origin])),
    results: results.includes('://') ? results : path.resolve(results),
  };
}

/** Settings of a worker that talks to the emulators. */
function emulatorEnvironments(emulators: ReadonlyMap<ProviderName, RunningEmulator>): Environment {
  const environment: Record<string, string> = {};
  for (const [name, { origin }] of emulators) Object.assign(environment, emulatorSettings(declarationOf(name), origin));
  return environment;
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
    const { accounts: providers } = await openAccounts(config);
    const worker = await startWorker({ config, providers, temporal: { connection, namespace } });
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
