import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON, type History } from '@temporalio/common/lib/proto-utils';
import { msToTs } from '@temporalio/common/lib/time';
import { EmulatorControl } from '../emulator/control-client';
import { startEmulator, type Emulator } from '../emulator/start-emulator';
import { LifecycleClient } from '../src/client/lifecycle-client';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../src/contracts/ids';
import type { LifecycleStatus } from '../src/contracts/lifecycle-status';
import { addSearchAttributes } from '../src/temporal/search-attributes';
import type { AskedStop, Evidence } from './evidence';
import { packageRoot } from '../src/stack/package-root';
import { phasesOf } from './phases';
import type { Schedule } from './schedule';
import { Striker } from './striker';
import { WorkerProcess } from './worker-process';

/** The key that must never be seen in a history or a log. */
export const API_KEY = 'tlk_CHAOS0SECRET0KEY';
export const SETTLE_WINDOW_MS = 1500;
/** Three parts of a film, one of an image. */
const CHUNK_BYTES = 48 * 1024;
const REQUEST_TIMEOUT_MS = 2000;
/** A lifecycle that has not ended by then never will. */
const BOUND_MS = 180_000;

export interface LaneSettings {
  name: string;
  /** Of the Temporal server. */
  address: string;
  /** Serves the samples. */
  filesUrl: string;
  samples: string;
  folder: string;
  /** Of the explorer's worker: which promise is broken. */
  sabotage: NodeJS.ProcessEnv;
}

/** A namespace, an emulator and a worker of its own, where one schedule after the other runs. */
export class Lane {
  private runs = 0;
  private worker: WorkerProcess | undefined;
  private reviving: Promise<void> = Promise.resolve();
  private logs: string[] = [];
  private places = { collectionId: '', indexId: '', othersIndexId: '' };

  private constructor(
    private readonly settings: LaneSettings,
    private readonly connection: Connection,
    private readonly client: LifecycleClient,
    private readonly temporal: Client,
    private readonly emulator: Emulator,
    private readonly striker: Striker,
  ) {}

  static async open(settings: LaneSettings): Promise<Lane> {
    const { name, address } = settings;
    const connection = await Connection.connect({ address });
    await createNamespace(connection, name);
    const striker = new Striker();
    const emulator = await startEmulator({
      processing: { baseMs: 150, msPerMegabyte: 0 },
      uploads: { chunkBytes: CHUNK_BYTES },
      hooks: striker,
    });
    const temporal = new Client({ connection, namespace: name });
    const client = await LifecycleClient.connect({ temporal: { client: temporal, address, namespace: name } });
    const lane = new Lane(settings, connection, client, temporal, emulator, striker);
    await lane.prepare();
    return lane;
  }

  /** Runs one lifecycle under a schedule and gathers the evidence. */
  async run(schedule: Schedule): Promise<Evidence> {
    const key = `${this.settings.name}-${++this.runs}`;
    this.logs = [];
    const before = await this.arrange(schedule);
    const workflowId = lifecycleWorkflowId('twelvelabs', key);
    const handle = this.temporal.workflow.getHandle(workflowId);
    this.striker.arm(schedule, {
      kill: () => this.kill(),
      restart: () => void (this.reviving = this.restart()),
      stop: (what, cleanup) => this.stop(workflowId, what, cleanup),
      assetReady: async () => {
        if (schedule.indexedByOthers && schedule.source !== 'asset') before.othersEntry = await this.indexByOthers(key);
      },
    });
    await this.temporal.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId,
      args: [this.inputOf(schedule, key, before)],
    });
    const status = await Promise.race([this.client.result(key), delay(BOUND_MS, undefined, { ref: false })]);
    await this.striker.disarm();
    await this.reviving;
    const control = new EmulatorControl(this.emulator.controlUrl);
    const beforeSweep = await control.state();
    const sweep = await this.client.sweep({ grace: '0s' });
    const history = await handle.fetchHistory();
    const run = await handle.describe();
    return {
      ...{ schedule, key, status, before, beforeSweep, sweep },
      closedAs: run.status.name,
      phases: phasesOf(history),
      events: history.events?.length ?? 0,
      history: JSON.stringify(historyToJSON(history)),
      calls: this.striker.calls,
      struck: this.striker.struck,
      stops: heardOf(this.striker.stops, history),
      afterSweep: await control.state(),
      log: [...this.logs, this.worker?.log ?? ''].join(''),
      resultSha256: await sha256OfResult(status),
    };
  }

  async close(): Promise<void> {
    await this.reviving;
    await this.worker?.kill();
    await this.connection.close();
    await this.emulator.close();
  }

  private async prepare(): Promise<void> {
    const models = [{ model_name: 'marengo3.0', model_options: ['visual'] }];
    const made = async (route: string, body: object) => (await this.provider<{ _id: string }>('POST', route, body))._id;
    this.places = {
      collectionId: await made('/entity-collections', { name: 'people' }),
      indexId: await made('/indexes', { index_name: 'films', models }),
      othersIndexId: await made('/indexes', { index_name: 'films of others', models }),
    };
    this.worker = await this.startWorker();
  }

  private startWorker(): Promise<WorkerProcess> {
    const { name, address, samples, folder, sabotage } = this.settings;
    return WorkerProcess.start([path.join(packageRoot(), 'dist/chaos/worker.js')], {
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: name,
      TWELVELABS_BASE_URL: this.emulator.url,
      TWELVE_LABS_API_KEY: API_KEY,
      ASSET_LIFECYCLE_SOURCE_ROOTS: samples,
      ASSET_LIFECYCLE_RESULTS: path.join(folder, name),
      ASSET_LIFECYCLE_POLL_INTERVAL_MIN: '50ms',
      ASSET_LIFECYCLE_POLL_INTERVAL_MAX: '200ms',
      ASSET_LIFECYCLE_POLL_REQUESTS_PER_MINUTE: '6000',
      ASSET_LIFECYCLE_SETTLE_WINDOW: `${SETTLE_WINDOW_MS}ms`,
      ASSET_LIFECYCLE_REQUEST_TIMEOUT: `${REQUEST_TIMEOUT_MS}ms`,
      ...sabotage,
    });
  }

  /** The worker is dead when this ends; another one comes up meanwhile. */
  private async kill(): Promise<void> {
    await this.reviving;
    await this.worker?.kill();
    this.logs.push(this.worker?.log ?? '');
    this.reviving = this.startWorker().then((worker) => void (this.worker = worker));
  }

  private async restart(): Promise<void> {
    await this.reviving;
    const old = this.worker;
    this.worker = await this.startWorker();
    await old?.stop();
    this.logs.push(old?.log ?? '');
  }

  private async stop(workflowId: string, what: string, cleanup?: string): Promise<boolean> {
    const handle = this.temporal.workflow.getHandle(workflowId);
    try {
      if (what === 'terminate') await handle.terminate('by the schedule');
      else if (what === 'native-cancel') await handle.cancel();
      else if (what === 'cancel') await handle.signal('cancel', { cleanup });
      else await handle.signal('forceDelete');
      return true;
    } catch {
      return false; // it has closed already
    }
  }

  /** Makes what the schedule says existed before. */
  private async arrange({ source, branch, indexedByOthers }: Schedule): Promise<Evidence['before']> {
    const before: Evidence['before'] = {};
    if (branch === 'entity-existing') {
      const assetId = await this.upload('portrait-1.jpg');
      const route = `/entity-collections/${this.places.collectionId}/entities`;
      before.entityId = (
        await this.provider<{ _id: string }>('POST', route, { name: 'existing', asset_ids: [assetId] })
      )._id;
    }
    if (source === 'asset') before.assetId = await this.upload(fileOf(branch));
    if (before.assetId && indexedByOthers && !branch.startsWith('entity')) {
      before.othersEntry = await this.index(before.assetId, this.places.othersIndexId);
    }
    return before;
  }

  private inputOf({ source, branch, onCancel, onFailure }: Schedule, key: string, before: Evidence['before']) {
    const { collectionId, indexId } = this.places;
    const file = fileOf(branch);
    const sources = {
      file: { type: 'file', path: file },
      parts: { type: 'file', path: file },
      url: { type: 'url', url: `${this.settings.filesUrl}/${file}` },
      asset: { type: 'asset', assetId: before.assetId },
    };
    const branches = {
      none: { type: 'none' },
      embed: { type: 'embed' },
      entity: { type: 'entity', collectionId, name: 'somebody' },
      'entity-existing': { type: 'entity', collectionId, entityId: before.entityId },
      index: { type: 'index', indexId },
    };
    const upload = source === 'parts' ? { method: 'multipart', concurrency: 2 } : {};
    return { key, source: sources[source], upload, branch: branches[branch], cleanup: { onCancel, onFailure } };
  }

  private async indexByOthers(key: string): Promise<string | undefined> {
    const { assets } = await new EmulatorControl(this.emulator.controlUrl).state();
    const own = assets.find((asset) => asset.user_metadata?.asset_lifecycle_key === key);
    return own?.status === 'ready' && own.filename.endsWith('.mp4')
      ? this.index(own._id, this.places.othersIndexId)
      : undefined;
  }

  private async index(assetId: string, indexId: string): Promise<string> {
    return (await this.provider<{ _id: string }>('POST', `/indexes/${indexId}/indexed-assets`, { asset_id: assetId }))
      ._id;
  }

  /** An asset that nobody's lifecycle has made, ready. */
  private async upload(file: string): Promise<string> {
    const form = new FormData();
    form.set('method', 'direct');
    form.set('file', new Blob([await readFile(path.join(this.settings.samples, file))]), `before-${file}`);
    const asset = await this.provider<{ _id: string }>('POST', '/assets', form);
    for (;;) {
      const { status } = await this.provider<{ status: string }>('GET', `/assets/${asset._id}`);
      if (status === 'ready') return asset._id;
      await delay(20);
    }
  }

  /** The provider's API, as somebody else uses it: what the schedule does is not done to it. */
  private async provider<T>(method: string, route: string, body?: object): Promise<T> {
    const isForm = body instanceof FormData;
    const response = await fetch(`${this.emulator.url}${route}?${Striker.NOT_OURS}`, {
      method,
      headers: { 'x-api-key': 'somebody', ...(body && !isForm ? { 'content-type': 'application/json' } : {}) },
      body: isForm ? body : body && JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}

/** The server takes a cancel for a closed run without a word; what the run's history holds was heard in time. */
function heardOf(stops: AskedStop[], history: History): AskedStop[] {
  const events = history.events ?? [];
  const heard = {
    cancel: events.some((event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'cancel'),
    'force-delete': events.some(
      (event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'forceDelete',
    ),
    'native-cancel': events.some((event) => event.workflowExecutionCancelRequestedEventAttributes),
    terminate: events.some((event) => event.workflowExecutionTerminatedEventAttributes),
  };
  return stops.map((stop) => ({ ...stop, accepted: heard[stop.what] }));
}

/** Entities are made of images; everything else is tried with a film. */
const fileOf = (branch: Schedule['branch']): string => (branch.startsWith('entity') ? 'portrait-2.png' : 'city.mp4');

async function createNamespace(connection: Connection, namespace: string): Promise<void> {
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  for (;;) {
    try {
      await addSearchAttributes(connection, namespace);
      return;
    } catch {
      await delay(200); // a new namespace is known to all parts of the server after a moment
    }
  }
}

async function sha256OfResult(status: LifecycleStatus | undefined | void): Promise<string | undefined> {
  const uri = status?.branch?.result?.uri;
  if (!uri) return undefined;
  const bytes = await readFile(fileURLToPath(uri)).catch(() => undefined);
  return bytes && createHash('sha256').update(bytes).digest('hex');
}
