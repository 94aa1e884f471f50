import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { StartedBatch } from '../../src/client/batches/batches';
import { LifecycleClient } from '../../src/client/lifecycle-client';
import { openSharedFiles } from '../../src/storage/batches/open-shared-files';
import type { BatchStatus } from '../../src/contracts/batch/batch-status';
import { batchWorkflowId } from '../../src/contracts/ids';
import type { ProviderFields } from '../../src/contracts/lifecycle-input';
import { BatchRunning, LifecycleNotFailed } from '../../src/temporal/errors';
import { takeLines, textsBelow } from '../checks/aftermath';
import { emptyResults, filesFolderOf, resultsFolderOf, schemaBreaksFileOf, type LaneSettings } from '../lane-settings';
import { stopRun } from '../run-of-key';
import { batchIdWithSize } from '../worker/group-sizes';
import { LaneWorker } from '../worker/lane-worker';
import { BatchActs } from './batch-acts';
import type { CurrentStriker } from '../strikers/current-striker';
import type { BatchStriker } from '../strikers/batch-striker';
import type { BatchEvidence, BatchStart } from './evidence';
import { groupsOf } from './groups';
import { readBatchRuns } from './histories';
import type { BatchPlace } from './place';
import { BATCH_SITUATIONS, type BatchSchedule, type BatchSurrounding } from './schedule';
import { Singles } from './singles';
import { repairSources, strangerIn, writeSources } from './sources';
import { readStore } from './store';

/** A batch that takes longer counts as never ending; so much more for each time that room has to be made for others. */
const BOUND_MS = 180_000;
const BOUND_OF_ROUND_MS = 60_000;
/** Of slow answers, before an effect and after it: no more than a request may take. */
const SLOW_MS = 600;
const QUICK_PROCESSING_MS = 150;
const LONG_PROCESSING_MS = 8000;

export interface BatchParts {
  temporal: Client;
  /** Id of the namespace. */
  owner: string;
  worker: LaneWorker;
  /** Of a second worker. */
  environment: NodeJS.ProcessEnv;
  striker: BatchStriker;
  account: Destination;
  dataset: Destination;
}

/** Where items can go, and who sees the calls to it. */
interface Destination {
  place: BatchPlace;
  calls: CurrentStriker;
}

type BatchInput = Parameters<LifecycleClient['batches']['start']>[0];

/** Runs batches, one after the other. The namespace, the emulator and the worker are its lane's. */
export class BatchLane {
  private runs = 0;
  /** Of the schedule that runs. */
  private place: BatchPlace;

  constructor(
    private readonly settings: LaneSettings,
    private readonly parts: BatchParts,
  ) {
    this.place = parts.account.place;
  }

  /** Runs the schedule's batch, with everything that happens to it, and gathers the evidence. */
  async run(schedule: BatchSchedule): Promise<BatchEvidence> {
    const { settings } = this;
    const { worker, striker, temporal } = this.parts;
    const { place, calls } = this.parts[schedule.into];
    calls.use(striker);
    this.place = place;
    const { address, name: namespace } = settings;
    const connection = { provider: place.provider, temporal: { client: temporal, address, namespace } };
    const client = await LifecycleClient.connect(connection);
    const store = { results: { folder: resultsFolderOf(settings) }, s3: { forcePathStyle: false } };
    const seesItems = await LifecycleClient.connect({
      ...connection,
      openStore: () => openSharedFiles({ ...store, proxies: { noProxy: '' } }),
    });
    const name = `${namespace}-batch-${++this.runs}`;
    const folder = path.join(filesFolderOf(settings), name);
    worker.forgetLogs();
    await emptyResults(settings);
    const fields = await place.prepare(schedule.branches);
    await place.setProcessing(QUICK_PROCESSING_MS);
    const { samples } = settings;
    let wanted = await writeSources(schedule, { samples, folder, place: place.place });
    const second = has(schedule, 'two-workers') ? await LaneWorker.start(this.parts.environment) : undefined;

    const { onCancel, onFailure, groupSize, from, inFlight, failureMode } = schedule;
    const each: ProviderFields = { ...fields, cleanup: { onCancel, onFailure } };
    const files = wanted.map(({ path: file }) => file);
    const items =
      from === 'folder'
        ? { type: 'folder', path: folder }
        : { type: 'list', items: [...files, ...(has(schedule, 'stranger') ? [strangerIn(folder)] : [])].map(pathItem) };
    const input: BatchInput = { batchId: batchIdWithSize(name, groupSize), items, each, inFlight, failureMode };
    const singles = new Singles(client, temporal, wanted, { each, place });
    if (has(schedule, 'single-before')) await singles.complete();

    const { sweepInput } = place;
    const keys = wanted.map(({ key }) => key);
    const acts = new BatchActs({ client, seesItems, temporal, singles, striker, input, schedule, keys, sweepInput });
    striker.armBatch(
      schedule,
      {
        lookAtHeartbeats: async () => {},
        kill: () => worker.kill(),
        restart: () => worker.restart(),
        stop: (what, cleanup) => stopRun(temporal, batchWorkflowId(acts.input.batchId), what, cleanup),
        moment: async () => {},
      },
      (what) => acts.perform(what),
    );
    const isLong = has(schedule, 'long-processing') || has(schedule, 'single-meanwhile');
    await place.setProcessing(isLong ? LONG_PROCESSING_MS : QUICK_PROCESSING_MS);
    const slow = has(schedule, 'slow-answers');
    await place.setPace(slow ? { beforeEffectMs: SLOW_MS, afterEffectMs: SLOW_MS } : {});

    const starts: Omit<BatchStart, 'runs'>[] = [];
    const takeRun = async (run: { batchId: string; runId: string }): Promise<void> => {
      const isTaken = starts.some(({ runId }) => runId === run.runId);
      if (!isTaken) starts.push(await this.ended(client, schedule, run));
    };
    /** Those that were to join, and came too late. */
    const takeOwn = async (): Promise<void> => {
      for (let own = acts.ownStarts.shift(); own; own = acts.ownStarts.shift()) await takeRun(own);
    };
    /** One that was to join may run by now, and complete what is to be retried. */
    const retry = async (what: BatchInput): Promise<StartedBatch | undefined> => {
      for (;;) {
        try {
          return await client.batches.retry(what.batchId);
        } catch (error) {
          if (error instanceof LifecycleNotFailed) return undefined;
          if (!(error instanceof BatchRunning)) throw error;
          await takeRun(await client.batches.start(what));
        }
      }
    };
    const take = async (what: BatchInput, isRetry = false): Promise<void> => {
      acts.input = what;
      const started = isRetry ? await retry(what) : await client.batches.start(what);
      if (started) await takeRun(started);
      await takeOwn();
    };
    const ended = new AbortController();
    await Promise.all([
      take(input).finally(() => ended.abort()),
      has(schedule, 'single-meanwhile') && singles.startMeanwhile(ended.signal),
    ]);
    if (schedule.again === 'repaired') wanted = await repairSources(wanted, samples);
    const other = { ...input, batchId: batchIdWithSize(`${name}-b`, groupSize) };
    if (schedule.again === 'other-batch') await take(other);
    else if (schedule.again) {
      const hasCompleted = starts.at(-1)?.status?.outcome === 'completed'; // nothing is to be retried then
      await take(input, schedule.again === 'repaired' && !hasCompleted);
    }
    if (has(schedule, 'single-after')) await singles.complete();
    await striker.disarm();
    await takeOwn();
    await place.setPace({});
    await worker.settled();
    await singles.ended();

    const whole = await this.withRuns(starts);
    const groups = await groupsOf(
      temporal,
      whole.flatMap(({ start }) => start.runs),
    );
    const beforeSweep = await place.state();
    for (const { start } of whole) {
      if (start.closedAs === 'TERMINATED') Object.assign(start, await this.read(start.batchId), { after: beforeSweep });
    }
    const evidence: Omit<BatchEvidence, 'situations' | 'sweep'> = {
      schedule,
      provider: place.provider,
      wanted,
      starts: whole.map(({ start }) => start),
      groups: groups.map(({ facts }) => facts),
      singles: singles.facts,
      struck: striker.struck,
      stops: striker.stops,
      acts: striker.acted,
      texts: {
        history: [...whole.flatMap(({ texts }) => texts), ...groups.map(({ text }) => text)].join('\n'),
        log: [worker.log, second?.log ?? ''].join('\n'),
        results: await textsBelow(resultsFolderOf(settings)),
      },
      schemaBreaks: await takeLines(schemaBreaksFileOf(settings)),
      openSweeps: acts.sweeps,
      beforeSweep,
    };
    const sweep = client.sweep({ ...place.sweepInput, grace: '0s' });
    sweep.catch(() => {}); // it may not end in time
    const report = await this.inTime(sweep, settings.sweepBoundMs);
    const after = await place.state();
    await second?.close();
    return {
      ...evidence,
      situations: situationsOf(evidence),
      sweep: { ...(report ? { report } : {}), after },
    };
  }

  /** A sweep removes one orphan after the other, and a group may leave dozens: it is in time for as long as it gets on. */
  private async inTime<T>(sweep: Promise<T>, boundMs: number): Promise<T | undefined> {
    const { place } = this;
    for (let before = Number.POSITIVE_INFINITY; ;) {
      const report = await Promise.race([sweep, delay(boundMs, undefined, { ref: false })]);
      const left = (await place.state()).assets.length;
      if (report !== undefined || left >= before) return report;
      before = left;
    }
  }

  /** Waits for the end of a start, and says what there is then. */
  private async ended(
    client: LifecycleClient,
    { items, inFlight }: BatchSchedule,
    { batchId, runId }: { batchId: string; runId: string },
  ): Promise<Omit<BatchStart, 'runs'>> {
    const { place } = this;
    const { temporal, striker } = this.parts;
    const workflowId = batchWorkflowId(batchId);
    const callsFrom = striker.calls.length;
    const result = temporal.workflow
      .getHandle(workflowId, runId)
      .result()
      .catch(() => undefined); // it failed, or was terminated
    const boundMs = BOUND_MS + BOUND_OF_ROUND_MS * Math.ceil(items / inFlight);
    const told = await Promise.race([result, delay(boundMs, undefined, { ref: false })]);
    const last = (await readBatchRuns(temporal, workflowId, runId)).at(-1)?.facts;
    const closedAs = last?.closedAs ?? 'RUNNING';
    if (closedAs === 'RUNNING') await temporal.workflow.getHandle(workflowId, last?.runId).terminate('never ends');
    const status = closedAs === 'FAILED' ? await client.batches.status(batchId) : told;
    const store = await this.read(batchId);
    const after = await place.state();
    const { raw } = await temporal.workflow.getHandle(workflowId).describe();
    const isOvertaken = raw.workflowExecutionInfo?.firstRunId !== runId;
    const calls = striker.calls.slice(callsFrom);
    return { batchId, runId, status: status as BatchStatus | undefined, closedAs, ...store, after, calls, isOvertaken };
  }

  private read(batchId: string): ReturnType<typeof readStore> {
    return readStore(resultsFolderOf(this.settings), { owner: this.parts.owner, batchId });
  }

  private async withRuns(starts: readonly Omit<BatchStart, 'runs'>[]) {
    const { temporal } = this.parts;
    return Promise.all(
      starts.map(async (start) => {
        const runs = await readBatchRuns(temporal, batchWorkflowId(start.batchId), start.runId);
        return { start: { ...start, runs: runs.map(({ facts }) => facts) }, texts: runs.map(({ text }) => text) };
      }),
    );
  }
}

const pathItem = (file: string): { path: string } => ({ path: file });

const has = ({ around }: BatchSchedule, one: BatchSurrounding): boolean => around.includes(one);

/** What was really there. */
function situationsOf({ schedule, starts, groups, struck }: Omit<BatchEvidence, 'situations' | 'sweep'>) {
  const there: Readonly<Record<string, boolean>> = {
    'several-groups': groups.length > 1,
    'many-groups': groups.length > 10,
    'new-run': starts.some(({ runs }) => runs.length > 1),
    'damaged-items': schedule.damaged > 0,
    'fail-after-one': schedule.failureMode === 'FailAfterOne',
    'branch-list': schedule.branches.length > 1,
  };
  const drawn: readonly string[] = [...schedule.around, ...(schedule.again ? [schedule.again] : [])];
  return struck.length === 0 ? [] : BATCH_SITUATIONS.filter((one) => there[one] ?? drawn.includes(one));
}
