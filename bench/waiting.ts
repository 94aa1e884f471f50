import path from 'node:path';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../src/contracts/ids';
import { DEFAULT_PROVIDER } from '../src/providers/registry';
import type { BenchSystem } from './system/bench-system';
import { percentile, type Figure } from './figures';

const LIFECYCLES = 1000;
const GROUPS = 20;
const IDS_A_REQUEST = 50;
const INTERVAL_MS = 5000;
/** The assets become ready spread over this time, a group after the other. */
const SPREAD_MS = 120_000;
const COUNT_ROUNDS = 4;
const LIST = 'GET /assets';

/** 1,000 lifecycles waiting on one worker: requests a poll round, memory, and how soon readiness is noticed. */
export async function benchWaiting(system: BenchSystem): Promise<Figure[]> {
  const worker = await system.startWorker({
    ASSET_LIFECYCLE_POLL_INTERVAL_MIN: `${INTERVAL_MS}ms`,
    ASSET_LIFECYCLE_POLL_INTERVAL_MAX: `${INTERVAL_MS}ms`,
  });
  try {
    const readyIn = 3_600_000;
    for (let group = 0; group < GROUPS; group++) {
      const stagger = Math.round(((group + Math.random()) / GROUPS) * SPREAD_MS);
      await system.control.setProcessing({ baseMs: readyIn + stagger, msPerMegabyte: 0 });
      await startGroup(system, group);
      console.error(`waiting: ${(group + 1) * (LIFECYCLES / GROUPS)} of ${LIFECYCLES} lifecycles started`);
    }
    const before = await system.control.counters();
    const countedFrom = performance.now();
    await pause(INTERVAL_MS * COUNT_ROUNDS);
    const after = await system.control.counters();
    const rounds = (performance.now() - countedFrom) / INTERVAL_MS;
    const requests = (requestsOf(after, LIST) - requestsOf(before, LIST)) / rounds;
    const megabytes = (await worker.residentBytes()) / 1024 ** 2;

    const last = await lastReadyAt(system);
    await system.control.advanceClock(Math.max(0, last - SPREAD_MS * 1.5 - (await system.control.clock()).nowMs));
    const late = await delays(system);
    const p95 = percentile(late, 0.95) / INTERVAL_MS;
    const atMost = Math.ceil(LIFECYCLES / IDS_A_REQUEST);
    return [
      {
        name: 'list requests a poll round, 1,000 waiting',
        value: requests,
        unit: '',
        goal: `<= ${atMost}`,
        ok: requests <= atMost * 1.05,
      },
      {
        name: 'worker memory (RSS), 1,000 waiting',
        value: megabytes,
        unit: 'MB',
        goal: '<= 450',
        ok: megabytes <= 450,
      },
      { name: 'ready to noticed, p95', value: p95, unit: 'poll intervals', goal: '<= 1.25', ok: p95 <= 1.25 },
    ];
  } finally {
    await worker.stop();
  }
}

async function startGroup(system: BenchSystem, group: number): Promise<void> {
  const size = LIFECYCLES / GROUPS;
  await Promise.all(
    Array.from({ length: size }, (_, index) => {
      const key = `waiting-${group * size + index}`;
      const source = { type: 'file', path: path.resolve(__dirname, '../../samples/portrait-2.png') };
      return system.client.workflow.start(ASSET_LIFECYCLE, {
        taskQueue: WORKFLOW_TASK_QUEUE,
        workflowId: lifecycleWorkflowId(DEFAULT_PROVIDER, key),
        args: [{ source, filename: `${key}.png` }],
      });
    }),
  );
  while (requestsOf(await system.control.counters(), 'POST /assets') < (group + 1) * size) await pause(100);
}

/** Milliseconds from each asset's readiness, by the emulator's clock, to the end of its wait in the history. */
async function delays(system: BenchSystem): Promise<number[]> {
  const { nowMs } = await system.control.clock();
  const aheadMs = nowMs - Date.now(); // the emulator's clock against the server's, which is the machine's
  const { assets } = await system.control.state();
  const late: number[] = [];
  for (const asset of assets) {
    const key = String(asset.user_metadata?.asset_lifecycle_key);
    if (!key.startsWith('waiting-')) continue;
    const handle = system.client.workflow.getHandle(lifecycleWorkflowId(DEFAULT_PROVIDER, key));
    await handle.result();
    const { events } = await handle.fetchHistory();
    const ends = (events ?? []).filter((event) => event.activityTaskCompletedEventAttributes);
    const seconds = Number(ends[1]?.eventTime?.seconds ?? 0);
    const endedAt = seconds * 1000 + (ends[1]?.eventTime?.nanos ?? 0) / 1e6; // submitSource, then untilAssetReady
    late.push(endedAt - ((asset.readyAtMs ?? Number.NaN) - aheadMs));
  }
  return late;
}

async function lastReadyAt(system: BenchSystem): Promise<number> {
  const { assets } = await system.control.state();
  return Math.max(...assets.map(({ readyAtMs }) => readyAtMs ?? 0));
}

const requestsOf = (counters: Record<string, { requests: number }>, route: string): number =>
  counters[route]?.requests ?? 0;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
