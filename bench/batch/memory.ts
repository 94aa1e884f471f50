import { setTimeout as delay } from 'node:timers/promises';
import type { Figure } from '../figures';
import type { BenchSettings } from '../run-benches';
import type { BenchProcess, BenchSystem } from '../system/bench-system';
import { largestHistory } from './largest-history';
import { connectBatches, folderOf, QUICK_POLLS, runBatch } from './run-batch';

const FEW = 1000;
const MANY = 100_000;
const MOST_MB = 600;
const MOST_GROWTH = 1.25;
const LOOK_EVERY_MS = 500;

const WAITING = 10_000;
const IDS_A_REQUEST = 50;
const INTERVAL_MS = 5000;
const COUNT_ROUNDS = 4;

/** The most memory of a worker in a batch of 1,000 items, and of many more. The emulator hashes them, and keeps none. */
export async function benchMemory(system: BenchSystem, { items = MANY }: BenchSettings): Promise<Figure[]> {
  await system.control.setProcessing({ baseMs: 0, msPerMegabyte: 0 });
  const batches = await connectBatches(system);
  const peakOf = async (count: number): Promise<number> => {
    const name = `memory-${count}`;
    const folder = await folderOf(system, name, count);
    const worker = await system.startWorker(QUICK_POLLS);
    try {
      return await peakDuring(worker, runBatch(batches, name, { folder, branch: 'none' }));
    } finally {
      await worker.stop();
    }
  };
  const few = await peakOf(FEW);
  const many = await peakOf(items);
  const history = await largestHistory(system.client, `memory-${items}`);
  const common = { name: `memory of the worker, ${items} items`, value: many, unit: 'MB', goal: `<= ${MOST_MB}` };
  const growth = { name: 'the same, against 1,000 items', value: many / few, unit: '×', goal: `<= ${MOST_GROWTH}` };
  return [
    { ...common, ok: many <= MOST_MB, note: `${few.toFixed(0)} MB with ${FEW}` },
    { ...growth, ok: many / few <= MOST_GROWTH },
    history,
  ];
}

/** Many items waiting on one worker: its memory, and what it asks the provider in a round. */
export async function benchWaitingItems(system: BenchSystem, { items = WAITING }: BenchSettings): Promise<Figure[]> {
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  const interval = `${INTERVAL_MS}ms`;
  const worker = await system.startWorker({
    ASSET_LIFECYCLE_POLL_INTERVAL_MIN: interval,
    ASSET_LIFECYCLE_POLL_INTERVAL_MAX: interval,
    ASSET_LIFECYCLE_POLL_REQUESTS_PER_MINUTE: '60000',
  });
  const batches = await connectBatches(system);
  try {
    const folder = await folderOf(system, 'waiting', items);
    await batches.start({ batchId: 'waiting', items: { type: 'folder', path: folder }, inFlight: items });
    const counted = async (route: string): Promise<number> => (await system.control.counters())[route]?.requests ?? 0;
    while ((await counted('POST /assets')) < items) await delay(LOOK_EVERY_MS);
    await delay(INTERVAL_MS * 2); // the last ones are handed to their wait
    const before = await counted('GET /assets');
    const from = performance.now();
    await delay(INTERVAL_MS * COUNT_ROUNDS);
    const asked = (await counted('GET /assets')) - before;
    const requests = asked / ((performance.now() - from) / INTERVAL_MS);
    const most = Math.ceil(items / IDS_A_REQUEST);
    const megabytes = (await worker.residentBytes()) / 1024 ** 2;
    const round = { name: `list requests a round, ${items} items waiting`, value: requests, unit: '' };
    const memory = { name: `memory of the worker, ${items} items waiting`, value: megabytes, unit: 'MB' };
    return [
      { ...round, goal: `<= ${most}`, ok: requests <= most * 1.05 },
      { ...memory, goal: `<= ${MOST_MB}`, ok: megabytes <= MOST_MB },
    ];
  } finally {
    await worker.stop();
  }
}

async function peakDuring(worker: BenchProcess, work: Promise<unknown>): Promise<number> {
  let isOver = false;
  const over = work.finally(() => (isOver = true));
  let most = 0;
  while (!isOver) {
    most = Math.max(most, await worker.residentBytes());
    await Promise.race([over.catch(() => {}), delay(LOOK_EVERY_MS)]);
  }
  await over;
  return most / 1024 ** 2;
}
