import { mkdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { EmulatorControl } from '../emulator/twelvelabs/control-client';
import { startEmulator, type Emulator } from '../emulator/twelvelabs/start-emulator';
import { LifecycleClient } from '../src/client/lifecycle-client';
import { branchesOf, type LifecycleStatus } from '../src/contracts/lifecycle-status';
import { DEFAULT_PROVIDER, PROVIDERS } from '../src/providers/registry';
import { sourceQueues } from '../src/temporal/source-queues';
import { BatchLane } from './batches/batch-lane';
import { BatchStriker } from './strikers/batch-striker';
import type { BatchEvidence } from './batches/evidence';
import { datasetPlace } from './batches/dataset-place';
import { accountPlace } from './batches/place';
import type { BatchSchedule } from './batches/schedule';
import { resultsOf, sha256OfResults, sweepWithin, takeLines } from './checks/aftermath';
import type { Evidence, RunEvidence, Swept, Twin } from './checks/evidence';
import { hadAfter } from './checks/had';
import {
  emptyResults,
  filesFolderOf,
  resultsFolderOf,
  schemaBreaksFileOf,
  workerEnvironment,
  type LaneSettings,
} from './lane-settings';
import { CurrentStriker } from './strikers/current-striker';
import { DatasetLane } from './datasets/dataset-lane';
import type { DatasetEvidence } from './datasets/evidence';
import type { DatasetSchedule } from './datasets/schedule';
import { createNamespace, forgetRuns } from './namespaces';
import { runOfKey, type Ground } from './run-of-key';
import { Scene } from './scene';
import { scheduleOfEarlier } from './schedules/key-runs';
import { isLaterStart } from './schedules/later-starts';
import type { EarlierRun, Schedule } from './schedules/schedule';
import { isAround, type Situation } from './schedules/situations';
import { Somebody } from './somebody';
import { Striker } from './strikers/striker';
import { TwinNamespace } from './twin-namespace';
import { LaneWorker } from './worker/lane-worker';

/** Three parts of a film, one of an image. */
const CHUNK_BYTES = 48 * 1024;
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
  calls: CurrentStriker;
  environment: NodeJS.ProcessEnv;
  worker: LaneWorker;
  datasets: DatasetLane;
  batches: BatchLane;
}

/** While many lanes open at once, the server may take longer for a new task queue than a run waits for its file. */
async function untilServed(temporal: Client, folder: string): Promise<void> {
  const queues = sourceQueues(temporal);
  for (const { name } of PROVIDERS) {
    while (!(await queues.find(name, `${folder}/any`).catch(() => undefined))) await delay(200);
  }
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
    const calls = new CurrentStriker(striker);
    const emulator = await startEmulator({
      processing: { baseMs: 150, msPerMegabyte: 0 },
      uploads: { chunkBytes: CHUNK_BYTES },
      hooks: calls,
      violationsFile: schemaBreaksFileOf(settings),
    });
    const control = new EmulatorControl(emulator.controlUrl);
    const somebody = new Somebody(emulator.url, samples);
    const temporal = new Client({ connection, namespace: name });
    const client = await LifecycleClient.connect({ temporal: { client: temporal, address, namespace: name } });
    await mkdir(filesFolderOf(settings), { recursive: true });
    const datasets = await DatasetLane.open(settings);
    const at = { origin: new URL(emulator.url).origin, datasets: datasets.origin };
    const environment = { ...workerEnvironment(settings, at), CHAOS_OWNER: owner };
    const worker = await LaneWorker.start(environment);
    await untilServed(temporal, filesFolderOf(settings));
    const batches = new BatchLane(settings, {
      ...{ temporal, owner, worker, environment, striker: new BatchStriker() },
      account: { place: accountPlace(control, somebody), calls },
      dataset: { place: datasetPlace(datasets.control), calls: datasets.calls },
    });
    const ours = { connection, client, temporal, owner, emulator, control, somebody, environment, worker };
    return new Lane(settings, { ...ours, striker, calls, datasets, batches });
  }

  /** Runs a key under a schedule, once or twice, and gathers the evidence. */
  async run(schedule: Schedule): Promise<Evidence> {
    const { temporal, control, somebody, worker, calls, striker } = this.parts;
    calls.use(striker);
    const key = `${this.settings.name}-${++this.runs}${schedule.keyEnd ?? ''}`;
    worker.forgetLogs();
    await control.reset();
    await emptyResults(this.settings);
    const twin = isAround(schedule, 'shared-account') ? await this.runTwin(key) : undefined;
    const about = twin ? { twin: { assetId: twin.status.asset?.id ?? '' } } : {};
    const { filesUrl, samples } = this.settings;
    const stage = { ...this.parts, filesUrl, samples, files: this.filesFolder };
    const scene = new Scene(stage, schedule, key, await somebody.makePlaces());
    await scene.prepare();

    const earlier = schedule.earlier && (await this.runEarlier(scene, schedule.earlier, about));
    const had = earlier && hadAfter(earlier.run, await control.state(), await sha256OfResults(earlier.results));
    const start = (): Promise<string> => scene.startLast(earlier?.run.status);
    const run: RunEvidence = { ...(await runOfKey(this.ground, scene, schedule, start)), ...about, had };

    const youngSweep = isAround(schedule, 'grace') ? await this.sweep('1h') : undefined;
    if (isAround(schedule, 'retention')) {
      const runIds = [...scene.earlierRuns, ...(earlier ? [earlier.run.runId] : []), run.runId];
      await forgetRuns(temporal, scene.workflowId, [...new Set(runIds)]);
    }
    if (youngSweep) await delay(GRACE_IS_OVER_MS);
    const sweep = await this.sweep(youngSweep ? GRACE : '0s');
    const evidence: Omit<Evidence, 'situations'> = {
      ...run,
      earlier,
      youngSweep,
      sweep,
      resultsAfter: await sha256OfResults([...(earlier?.results ?? []), ...resultsOf(run.status)]),
      twin: twin && (await this.twinAfter(twin)),
      schemaBreaks: await takeLines(schemaBreaksFileOf(this.settings)),
    };
    return { ...evidence, situations: situationsOf(evidence) };
  }

  /** Runs lifecycles in a dataset under a schedule. */
  runInDataset(schedule: DatasetSchedule): Promise<DatasetEvidence> {
    const { datasets, temporal, worker } = this.parts;
    return datasets.run(schedule, temporal, worker);
  }

  /** Runs a batch under a schedule. */
  runBatch(schedule: BatchSchedule): Promise<BatchEvidence> {
    return this.parts.batches.run(schedule);
  }

  async close(): Promise<void> {
    await this.twin?.close();
    await this.parts.worker.close();
    await this.parts.connection.close();
    await this.parts.emulator.close();
    await this.parts.datasets.close();
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

  /** The run that the key has before the schedule's own, and what it has stored. */
  private async runEarlier(scene: Scene, { sweep, ...earlier }: EarlierRun, about: Pick<RunEvidence, 'twin'>) {
    const schedule = scheduleOfEarlier(scene.schedule, earlier);
    const start = (): Promise<string> => scene.startFirst(schedule.branches);
    const run: RunEvidence = { ...(await runOfKey(this.ground, scene, schedule, start)), ...about };
    return { run, results: resultsOf(run.status), ...(sweep ? { sweep: await this.sweep('0s') } : {}) };
  }

  private async runTwin(key: string) {
    const { connection, environment } = this.parts;
    this.twin ??= await TwinNamespace.open(connection, this.settings.address, environment);
    const status = await this.twin.complete(key);
    return { twin: this.twin, status, resultSha256: await resultSha256Of(status) };
  }

  private async twinAfter({ twin, status, resultSha256 }: Awaited<ReturnType<Lane['runTwin']>>): Promise<Twin> {
    const sweep = await this.sweep('0s', twin);
    const assetId = status.asset?.id ?? '';
    return { assetId, resultSha256: resultSha256 ?? '', resultSha256After: await resultSha256Of(status), sweep };
  }

  private get ground(): Ground {
    return { ...this.parts, resultsFolder: this.resultsFolder, sweep: () => this.sweep('0s') };
  }

  private get filesFolder(): string {
    return filesFolderOf(this.settings);
  }

  private get resultsFolder(): string {
    return resultsFolderOf(this.settings);
  }
}

async function resultSha256Of(status: LifecycleStatus): Promise<string | undefined> {
  const [hash] = Object.values(await sha256OfResults(resultsOf(status)));
  return hash;
}

/** What others were to do may have come too late, and a mark may never have been wanted. */
function situationsOf(evidence: Omit<Evidence, 'situations'>): Situation[] {
  const { schedule, before, marksRefused, earlier, openSweep, status } = evidence;
  const own = branchesOf(status).filter((one) => !('runId' in one));
  const earlierOutcome = earlier?.run.status?.outcome;
  const there: Partial<Record<Situation, boolean>> = {
    'indexed-by-others': before.othersEntry !== undefined,
    'in-others-entity': before.othersEntityId !== undefined,
    'entity-joined': before.joinedEntityId !== undefined,
    'key-expired': marksRefused,
    'mark-refused': marksRefused,
    'sweep-meanwhile': openSweep !== undefined,
    retried: earlierOutcome === 'failed',
    'branch-list': own.length > 1,
    'two-models': own.filter(({ type }) => type === 'embed').length > 1,
    'one-of-list-fails': own.length > 1 && own.some((one) => one.status === 'failed'),
  };
  if (schedule.shape !== 'retried' && isLaterStart(schedule.shape))
    there[schedule.shape] = earlierOutcome === 'completed';
  const drawn: Situation[] = [...schedule.around, ...(schedule.shape ? [schedule.shape] : [])];
  const ofBranches = (['branch-list', 'two-models', 'one-of-list-fails'] as const).filter((one) => there[one]);
  return [...drawn.filter((situation) => there[situation] ?? true), ...ofBranches];
}
