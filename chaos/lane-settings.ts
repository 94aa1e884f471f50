import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { PROVIDERS } from '../src/providers/registry';
import { STORE_ID_FILE } from '../src/storage/results/mark-store';
import { API_KEY, SECRET_KEY } from './checks/secrets';

const SETTLE_WINDOW_MS = 1500;
const REQUEST_TIMEOUT_MS = 2000;

export interface LaneSettings {
  name: string;
  /** Of the Temporal server. */
  address: string;
  /** Serves the samples. */
  filesUrl: string;
  samples: string;
  folder: string;
  /** Of the explorer's worker: which guard is taken out. */
  sabotage: NodeJS.ProcessEnv;
  /** A sweep that has not ended by then never will. */
  sweepBoundMs: number;
}

const [PROVIDER, DATASETS] = PROVIDERS;

/** Any is taken by an emulator. */
export const ORGANIZATION = 'chaos';
export const DATASET_KEY = SECRET_KEY;

export const filesFolderOf = ({ folder, name }: LaneSettings): string => path.join(folder, name, 'files');
export const schemaBreaksFileOf = ({ folder, name }: LaneSettings): string =>
  path.join(folder, `${name}-schema-breaks.txt`);
export const resultsFolderOf = ({ folder, name }: LaneSettings): string => path.join(folder, name, 'results');

/** Forgets all results, marks and batches. The store stays the one that the lane's worker knows by its id. */
export async function emptyResults(settings: LaneSettings): Promise<void> {
  const folder = resultsFolderOf(settings);
  const names = await readdir(folder).catch(() => []); // nothing was stored yet
  const all = names.filter((name) => name !== STORE_ID_FILE);
  const whole = { recursive: true, force: true, maxRetries: 20 }; // a step of a group that was ended from outside may still write
  await Promise.all(all.map((name) => rm(path.join(folder, name), whole)));
}

/** Of the lane's worker: quick polls, short windows. */
export function workerEnvironment(settings: LaneSettings, at: { origin: string; datasets: string }): NodeJS.ProcessEnv {
  const { name, address, samples, sabotage } = settings;
  return {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: name,
    ...PROVIDER.emulatorEnvironment(at.origin),
    [PROVIDER.credentials[0]]: API_KEY,
    ...DATASETS.emulatorEnvironment(at.datasets),
    DATATURE_VI_SECRET_KEY: SECRET_KEY,
    DATATURE_VI_ORGANIZATION_ID: ORGANIZATION,
    DATATURE_VI_SESSIONS_PER_5_MINUTES: '10000',
    ASSET_LIFECYCLE_SOURCE_ROOTS: [samples, filesFolderOf(settings)].join(path.delimiter),
    ASSET_LIFECYCLE_RESULTS: resultsFolderOf(settings),
    ASSET_LIFECYCLE_POLL_INTERVAL_MIN: '50ms',
    ASSET_LIFECYCLE_POLL_INTERVAL_MAX: '200ms',
    ASSET_LIFECYCLE_POLL_REQUESTS_PER_MINUTE: '6000',
    ASSET_LIFECYCLE_SETTLE_WINDOW: `${SETTLE_WINDOW_MS}ms`,
    ASSET_LIFECYCLE_REQUEST_TIMEOUT: `${REQUEST_TIMEOUT_MS}ms`,
    ...sabotage,
  };
}
