import { Background } from '../shared/background';
import { Clock } from '../shared/clock';
import { CONTROL_PREFIX, type Processing } from '../shared/control/control-routes';
import { PartFiles } from '../shared/parts/part-files';
import { partStore } from '../shared/parts/part-store';
import { jsonServer, listenAt } from '../shared/server/json-server';
import type { Exchange } from '../shared/server/routed-api';
import { StateFolder } from '../shared/state-folder';
import type { CallHooks } from '../shared/traffic/call-hooks';
import { Counters } from '../shared/traffic/counters';
import { Faults } from '../shared/traffic/faults';
import { PaceSchema, Traffic, type Pace } from '../shared/traffic/traffic';
import { Api } from './routes/api';
import { assetRoutes, deletionRoutes } from './routes/assets';
import { datatureViControlRoutes } from './routes/control';
import { multipartRoutes, sessionRoutes } from './routes/ingestion';
import { datatureViStore } from './routes/store';
import type { Emulation } from './rules/emulation';
import { MediaLook } from './rules/media/media-look';
import { SettingsSchema, type SettingsChange } from './rules/settings';
import { lookAtParts } from './rules/uploads/parts';
import { Store } from './store/store';

export interface DatatureViEmulatorOptions {
  /** Default: a free one. */
  port?: number;
  /** Of the store that signed URLs point to; default: a free one. */
  storePort?: number;
  host?: string;
  /** Keeps the state and all contents there; without it the emulator forgets. */
  stateFolder?: string;
  /** Default: 1.5 s and 20 ms for each megabyte. */
  processing?: Processing;
  /** What is left out is as in `SettingsSchema`. */
  settings?: SettingsChange;
  /** Datasets beside `demo`. */
  datasets?: readonly string[];
  /** Accepted keys; default: any of the right form. */
  secretKeys?: readonly string[];
  /** How far the provider's clock is ahead of this machine's; negative: behind. Default: 0. */
  clockSkewMs?: number;
  /** How slow every answer is; default: at once. */
  pace?: Partial<Pace>;
  /** Only for tests in the same process. */
  hooks?: CallHooks;
  /** Only for tests in the same process: hears of every request and its answer. */
  onExchange?: (exchange: Exchange) => void;
}

export interface DatatureViEmulator {
  /** `http://host:port` of the API. */
  origin: string;
  /** What `DATATURE_VI_API_ENDPOINT` takes. */
  url: string;
  controlUrl: string;
  /** Origin of the signed URLs. */
  storeUrl: string;
  port: number;
  close(): Promise<void>;
}

const STATE_FILE = 'datature-vi-emulator.json';
/** Room for a session of 5,000 files. */
const BODY_LIMIT_BYTES = 16 * 1024 ** 2;

/** Starts the emulator and answers once it listens. */
export async function startDatatureViEmulator(options: DatatureViEmulatorOptions = {}): Promise<DatatureViEmulator> {
  const { port = 0, storePort = 0, host = '127.0.0.1', stateFolder, datasets = [] } = options;
  const clock = new Clock();
  const store = new Store(() => clock.now());
  const state = stateFolder === undefined ? undefined : await StateFolder.open(stateFolder, STATE_FILE, store, clock);
  clock.skewMs = options.clockSkewMs ?? 0;
  for (const id of datasets) if (!store.datasets.has(id)) store.datasets.set(id, { id, createdAt: clock.now() });
  const emulation = await emulationOf(options, store, clock);
  const closing = new AbortController();
  const traffic = new Traffic(new Faults(), new Counters(), closing.signal, options.hooks);
  traffic.pace = PaceSchema.parse(options.pace ?? {});
  const app = serverOf(emulation, traffic, options.onExchange);
  const storeServer = partStore(datatureViStore(emulation), traffic);
  const close = async (): Promise<void> => {
    closing.abort();
    storeServer.close();
    for (const server of [app.server, storeServer]) server.closeAllConnections();
    await app.close();
    await emulation.background.close();
    clock.close();
    await emulation.look.close();
    await emulation.files.close();
    await state?.close();
  };
  try {
    emulation.storePort = await listenAt(storeServer, storePort, host);
    await app.listen({ port, host });
  } catch (error) {
    await close();
    throw error;
  }
  resume(emulation);
  return { ...addressesOf(app.server.address(), emulation, host), close };
}

function addressesOf(address: unknown, { storePort }: Emulation, host: string): Omit<DatatureViEmulator, 'close'> {
  const { port } = address as { port: number };
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const storeUrl = new URL(origin);
  storeUrl.port = String(storePort);
  return { origin, url: origin, controlUrl: `${origin}${CONTROL_PREFIX}`, storeUrl: storeUrl.origin, port };
}

async function emulationOf(options: DatatureViEmulatorOptions, store: Store, clock: Clock): Promise<Emulation> {
  const { processing = { baseMs: 1500, msPerMegabyte: 20 }, settings = {}, secretKeys, stateFolder } = options;
  const files = await PartFiles.open(stateFolder);
  await files.keepOnly(store.contentIds());
  return {
    store,
    clock,
    settings: { processing, vi: SettingsSchema.parse(settings) },
    secretKeys,
    look: new MediaLook(),
    background: new Background(),
    files,
    fileErrors: [],
    storePort: 0,
  };
}

function serverOf(emulation: Emulation, traffic: Traffic, onExchange?: (exchange: Exchange) => void) {
  const app = jsonServer({ bodyLimitBytes: BODY_LIMIT_BYTES });
  const api = new Api(app, emulation, traffic, onExchange);
  app.setNotFoundHandler((request, reply) =>
    reply
      .status(404)
      .send({ error: 'NotFound', message: `There is no ${request.method} ${request.url.split('?')[0]}.` }),
  );
  assetRoutes(api, emulation);
  deletionRoutes(api, emulation);
  sessionRoutes(api, emulation);
  multipartRoutes(api, emulation);
  datatureViControlRoutes(app, emulation, traffic);
  return app;
}

/** Looks at uploads that were complete when the emulator was stopped. */
function resume(emulation: Emulation): void {
  for (const multipart of emulation.store.multiparts.values()) {
    const session = emulation.store.sessions.get(multipart.sessionId);
    const file = session?.files[multipart.fileIndex];
    if (multipart.completedAt !== undefined && file && !file.arrival && !session.ended)
      void lookAtParts(emulation, multipart);
  }
}
