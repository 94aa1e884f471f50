import { createHash } from 'node:crypto';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { DatatureViControl } from '../../emulator/datature-vi/control-client';
import { startDatatureViEmulator, type DatatureViEmulator } from '../../emulator/datature-vi/start-emulator';
import { SettingsSchema } from '../../emulator/datature-vi/rules/settings';
import { LifecycleClient } from '../../src/client/lifecycle-client';
import type { SweepReport } from '../../src/contracts/ledger/sweep';
import { lifecycleWorkflowId } from '../../src/contracts/ids';
import { textsBelow } from '../checks/aftermath';
import { readableText } from '../checks/secrets';
import { emptyResults, filesFolderOf, resultsFolderOf, type LaneSettings } from '../lane-settings';
import { heardOf } from '../checks/events';
import { stopRun } from '../run-of-key';
import { phasesOf } from '../schedules/phases';
import type { LaneWorker } from '../worker/lane-worker';
import type { DatasetEvidence, DatasetRun, OthersAsset } from './evidence';
import { othersUpload, pictureOf } from './others';
import type { DatasetSchedule, DatasetSurrounding } from './schedule';
import { CurrentStriker } from '../strikers/current-striker';
import { DatasetStriker } from '../strikers/dataset-striker';

const PROVIDER = 'datature-vi';
const DATASET = 'demo';
/** A lifecycle that takes longer counts as never ending. */
const BOUND_MS = 180_000;
/** Of a slow provider, before an effect and after it: no more than a request may take. */
const SLOW_MS = 600;

interface Started {
  key: string;
  runId: string;
  filename: string;
  sha256: string;
}

/** A dataset on an emulator of its own, where one schedule after the other runs. The namespace and the worker are its lane's. */
export class DatasetLane {
  private runs = 0;

  private constructor(
    private readonly settings: LaneSettings,
    private readonly emulator: DatatureViEmulator,
    private readonly striker: DatasetStriker,
    /** Another striker may see the calls while nothing of a dataset is run here. */
    readonly calls: CurrentStriker,
  ) {}

  static async open(settings: LaneSettings): Promise<DatasetLane> {
    const striker = new DatasetStriker();
    const calls = new CurrentStriker(striker);
    const emulator = await startDatatureViEmulator({ processing: { baseMs: 150, msPerMegabyte: 0 }, hooks: calls });
    return new DatasetLane(settings, emulator, striker, calls);
  }

  get origin(): string {
    return this.emulator.origin;
  }

  get control(): DatatureViControl {
    return new DatatureViControl(this.emulator.controlUrl);
  }

  /** Runs the schedule's lifecycles and gathers the evidence. */
  async run(schedule: DatasetSchedule, temporal: Client, worker: LaneWorker): Promise<DatasetEvidence> {
    const { settings, striker, control } = this;
    this.calls.use(striker);
    const { address, name: namespace } = settings;
    const client = await LifecycleClient.connect({
      provider: PROVIDER,
      temporal: { client: temporal, address, namespace },
    });
    const key = `${namespace}-dataset-${++this.runs}`;
    const folder = path.join(filesFolderOf(settings), key);
    worker.forgetLogs();
    await emptyResults(settings);
    await mkdir(folder, { recursive: true });
    await control.reset();
    await control.set({ ...SettingsSchema.parse({}), ...settingsOf(schedule) });
    const others = await this.othersPrepare(schedule, control);
    await this.prepareFailures(schedule, control);

    const heartbeats: string[] = [];
    const first = lifecycleWorkflowId(PROVIDER, key);
    const lookAtHeartbeats = async (): Promise<void> => {
      const { raw } = await temporal.workflow.getHandle(first).describe();
      heartbeats.push(readableText(raw.pendingActivities?.map(({ heartbeatDetails }) => heartbeatDetails)));
    };
    striker.arm(
      { strikes: schedule.strikes, around: isAround(schedule, 'slow-dataset') ? ['slow-provider'] : [] },
      {
        lookAtHeartbeats,
        kill: async () => {
          await lookAtHeartbeats();
          await worker.kill();
        },
        restart: () => worker.restart(),
        stop: (what, cleanup) => stopRun(temporal, first, what, cleanup),
        moment: async () => {
          if (isAround(schedule, 'session-failed')) await striker.aside(() => failOpenSessions(control));
        },
      },
    );
    await control.setPace(
      isAround(schedule, 'slow-dataset') ? { beforeEffectMs: SLOW_MS, afterEffectMs: SLOW_MS } : {},
    );
    const started = await this.start(schedule, client, key, folder);
    const ended = started.map(({ key: its }) =>
      Promise.race([client.result(its), delay(BOUND_MS, undefined, { ref: false })]),
    );
    const statuses = await Promise.all(ended);
    await striker.disarm();
    await control.setPace({});
    await worker.settled();

    const runs = await Promise.all(
      started.map(async (one, index): Promise<DatasetRun> => {
        const handle = temporal.workflow.getHandle(lifecycleWorkflowId(PROVIDER, one.key), one.runId);
        const closedAs = (await handle.describe()).status.name;
        return { ...one, status: statuses[index] ?? undefined, closedAs };
      }),
    );
    const history = await temporal.workflow.getHandle(first, started[0]?.runId).fetchHistory();
    const beforeSweep = await control.state();
    const texts = {
      history: readableText(history),
      log: worker.log,
      heartbeats: heartbeats.join('\n'),
      results: await textsBelow(resultsFolderOf(settings)),
    };
    const sweep = sweepTwice(client);
    sweep.catch(() => {}); // it may not end in time
    const report = await Promise.race([sweep, delay(settings.sweepBoundMs, undefined, { ref: false })]);
    return {
      schedule,
      situations: [...(schedule.shape ? [schedule.shape] : []), ...schedule.around],
      runs,
      others,
      calls: striker.calls,
      struck: striker.struck,
      stops: heardOf(striker.stops, history),
      phases: phasesOf(history),
      texts,
      beforeSweep,
      sweep: { ...(report ? { report } : {}), after: await control.state() },
    };
  }

  close(): Promise<void> {
    return this.emulator.close();
  }

  /** What others have in the dataset before. */
  private async othersPrepare(
    { shape }: DatasetSchedule,
    control: DatatureViControl,
  ): Promise<OthersAsset | undefined> {
    if (shape !== 'name-taken' && shape !== 'name-taken-told' && shape !== 'same-content') return undefined;
    const content = await pictureOf(this.settings.samples, shape === 'same-content' ? mark(0) : 'of others');
    await othersUpload(this.origin, DATASET, filenameOf(0), content);
    const { assets } = await control.state();
    const [asset] = assets;
    if (!asset) throw new Error('the asset of others is not there');
    return { id: asset.assetId, filename: asset.filename, sha256: asset.sha256 };
  }

  private async prepareFailures(schedule: DatasetSchedule, control: DatatureViControl): Promise<void> {
    const filename = filenameOf(0);
    if (isAround(schedule, 'file-failed')) await control.failFile({ filename, code: 'EUNKNOWN' });
    if (isAround(schedule, 'file-refused')) await control.failFile({ filename, code: 'EBADMIME', times: 50 });
  }

  private async start(
    { shape, source, onCancel, onFailure }: DatasetSchedule,
    client: LifecycleClient,
    key: string,
    folder: string,
  ): Promise<Started[]> {
    const count = shape === 'session-shared' ? 3 : shape === 'one-name-twice' ? 2 : 1;
    const all = Array.from({ length: count }, async (_, index): Promise<Started> => {
      const filename = filenameOf(shape === 'one-name-twice' ? 0 : index);
      const content = await pictureOf(this.settings.samples, mark(index));
      const file = path.join(folder, `${index}-${filename}`);
      await writeFile(file, content);
      await utimes(file, 0, 0); // nobody waits for it to rest
      const its = index === 0 ? key : `${key}-${index}`;
      const { runId } = await client.start({
        key: its,
        provider: PROVIDER,
        datasetId: DATASET,
        source: { type: 'file', path: file },
        filename,
        upload: { method: source === 'parts' ? 'multipart' : 'auto' },
        cleanup: { onCancel, onFailure },
        ...(shape === 'name-taken-told' ? { onAssetOverwritten: 'RemoveLinkedResource' as const } : {}),
      });
      return { key: its, runId, filename, sha256: createHash('sha256').update(content).digest('hex') };
    });
    return Promise.all(all);
  }
}

/** What comes of a session that the first sweep ends is found by the second one. */
async function sweepTwice(client: LifecycleClient): Promise<SweepReport> {
  const first = await client.sweep({ datasetId: [DATASET], grace: '0s' });
  return first.found === 0 ? first : client.sweep({ datasetId: [DATASET], grace: '0s' });
}

const filenameOf = (index: number): string => `picture-${index}.jpg`;
const mark = (index: number): string => `content ${index}`;

export const isAround = ({ around }: DatasetSchedule, one: DatasetSurrounding): boolean => around.includes(one);

/** Part of a file of that size are three. */
const PART_BYTES = 24 * 1024;

const settingsOf = (schedule: DatasetSchedule) =>
  ({
    partBytes: PART_BYTES,
    finishedWithErrors: isAround(schedule, 'ends-failed') ? 'FailedReach' : 'Reached',
    listed: isAround(schedule, 'listed-late') ? 'when-finished' : 'when-ready',
    hashAlgorithm: isAround(schedule, 'unknown-hash') ? 'blake3' : 'sha256',
    sessionsTellFiles: !isAround(schedule, 'forgets-files'),
  }) as const;

async function failOpenSessions(control: DatatureViControl): Promise<void> {
  const { sessions } = await control.state();
  for (const { sessionId, ended } of sessions) {
    if (ended === null) await control.fail(sessionId, 'Failed by the schedule.').catch(() => {}); // it ended meanwhile
  }
}
