import path from 'node:path';
import { LifecycleClient } from '../src/client/lifecycle-client';
import type { BenchSystem } from './system/bench-system';
import type { Figure } from './figures';
import { difference, settledServerCounts, total } from './system/server-metrics';

/** Of the asset and of the branch each. They are real: the server counts heartbeats, which no clock can skip. */
const SHORT_WAIT_MS = 60_000;
const LONG_WAIT_MS = 300_000;
/** Measured together, so that what a worker costs by itself does not count for one. */
const LIFECYCLES = 4;

/** Billable actions of an `embed` lifecycle by the server's own count: two and ten minutes of waiting, alone or watched. */
export async function benchActions(system: BenchSystem): Promise<Figure[]> {
  await system.control.setProcessing({ baseMs: SHORT_WAIT_MS, msPerMegabyte: 0 });
  const worker = await system.startWorker();
  const { address, namespace } = system.temporal;
  const client = await LifecycleClient.connect({ temporal: { client: system.client, address, namespace } });
  try {
    const untilEnd = (workflowId: string): Promise<unknown> => system.client.workflow.getHandle(workflowId).result();
    const alone = await measure(system, client, 'alone', untilEnd);
    const watched = await measure(system, client, 'watched', async (_workflowId, key) => {
      for await (const { outcome } of client.watch(key)) if (outcome) return;
    });
    await system.control.setProcessing({ baseMs: LONG_WAIT_MS, msPerMegabyte: 0 });
    const long = await measure(system, client, 'long', untilEnd);
    return [
      figureOf('actions of an embed lifecycle with 10 min of waiting', long, 22),
      figureOf('actions of an embed lifecycle with 2 min of waiting', alone, 16),
      figureOf('the same, watched by client.watch', watched, 22),
    ];
  } finally {
    await worker.stop();
  }
}

interface Cost {
  actions: Map<string, number>;
  requests: Map<string, number>;
}

async function measure(
  system: BenchSystem,
  client: LifecycleClient,
  name: string,
  follow: (workflowId: string, key: string) => Promise<unknown>,
): Promise<Cost> {
  const { namespace } = system.temporal;
  const before = await settledServerCounts(system.metricsUrl, namespace);
  const lane = async (_: unknown, index: number): Promise<void> => {
    const source = { type: 'file' as const, path: path.resolve(__dirname, '../../samples/clip.mp4') };
    const { workflowId, key } = await client.start({ key: `${name}-${index}`, source, branch: { type: 'embed' } });
    await follow(workflowId, key);
  };
  await Promise.all(Array.from({ length: LIFECYCLES }, lane));
  const after = await settledServerCounts(system.metricsUrl, namespace);
  return {
    actions: difference(after.actions, before.actions),
    requests: difference(after.requests, before.requests),
  };
}

function figureOf(name: string, { actions, requests }: Cost, most: number): Figure {
  const each = total(actions) / LIFECYCLES;
  const lines = (counts: Map<string, number>): string =>
    [...counts].map(([what, value]) => `${what} ${(value / LIFECYCLES).toFixed(2)}`).join(', ');
  console.error(`${name}: requests: ${lines(requests)}`);
  return { name, value: each, unit: '', goal: `<= ${most}`, ok: each <= most, note: lines(actions) };
}
