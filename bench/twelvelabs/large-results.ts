import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../../src/contracts/ids';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { DEFAULT_PROVIDER, PROVIDERS } from '../../src/providers/registry';
import type { Figure } from '../figures';
import type { BenchProcess, BenchSystem } from '../system/bench-system';
import { MEBIBYTE } from '../uploads/source-files';
import { startLargeResults } from './large-results-server';

const RESULT_BYTES = 100 * MEBIBYTE;
const MOST_GROWN_BYTES = 64 * MEBIBYTE;
/** A heartbeat may be as late as this without a sign of it: the worker sends one each second at most. */
const LONGEST_GAP_MS = 1000;
const SAMPLE_EVERY_MS = 50;

/** What an embedding result of 100 MB of JSON costs a worker, alone and two at a time. */
export async function benchLargeResults(system: BenchSystem): Promise<Figure[]> {
  const server = await startLargeResults();
  const gaps = path.join(system.folder, 'gaps.txt');
  const worker = await system.startWorker(
    { ...PROVIDERS[0].emulatorEnvironment(server.origin), BENCH_GAPS_FILE: gaps },
    [
      '--require',
      path.join(__dirname, '../system/loop-gaps.js'),
      path.join(__dirname, '../../src/cli/main.js'),
      'worker',
    ],
  );
  try {
    server.resultBytes = 64 * 1024;
    await embed(system, 'results-warm');
    server.resultBytes = RESULT_BYTES;
    const one = await measure(system, { worker, gaps }, ['results-one']);
    const two = await measure(system, { worker, gaps }, ['results-two-a', 'results-two-b']);
    return [...figuresOf('one embedding result of 100 MB', one), ...figuresOf('two of them at a time', two)];
  } finally {
    await worker.stop();
    await server.close();
  }
}

interface Cost {
  grownBytes: number;
  longestGapMs: number;
  seconds: number;
  /** Of all activities, most of one; above 1 when a heartbeat came too late. */
  attempts: number;
  storedBytes: number;
}

function figuresOf(what: string, cost: Cost): Figure[] {
  const { grownBytes, longestGapMs, seconds, attempts, storedBytes } = cost;
  return [
    {
      name: `worker memory growth, ${what}`,
      value: grownBytes / MEBIBYTE,
      unit: 'MiB',
      goal: `<= ${MOST_GROWN_BYTES / MEBIBYTE}`,
      ok: grownBytes <= MOST_GROWN_BYTES,
      note: `${(storedBytes / MEBIBYTE).toFixed(0)} MiB stored in ${seconds.toFixed(1)} s`,
    },
    {
      name: `longest gap of the worker's event loop, ${what}`,
      value: longestGapMs,
      unit: 'ms',
      goal: `<= ${LONGEST_GAP_MS}, each activity tried once`,
      ok: longestGapMs <= LONGEST_GAP_MS && attempts === 1,
      note: `most attempts of an activity: ${attempts}`,
    },
  ];
}

interface Measured {
  worker: BenchProcess;
  gaps: string;
}

async function measure(system: BenchSystem, { worker, gaps }: Measured, keys: readonly string[]): Promise<Cost> {
  await writeFile(gaps, '');
  const before = await worker.residentBytes();
  let most = before;
  const sample = async (): Promise<void> => void (most = Math.max(most, await worker.residentBytes()));
  const sampler = setInterval(() => void sample().catch(() => {}), SAMPLE_EVERY_MS); // it may have ended
  const started = performance.now();
  try {
    const ends = await Promise.all(keys.map((key) => embed(system, key)));
    return {
      grownBytes: most - before,
      longestGapMs: Math.max(0, ...(await readFile(gaps, 'utf8')).split('\n').map(Number)),
      seconds: (performance.now() - started) / 1000,
      attempts: Math.max(...ends.map(({ attempts }) => attempts)),
      storedBytes: ends.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
    };
  } finally {
    clearInterval(sampler);
  }
}

async function embed({ client }: BenchSystem, key: string): Promise<Pick<Cost, 'attempts' | 'storedBytes'>> {
  const handle = await client.workflow.start(ASSET_LIFECYCLE, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: lifecycleWorkflowId(DEFAULT_PROVIDER, key),
    args: [
      {
        source: { type: 'file', path: path.resolve(__dirname, '../../../samples/clip.mp4') },
        branch: { type: 'embed' },
      },
    ],
  });
  const status = (await handle.result()) as LifecycleStatus;
  const { events } = await handle.fetchHistory();
  const attempts = (events ?? []).map(({ activityTaskStartedEventAttributes: started }) => started?.attempt ?? 0);
  return { attempts: Math.max(...attempts), storedBytes: status.branch?.result?.bytes ?? 0 };
}
