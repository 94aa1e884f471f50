import multipart from '@fastify/multipart';
import fastify from 'fastify';
import type { CallHooks } from './call-hooks';
import { Clock } from './clock';
import { Counters } from './counters';
import { Faults } from './faults';
import { RateLimits, type CustomLimits, type Plan } from './rate-limits';
import { Api } from './routes/api';
import { assetRoutes } from './routes/assets';
import { controlRoutes } from './routes/control';
import { embedRoutes } from './routes/embed';
import { entityRoutes } from './routes/entities';
import { indexRoutes } from './routes/indexes';
import { fetchAsset } from './rules/assets';
import { Background } from './rules/background';
import { fetchTask } from './rules/embed/tasks';
import type { Emulation, Processing, Switches } from './rules/emulation';
import { MediaLibrary } from './rules/media/media-library';
import { StateFolder } from './store/state-folder';
import { Store } from './store/store';

export interface EmulatorOptions extends Partial<Switches> {
  /** Default: a free one. */
  port?: number;
  host?: string;
  /** Keeps the state there; without it the emulator forgets. */
  stateFolder?: string;
  /** Default: 1.5 s and 20 ms for each megabyte. */
  processing?: Processing;
  /** A published plan, or limits of your own; default: off. */
  rateLimits?: Plan | CustomLimits;
  /** Only for tests in the same process. */
  hooks?: CallHooks;
  /** Accepted keys; default: any that is not empty. */
  apiKeys?: readonly string[];
}

export interface Emulator {
  /** What `TWELVELABS_BASE_URL` takes. */
  url: string;
  controlUrl: string;
  port: number;
  close(): Promise<void>;
}

/** Room for 36 MB of media as base64. */
const BODY_LIMIT_BYTES = 50 * 1024 ** 2;

/** Starts the emulator and answers once it listens. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { port = 0, host = '127.0.0.1', stateFolder, rateLimits = 'off', retryAfterHeader = false } = options;
  const [store, clock, background] = [new Store(), new Clock(), new Background()];
  const state = stateFolder === undefined ? undefined : await StateFolder.open(stateFolder, store, clock);
  const emulation: Emulation = {
    store,
    clock,
    background,
    library: await MediaLibrary.open(store),
    limits: new RateLimits(clock, rateLimits, retryAfterHeader),
    settings: {
      processing: options.processing ?? { baseMs: 1500, msPerMegabyte: 20 },
      apiKeys: options.apiKeys,
      voidStatus: options.voidStatus ?? 204,
      retryAfterHeader,
      enableFlagDefaults: options.enableFlagDefaults ?? false,
      readyAtOnce: options.readyAtOnce ?? false,
    },
    origin: '',
  };
  const closing = new AbortController();
  const app = await serverOf(emulation, closing.signal, options.hooks);
  const close = async (): Promise<void> => {
    closing.abort();
    app.server.closeAllConnections();
    await app.close();
    await background.close();
    clock.close();
    await emulation.library.close();
    await state?.close();
  };
  try {
    emulation.origin = await app.listen({ port, host });
  } catch (error) {
    await close();
    throw error;
  }
  resumeFetches(emulation);
  const address = app.server.address();
  return {
    url: `${emulation.origin}/v1.3`,
    controlUrl: `${emulation.origin}/_emulator`,
    port: typeof address === 'object' && address ? address.port : port,
    close,
  };
}

async function serverOf(emulation: Emulation, closing: AbortSignal, hooks?: CallHooks) {
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: true,
    routerOptions: { querystringParser: queryOf },
  });
  await app.register(multipart);
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(String(body)));
    } catch {
      done(null, undefined); // the rules then name the parameter that is missing
    }
  });
  const [faults, counters] = [new Faults(), new Counters()];
  const api = new Api(app, emulation, faults, counters, closing, hooks);
  assetRoutes(api, emulation);
  embedRoutes(api, emulation);
  entityRoutes(api, emulation);
  indexRoutes(api, emulation);
  controlRoutes(app, emulation, faults, counters);
  app.setNotFoundHandler((request, reply) =>
    reply.status(404).send({ code: 'api_not_found', message: `The emulator has no ${request.method} ${request.url}.` }),
  );
  return app;
}

/** Repeated parameters become lists. */
function queryOf(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const known = query[name];
    query[name] = known === undefined ? value : [...[known].flat(), value];
  }
  return query;
}

/** Fetches that a restart broke off. */
function resumeFetches(emulation: Emulation): void {
  const { assets, embedTasks } = emulation.store;
  for (const asset of assets.values()) if (asset.progress.endsAt === null) fetchAsset(emulation, asset);
  for (const task of embedTasks.values()) if (task.progress.endsAt === null) fetchTask(emulation, task);
}
