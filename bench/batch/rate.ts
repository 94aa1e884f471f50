import { rm } from 'node:fs/promises';
import { median, type Figure } from '../figures';
import type { BenchSettings } from '../run-benches';
import type { BenchSystem } from '../system/bench-system';
import { connectBatches, folderOf, QUICK_POLLS, runBare, runBatch, type BenchBranch } from './run-batch';

const ROUNDS = 3;
const LEAST = { devServer: 0.5, cluster: 0.65 };

/** Items a second of a batch, against the same requests at the same concurrency without anything that is durable. */
export async function benchRate(system: BenchSystem, { items = 1000, cluster }: BenchSettings): Promise<Figure[]> {
  await system.control.setProcessing({ baseMs: 0, msPerMegabyte: 0 });
  const worker = await system.startWorker(QUICK_POLLS);
  const batches = await connectBatches(system);
  try {
    const figures: Figure[] = [];
    for (const branch of ['none', 'embed'] as const) figures.push(await ratioOf(branch));
    return figures;
  } finally {
    await worker.stop();
  }

  async function ratioOf(branch: BenchBranch): Promise<Figure> {
    const rates: Record<'batch' | 'bare', number[]> = { batch: [], bare: [] };
    for (let round = 0; round <= ROUNDS; round++) {
      const order = ['bare', 'batch'] as const;
      for (const side of round % 2 === 0 ? order : order.toReversed()) {
        await system.control.reset(); // both sides begin with an empty account
        const name = `${branch}-${side}-${round}`;
        const folder = await folderOf(system, name, items);
        const seconds =
          side === 'bare'
            ? await runBare(system, folder, branch)
            : (await runBatch(batches, name, { folder, branch })).seconds;
        console.error(`${name}: ${(items / seconds).toFixed(1)}/s`);
        if (round > 0) rates[side].push(items / seconds); // the first round warms up
        await rm(folder, { recursive: true });
      }
    }
    const ratio = median(rates.batch) / median(rates.bare);
    const least = cluster ? LEAST.cluster : LEAST.devServer;
    return {
      name: `items a second, branch ${branch} / bare requests`,
      value: ratio,
      unit: '×',
      goal: `>= ${least}`,
      ok: ratio >= least,
      note: `${median(rates.batch).toFixed(1)}/s against ${median(rates.bare).toFixed(1)}/s, ${items} items`,
    };
  }
}
