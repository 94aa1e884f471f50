import { DEFAULT_PROVIDER } from '../src/providers/registry';
import { mkdir, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { EmulatorControl } from '../emulator/twelvelabs/control-client';
import { startEmulator, type Emulator } from '../emulator/twelvelabs/start-emulator';
import { LifecycleClient } from '../src/client/lifecycle-client';
import { ASSET_LIFECYCLE, WORKFLOW_TASK_QUEUE } from '../src/contracts/ids';
import { sha256OfResult, sweepWithin, takeLines, textsBelow } from './checks/aftermath';
import type { Evidence, Swept, Twin } from './checks/evidence';
import { LaneWorker } from './worker/lane-worker';
import { createNamespace, forgetRuns, heardOf } from './namespaces';
import { phasesOf } from './schedules/phases';
import {
  filesFolderOf,
  resultsFolderOf,
  schemaBreaksFileOf,
  workerEnvironment,
  type LaneSettings,
} from './lane-settings';
import { Scene } from './scene';
import type { Schedule } from './schedules/schedule';
import { readableText } from './checks/secrets';
import { isAround, type Situation } from './schedules/situations';
import { Somebody } from './somebody';
import { Striker, type Moment } from './striker';
import { TwinNamespace } from './twin-namespace';

/** Three parts of a film, one of an image. */
const CHUNK_BYTES = 48 * 1024;
/** A lifecycle that takes longer counts as never ending. */
const BOUND_MS = 180_000;
/** Of a slow provider, before an effect and after it: no more than a request may take. */
const SLOW_MS = 600;
/** Longest time that one call waits for others. A longer wait would time out, and its effect would come too late. */
const MOST_HELD_MS = 1200;
/** Grace of a sweep that is to find something, and how long that takes to be old enough. */
const GRACE = '2s';
const GRACE_IS_OVER_MS = 2300;

interface Parts {
  connection: Connection;
  client: LifecycleClient;
  temporal: Client;
  owner: string;
  emulator: Emulator;
  control: EmulatorControl;
  somebody: Somebody;
  striker: Striker;
  environment: NodeJS.ProcessEnv;
  worker: LaneWorker;
}

/** A namespace, an emulator and a worker of its own, where one schedule after the other runs. */
export class Lane {
  private runs = 0;
  private twin: TwinNamespace | undefined;

  private constructor(
    private readonly settings: LaneSettings,
    private readonly parts: Parts,
  ) {}

  static async open(settings: LaneSettings): Promise<Lane> {
    const { name, address, samples } = settings;
    const connection = await Connection.connect({ address });
    const owner = await createNamespace(connection, name);
    const striker = new Striker();
    const emulator = await startEmulator({
      processing: { baseMs: 150, msPerMegabyte: 0 },
      uploads: { chunkBytes: CHUNK_BYTES },
      hooks: striker,
      violationsFile: schemaBreaksFileOf(settings),
    });
    const control = new EmulatorControl(emulator.controlUrl);
    const somebody = new Somebody(emulator.url, samples);
    const temporal = new Client({ connection, namespace: name });
    const client = await LifecycleClient.connect({ temporal: { client: temporal, address, namespace: name } });
    await mkdir(filesFolderOf(settings), { recursive: true });
    const environment = workerEnvironment(settings, emulator.url);
    const worker = await LaneWorker.start(environment);
    const parts = { connection, client, temporal, owner, emulator, control, somebody, striker, environment, worker };
    return new Lane(settings, parts);
  }

  /** Runs one lifecycle under a schedule and gathers the evidence. */
  async run(schedule: Schedule): Promise<Evidence> {
    const { client, temporal, control, striker, somebody, worker } = this.parts;
    const key = `${this.settings.name}-${++this.runs}${schedule.keyEnd ?? ''}`;
    worker.forgetLogs();
    await control.reset();
    await rm(this.resultsFolder, { recursive: true, force: true });
    const twin = isAround(schedule, 'shared-account') ? await this.runTwin(key) : undefined;
    const { filesUrl, samples } = this.settings;
    const stage = { ...this.parts, filesUrl, samples, files: this.filesFolder };
    const scene = new Scene(stage, schedule, key, await somebody.makePlaces());
    await scene.prepare();

    const handle = temporal.workflow.getHandle(scene.workflowId);
    const heartbeats: string[] = [];
    let openSweep: Promise<Swept> | undefined;
    const lookAtHeartbeats = async (): Promise<void> => {
      const { raw } = await handle.describe();
      heartbeats.push(readableText(raw.pendingActivities?.map(({ heartbeatDetails }) => heartbeatDetails)));
    };
    striker.arm(schedule, {
      lookAtHeartbeats,
      kill: async () => {
        await lookAtHeartbeats();
        await worker.kill();
      },
      restart: () => worker.restart(),
      stop: (what, cleanup) => this.stop(scene.workflowId, what, cleanup),
      moment: async (moment: Moment) => {
        if (moment === 'processing' && schedule.shape === 'old-tags') {
          openSweep = striker.aside(() => this.sweep('0s'));
          await Promise.race([openSweep, delay(MOST_HELD_MS)]);
        }
        await scene.othersAct(moment);
      },
    });
    const slow = isAround(schedule, 'slow-provider');
    await control.setPace(slow ? { beforeEffectMs: SLOW_MS, afterEffectMs: SLOW_MS } : {});
    const { firstExecutionRunId } = await temporal.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: scene.workflowId,
      args: [scene.input],
    });
    const status = await Promise.race([client.result(key), delay(BOUND_MS, undefined, { ref: false })]);
    await striker.disarm();
    await control.setPace({});
    await worker.settled();

    const history = await handle.fetchHistory();
    const closedAs = (await handle.describe()).status.name;
    const beforeSweep = await control.state();
    const youngSweep = isAround(schedule, 'grace') ? await this.sweep('1h') : undefined;
    if (isAround(schedule, 'retention'))
      await forgetRuns(temporal, scene.workflowId, [...scene.earlierRuns, firstExecutionRunId]);
    if (youngSweep) await delay(GRACE_IS_OVER_MS);
    const sweep = await this.sweep(youngSweep ? GRACE : '0s');
    const evidence: Omit<Evidence, 'situations'> = {
      schedule,
      key,
      status: status ?? undefined,
      closedAs,
      beforeSweep,
      youngSweep,
      sweep,
      calls: striker.calls,
      struck: striker.struck,
      marksRefused: striker.marksRefused,
      openSweep: await openSweep,
      phases: phasesOf(history),
      events: history.events?.length ?? 0,
      stops: heardOf(striker.stops, history),
      resultSha256: await sha256OfResult(status),
      before: scene.before,
      twin: twin && (await this.twinAfter(twin)),
      schemaBreaks: await takeLines(schemaBreaksFileOf(this.settings)),
      texts: {
        history: readableText(history),
        log: worker.log,
        heartbeats: heartbeats.join('\n'),
        results: await textsBelow(this.resultsFolder),
      },
    };
    return { ...evidence, situations: situationsOf(evidence) };
  }

  async close(): Promise<void> {
    await this.twin?.close();
    await this.parts.worker.close();
    await this.parts.connection.close();
    await this.parts.emulator.close();
  }

  private sweep(
    grace: string,
    { client, temporal } = this.parts as Pick<Parts, 'client' | 'temporal'>,
  ): Promise<Swept> {
    const { control } = this.parts;
    return sweepWithin(
      { client, temporal, control, boundMs: this.settings.sweepBoundMs },
      { provider: DEFAULT_PROVIDER, grace },
    );
  }

  private async runTwin(key: string) {
    const { connection, environment } = this.parts;
    this.twin ??= await TwinNamespace.open(connection, this.settings.address, environment);
    const status = await this.twin.complete(key);
    return { twin: this.twin, status, resultSha256: (await sha256OfResult(status)) ?? '' };
  }

  private async twinAfter({ twin, status, resultSha256 }: Awaited<ReturnType<Lane['runTwin']>>): Promise<Twin> {
    const sweep = await this.sweep('0s', twin);
    const assetId = status.asset?.id ?? '';
    return { assetId, resultSha256, resultSha256After: await sha256OfResult(status), sweep };
  }

  private async stop(workflowId: string, what: string, cleanup?: string): Promise<boolean> {
    const handle = this.parts.temporal.workflow.getHandle(workflowId);
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

  private get filesFolder(): string {
    return filesFolderOf(this.settings);
  }

  private get resultsFolder(): string {
    return resultsFolderOf(this.settings);
  }
}

/** What others were to do may have come too late, and a mark may never have been wanted. */
function situationsOf({ schedule, before, marksRefused }: Omit<Evidence, 'situations'>): Situation[] {
  const there: Partial<Record<Situation, boolean>> = {
    'indexed-by-others': before.othersEntry !== undefined,
    'in-others-entity': before.othersEntityId !== undefined,
    'entity-joined': before.joinedEntityId !== undefined,
    'key-expired': marksRefused,
    'mark-refused': marksRefused,
  };
  const drawn: Situation[] = [...schedule.around, ...(schedule.shape ? [schedule.shape] : [])];
  return drawn.filter((situation) => there[situation] ?? true);
}
