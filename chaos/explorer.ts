import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcServiceError, NamespaceNotFoundError } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import fc from 'fast-check';
import { packageRoot } from '../src/stack/package-root';
import { batchScheduleOf, isForBatch, type BatchSchedule } from './batches/schedule';
import { serveFolder } from '../src/cli/demo/provider';
import { startTemporalServer } from '../src/stack/temporal-server';
import type { Environment } from '../src/stack/programs';
import { InvalidInput } from '../src/temporal/errors';
import { datasetScheduleOf, isForDataset, type DatasetSchedule } from './datasets/schedule';
import {
  BATCHES,
  coverageOfKinds,
  DATASETS,
  MEDIA,
  type AnyEvidence,
  type AnySchedule,
  type CoverageOfKinds,
  type Kind,
} from './kinds';
import { Lane } from './lane';
import type { Sabotage } from './sabotage';
import { scheduleOf } from './schedules/draw-schedule';
import type { Schedule } from './schedules/schedule';

export interface ExplorerOptions {
  /** One schedule each. */
  seeds: readonly number[];
  /** Instead of what the seeds draw. */
  schedule?: Schedule;
  /** The same for lifecycles in a dataset. */
  datasetSchedule?: DatasetSchedule;
  /** The same for a batch. */
  batchSchedule?: BatchSchedule;
  /** Schedules that run side by side. */
  lanes: number;
  samples: string;
  environment: Environment;
  sabotage?: Sabotage;
  /** Ends at the first violation. */
  stopAtFirst?: boolean;
  /** Most milliseconds to look for a smaller schedule that fails; 0 for none. */
  shrinkMs: number;
  /** Most milliseconds that a sweep may take; default: a minute. */
  sweepBoundMs?: number;
  onProgress(done: number, violated: number): void;
  /** Hears of a violation at once; its smallest schedule takes longer. */
  onViolation?(violation: Violation): void;
}

export interface Violation {
  seed: number;
  schedule: AnySchedule;
  words: string[];
  evidence: AnyEvidence;
  /** A smaller schedule that fails too, if one was found in time. */
  smallest?: { schedule: AnySchedule; words: string[] };
}

export interface Exploration {
  runs: number;
  violations: Violation[];
  coverage: CoverageOfKinds;
  seconds: number;
}

const SERVER_SETTINGS = {
  /** Else a closed run is deleted only half a minute after the server was told to. */
  'history.transferProcessorEnsureCloseBeforeDelete': 'false',
  /** A batch and a sweep of a few dozen go on in a new run. */
  'limit.historyCount.suggestContinueAsNew': '60',
};

/** Runs lifecycles under drawn schedules on a server of its own, and checks every promise after each. */
export async function explore(options: ExplorerOptions): Promise<Exploration> {
  const { seeds, environment, samples, sweepBoundMs = 60_000 } = options;
  const startedAt = Date.now();
  const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-chaos-'));
  const files = await serveFolder(samples);
  const temporal = await startTemporalServer({ environment, onProgress: () => {}, dynamicConfig: SERVER_SETTINGS });
  const found: Exploration = { runs: 0, violations: [], coverage: coverageOfKinds(), seconds: 0 };
  try {
    const sabotage = await sabotageOf(options.sabotage, folder);
    let next = 0;
    let isBroken = false;
    const work = async (n: number): Promise<void> => {
      const { address } = temporal;
      const name = `lane-${n}`;
      const lane = await Lane.open({ name, address, filesUrl: files.url, samples, folder, sabotage, sweepBoundMs });
      try {
        while (next < seeds.length && !isBroken && !(options.stopAtFirst && found.violations.length > 0)) {
          await runOne(lane, seeds[next++] as number, options, found);
        }
      } catch (error) {
        isBroken = true; // what it would have shown is missing, so the others need not go on
        throw error;
      } finally {
        await lane.close();
      }
    };
    const lanes = Array.from({ length: Math.min(options.lanes, seeds.length) }, (_, n) => work(n + 1));
    const [failed] = (await Promise.allSettled(lanes)).filter((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
  } finally {
    await temporal.close();
    await files.close();
    await rm(folder, { recursive: true, force: true });
  }
  return { ...found, seconds: (Date.now() - startedAt) / 1000 };
}

/** One seed of four is for a batch, and of the others one of three for lifecycles in a dataset. */
function runOne(lane: Lane, seed: number, options: ExplorerOptions, found: Exploration): Promise<void> {
  const { schedule, datasetSchedule, batchSchedule } = options;
  const judged = { lane, seed, options, found };
  if (schedule) return judgeOne(MEDIA, schedule, judged);
  if (datasetSchedule) return judgeOne(DATASETS, datasetSchedule, judged);
  if (batchSchedule) return judgeOne(BATCHES, batchSchedule, judged);
  if (isForBatch(seed)) return judgeOne(BATCHES, batchScheduleOf(seed), judged);
  if (isForDataset(seed)) return judgeOne(DATASETS, datasetScheduleOf(seed), judged);
  return judgeOne(MEDIA, scheduleOf(seed), judged);
}

interface Judged {
  lane: Lane;
  seed: number;
  options: ExplorerOptions;
  found: Exploration;
}

async function judgeOne<S extends AnySchedule, E extends AnyEvidence>(
  kind: Kind<S, E>,
  schedule: S,
  { lane, seed, options, found }: Judged,
): Promise<void> {
  const evidence = await runKnown(() => kind.run(lane, schedule));
  found.runs += 1;
  kind.add(found.coverage, evidence);
  const words = kind.violationsOf(evidence);
  if (words.length > 0) {
    const violation: Violation = { seed, schedule, words, evidence };
    options.onViolation?.(violation);
    const smallest = await shrink(kind, lane, seed, options.shrinkMs);
    found.violations.push({ ...violation, smallest });
  }
  options.onProgress(found.runs, found.violations.length);
}

/**
 * Runs the schedule anew where the server under load took too long to look up the lane's namespace, and called it unknown.
 */
async function runKnown<E>(run: () => Promise<E>): Promise<E> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      if (!isOfUnknownNamespace(error) || tries === MOST_TRIES) throw error;
      await delay(1000);
    }
  }
}

const MOST_TRIES = 10;

/** Some calls of the clients tell it in words of their own. */
const isOfUnknownNamespace = (error: unknown): boolean =>
  error instanceof NamespaceNotFoundError ||
  (error instanceof InvalidInput && error.message.includes(' has no namespace "')) ||
  (isGrpcServiceError(error) && /^Namespace \S+ is not found/.test(error.details));

/** Looks for a smaller schedule that fails as well; each try is a whole run. */
async function shrink<S extends AnySchedule, E extends AnyEvidence>(
  kind: Kind<S, E>,
  lane: Lane,
  seed: number,
  shrinkMs: number,
): Promise<Violation['smallest']> {
  if (shrinkMs === 0) return undefined;
  let smallest: Violation['smallest'];
  let running: Promise<unknown> = Promise.resolve();
  const holds = fc.asyncProperty(kind.schedules, async (schedule) => {
    const run = runKnown(() => kind.run(lane, schedule));
    running = run;
    const words = kind.violationsOf(await run);
    if (words.length > 0) smallest = { schedule, words };
    return words.length === 0;
  });
  await fc.check(holds, { seed, numRuns: 1, interruptAfterTimeLimit: shrinkMs, markInterruptAsFailure: false });
  await running; // an interrupted check does not wait for it
  return smallest;
}

/** Guards that are taken out of the workflows: what is bundled instead of them, or with them. */
const IN_WORKFLOWS: Partial<Record<Sabotage, { instead?: string; beside?: string }>> = {
  'reversed-cleanup': { instead: 'reversed-workflows' },
  'unheard-stops': { beside: 'unheard-stops' },
  'unheard-pauses': { beside: 'unheard-pauses' },
};

const OVERDUE = path.join(packageRoot(), 'dist/src/workflows/lib/batch/overdue');

/** What takes the guard out of a worker, and the workflows that it runs. */
async function sabotageOf(sabotage: Sabotage | undefined, folder: string): Promise<NodeJS.ProcessEnv> {
  const inWorkflows = sabotage && IN_WORKFLOWS[sabotage];
  const bundle = path.join(folder, 'workflows.js');
  await writeFile(bundle, await bundleOf(inWorkflows ? sabotage : undefined));
  return { CHAOS_WORKFLOWS: bundle, CHAOS_SABOTAGE: inWorkflows ? undefined : sabotage };
}

/** What was bundled in this process: a test of many guards needs the whole workflows again and again. */
const bundled = new Map<Sabotage | undefined, Promise<string>>();

function bundleOf(sabotage: Sabotage | undefined): Promise<string> {
  const known = bundled.get(sabotage) ?? bundleWorkflows(sabotage && IN_WORKFLOWS[sabotage]);
  bundled.set(sabotage, known);
  return known;
}

/** In it a death is noticed after 15 seconds, that of a group after 8. */
async function bundleWorkflows({ instead, beside }: { instead?: string; beside?: string } = {}): Promise<string> {
  const inFolder = (name: string): string => path.join(packageRoot(), 'dist/chaos/worker', `${name}.js`);
  const { code } = await bundleWorkflowCode({
    workflowsPath: instead ? inFolder(instead) : path.join(packageRoot(), 'dist/src/workflows/index.js'),
    workflowInterceptorModules: ['short-heartbeats', ...(beside ? [beside] : [])].map(inFolder),
    webpackConfigHook: ({ resolve: { alias, ...resolve } = {}, ...config }) => {
      const [name, other] = [OVERDUE, inFolder('soon-overdue')];
      const changed = Array.isArray(alias) ? [...alias, { name, alias: other }] : { ...alias, [name]: other };
      return { ...config, resolve: { ...resolve, alias: changed } };
    },
    logger: new DefaultLogger('ERROR'),
  });
  return code;
}
