import multipart from '@fastify/multipart';
import { CONTROL_PREFIX, type Processing } from '../shared/control/control-routes';
import { partStore } from '../shared/parts/part-store';
import { jsonServer, listenAt } from '../shared/server/json-server';
import type { Exchange } from '../shared/server/routed-api';
import type { CallHooks } from '../shared/traffic/call-hooks';
import { Clock } from '../shared/clock';
import { Counters } from '../shared/traffic/counters';
import { Faults } from '../shared/traffic/faults';
import { RateLimits, type CustomLimits, type Plan } from './rate-limits';
import { Api } from './routes/api';
import { assetRoutes } from './routes/assets';
import { twelvelabsControlRoutes } from './routes/control';
import { embedRoutes } from './routes/embed';
import { entityRoutes } from './routes/entities';
import { indexRoutes } from './routes/indexes';
import { twelvelabsPartStore } from './routes/part-store';
import { uploadRoutes } from './routes/uploads';
import { fetchAsset } from './rules/assets';
import { Background } from '../shared/background';
import { fetchTask } from './rules/embed/tasks';
import type { Emulation, Switches } from './rules/emulation';
import { MediaLibrary } from './rules/media/media-library';
import { lookInto } from './rules/uploads/completion';
import { PartFiles } from '../shared/parts/part-files';
import { UPLOAD_DEFAULTS, UploadSettingsSchema, type UploadSettings } from './rules/uploads/settings';
import { statusOf } from './rules/uploads/status';
import { StateFolder } from '../shared/state-folder';
import { Store } from './store/store';
import { PaceSchema, Traffic, type Pace } from '../shared/traffic/traffic';

export interface EmulatorOptions extends Partial<Switches> {
  /** Default: a free one. */
  port?: number;
  /** Of the store that parts of uploads are put to; default: a free one. */
  storePort?: number;
  host?: string;
  /** Keeps the state there; without it the emulator forgets. */
  stateFolder?: string;
  /** Default: 1.5 s and 20 ms for each megabyte. */
  processing?: Processing;
  /** A published plan, or limits of your own; default: off. */
  rateLimits?: Plan | CustomLimits;
  /** Of multipart upload sessions; what is left out is as in `UPLOAD_DEFAULTS`. */
  uploads?: Partial<UploadSettings>;
  /** Only for tests in the same process. */
  hooks?: CallHooks;
  /** How far the provider's clock is ahead of this machine's; negative: behind. Default: 0. */
  clockSkewMs?: number;
  /** How slow every answer is; default: at once. */
  pace?: Partial<Pace>;
  /**
   * Checks all requests and answers against the provider's schemas, and writes each difference to this file. Default:
   * the environment's `ASSET_LIFECYCLE_EMULATOR_VIOLATIONS`, so that tests also reach emulators of child processes.
   */
  violationsFile?: string;
  /** Accepted keys; default: any that is not empty. */
  apiKeys?: readonly string[];
}

export interface Emulator {
  /** `http://host:port` of the API. */
  origin: string;
  /** What `TWELVELABS_BASE_URL` takes. */
  url: string;
  controlUrl: string;
  /** Origin of the part URLs. */
  storeUrl: string;
  port: number;
  close(): Promise<void>;
}

const STATE_FILE = 'twelvelabs-emulator.json';
/** Room for 36 MB of media as base64. */
const BODY_LIMIT_BYTES = 50 * 1024 ** 2;

/** Starts the emulator and answers once it listens. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { port = 0, storePort = 0, host = '127.0.0.1', stateFolder } = options;
  const store = new Store();
  const clock = new Clock();
  const state = stateFolder === undefined ? undefined : await StateFolder.open(stateFolder, STATE_FILE, store, clock);
  clock.skewMs = options.clockSkewMs ?? 0;
  const emulation = await emulationOf(options, store, clock);
  const closing = new AbortController();
  const traffic = new Traffic(new Faults(), new Counters(), closing.signal, options.hooks);
  traffic.pace = PaceSchema.parse(options.pace ?? {});
  const app = await serverOf(emulation, traffic, await observerOf(options, emulation));
  const storeServer = partStore(twelvelabsPartStore(emulation), traffic);
  const close = async (): Promise<void> => {
    closing.abort();
    storeServer.close();
    for (const server of [app.server, storeServer]) server.closeAllConnections();
    await app.close();
    await emulation.background.close();
    clock.close();
    await emulation.library.close();
    await emulation.parts.close();
    await state?.close();
  };
  try {
    emulation.storePort = await listenAt(storeServer, storePort, host);
    emulation.origin = await app.listen({ port, host });
  } catch (error) {
    await close();
    throw error;
  }
  resume(emulation);
  const address = app.server.address();
  const storeOrigin = new URL(emulation.origin);
  storeOrigin.port = String(emulation.storePort);
  return {
    origin: emulation.origin,
    url: `${emulation.origin}/v1.3`,
    controlUrl: `${emulation.origin}${CONTROL_PREFIX}`,
    storeUrl: storeOrigin.origin,
    port: typeof address === 'object' && address ? address.port : port,
    close,
  };
}

/** Entries that are indexed at the same time, by plan. */
const CONCURRENT_INDEXING: Partial<Record<string, number>> = { free: 5, tier2: 25, tier3: 25 };

async function emulationOf(options: EmulatorOptions, store: Store, clock: Clock): Promise<Emulation> {
  const { rateLimits = 'off', retryAfterHeader = 'documented', stateFolder } = options;
  const uploads = { ...UPLOAD_DEFAULTS, ...UploadSettingsSchema.parse(options.uploads ?? {}) };
  return {
    store,
    clock,
    background: new Background(),
    library: await MediaLibrary.open(store),
    parts: await openParts(stateFolder, store, clock),
    limits: new RateLimits(clock, rateLimits),
    settings: {
      processing: options.processing ?? { baseMs: 1500, msPerMegabyte: 20 },
      apiKeys: options.apiKeys,
      voidStatus: options.voidStatus ?? 204,
      retryAfterHeader,
      concurrentIndexing:
        options.concurrentIndexing ?? (typeof rateLimits === 'string' ? CONCURRENT_INDEXING[rateLimits] : undefined),
      enableFlagDefaults: options.enableFlagDefaults ?? false,
      readyAtOnce: options.readyAtOnce ?? false,
      profile: options.profile ?? 'current',
      uploads,
    },
    origin: '',
    storePort: 0,
  };
}

/** With the parts of uploads that go on, and no others. */
async function openParts(stateFolder: string | undefined, store: Store, clock: Clock): Promise<PartFiles> {
  const parts = await PartFiles.open(stateFolder);
  const goingOn = [...store.uploads.values()].filter(
    (upload) =>
      statusOf(upload, clock.now()) === 'active' || store.assets.get(upload.assetId)?.progress.endsAt === null,
  );
  await parts.keepOnly(new Set(goingOn.map(({ id }) => id)));
  return parts;
}

/** Loaded only where it is wanted: the schemas are large. */
async function observerOf(
  { violationsFile = process.env.ASSET_LIFECYCLE_EMULATOR_VIOLATIONS }: EmulatorOptions,
  { settings }: Emulation,
) {
  if (!violationsFile) return undefined;
  const { recordingTo } = await import('./conformance/conformance.js');
  return recordingTo(violationsFile, () => settings.profile);
}

async function serverOf(emulation: Emulation, traffic: Traffic, onExchange?: (exchange: Exchange) => void) {
  const app = jsonServer({ bodyLimitBytes: BODY_LIMIT_BYTES });
  await app.register(multipart);
  const api = new Api(app, emulation, traffic, onExchange);
  assetRoutes(api, emulation);
  embedRoutes(api, emulation);
  entityRoutes(api, emulation);
  indexRoutes(api, emulation);
  uploadRoutes(api, emulation);
  twelvelabsControlRoutes(app, emulation, traffic);
  app.setNotFoundHandler((request, reply) =>
    reply.status(404).send({ code: 'api_not_found', message: `The emulator has no ${request.method} ${request.url}.` }),
  );
  return app;
}

/** Restarts the fetches and the inspections of uploaded parts that a restart interrupted. */
function resume(emulation: Emulation): void {
  const { assets, embedTasks, uploads } = emulation.store;
  for (const asset of assets.values()) {
    if (asset.progress.endsAt !== null) continue;
    const upload = uploads.get(asset.uploadId ?? '');
    if (upload) void lookInto(emulation, upload, asset);
    else fetchAsset(emulation, asset);
  }
  for (const task of embedTasks.values()) if (task.progress.endsAt === null) fetchTask(emulation, task);
}
