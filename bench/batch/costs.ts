import type { Figure } from '../figures';
import type { BenchSettings } from '../run-benches';
import type { BenchSystem } from '../system/bench-system';
import { difference, settledServerCounts, total } from '../system/server-metrics';
import { largestHistory } from './largest-history';
import { connectBatches, folderOf, QUICK_POLLS, runBatch, type BenchBranch } from './run-batch';

/** Of the asset; real, since the server counts heartbeats, which no clock can skip. */
const WAIT_MS = 60_000;
const MOST_ACTIONS = 0.5;
/** Create, mark; with `embed` also the branch, whose answer is the embedding of an image. */
const REQUESTS: Readonly<Record<BenchBranch, number>> = { none: 2, embed: 3 };
const MOST_MORE = 0.1;

/** What an item costs: billable actions with a minute of waiting, and requests to the provider where nothing waits. */
export async function benchCosts(system: BenchSystem, { items = 1000 }: BenchSettings): Promise<Figure[]> {
  const worker = await system.startWorker(QUICK_POLLS);
  const batches = await connectBatches(system);
  const { namespace } = system.temporal;
  const figures: Figure[] = [];
  try {
    for (const branch of ['none', 'embed'] as const) {
      await system.control.reset();
      await system.control.setProcessing({ baseMs: 0, msPerMegabyte: 0 });
      const before = await requestsByRoute(system);
      await runBatch(batches, `requests-${branch}`, {
        folder: await folderOf(system, `requests-${branch}`, items),
        branch,
      });
      const made = difference(await requestsByRoute(system), before);
      const each = total(made) / items;
      const most = REQUESTS[branch] + MOST_MORE;
      const note = [...made].map(([route, count]) => `${route} ${count}`).join(', ');
      figures.push({
        ...{ name: `requests to the provider an item, branch ${branch}`, value: each, unit: '' },
        ...{ goal: `<= ${most}`, ok: each <= most, note },
      });
    }
    await system.control.setProcessing({ baseMs: WAIT_MS, msPerMegabyte: 0 });
    const before = await settledServerCounts(system.metricsUrl, namespace);
    await runBatch(batches, 'waits', {
      folder: await folderOf(system, 'waits', items),
      branch: 'embed',
      inFlight: items,
    });
    const actions = difference((await settledServerCounts(system.metricsUrl, namespace)).actions, before.actions);
    const each = total(actions) / items;
    const note = [...actions].map(([what, count]) => `${what} ${count}`).join(', ');
    figures.push({
      ...{ name: 'billable actions an item, embed and a minute of waiting', value: each, unit: '' },
      ...{ goal: `<= ${MOST_ACTIONS}`, ok: each <= MOST_ACTIONS, note: `${note}; ${items} items` },
    });
    figures.push(await largestHistory(system.client, 'waits'));
    return figures;
  } finally {
    await worker.stop();
  }
}

async function requestsByRoute(system: BenchSystem): Promise<Map<string, number>> {
  return new Map(Object.entries(await system.control.counters()).map(([route, { requests }]) => [route, requests]));
}
