import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { quickWorkflows } from '../../scripts/quick-workflow-bundle';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import type { BenchProcess, BenchSystem } from '../system/bench-system';
import type { Figure } from '../figures';
import { CHUNK_BYTES, CONCURRENCY, MEBIBYTE, partsSha256Of, writeRandomFile } from './source-files';
import { sessionOf, startUpload } from './uploads';

const SIZE_BYTES = 2048 * MEBIBYTE;
const PARTS = SIZE_BYTES / CHUNK_BYTES;
const KILLS = 20;
const LOOK_EVERY_MS = 20;
const CHAOS_WORKER = path.join(__dirname, '../../chaos/worker');

/** A worker that is killed while it uploads, again and again: which bytes go twice, and what comes of the file. */
export async function benchKills(system: BenchSystem): Promise<Figure[]> {
  const file = path.join(system.folder, 'killed.mp4');
  await writeRandomFile(file, SIZE_BYTES);
  const bundle = path.join(system.folder, 'quick-workflows.js');
  await writeFile(bundle, await quickWorkflows());
  let worker = await startWorker(system, bundle);
  try {
    const handle = await startUpload(system, 'killed', file);
    for (let kill = 1; kill <= KILLS; kill++) {
      const parts = await untilReported(system, Math.round((PARTS * kill) / (KILLS + 1)));
      await worker.kill();
      console.error(`kill ${kill}: at ${parts} of ${PARTS} parts`);
      worker = await startWorker(system, bundle);
    }
    const { asset } = (await handle.result()) as LifecycleStatus;
    const { bytesReceived } = await system.control.partCounters();
    const { partsSha256 } = await sessionOf(system, asset?.id ?? '');
    const same = partsSha256 === (await partsSha256Of(file));
    const { assets, uploads } = await system.control.state();
    return figuresOf({ bytesReceived, same, assets: assets.length, sessions: uploads.length });
  } finally {
    await worker.stop();
  }
}

function figuresOf(seen: { bytesReceived: number; same: boolean; assets: number; sessions: number }): Figure[] {
  const atMost = SIZE_BYTES + KILLS * CONCURRENCY * CHUNK_BYTES;
  const mebibytes = (bytes: number): string => `${(bytes / MEBIBYTE).toFixed(0)} MiB`;
  return [
    {
      name: `bytes received, ${KILLS} × kill -9 of the worker / 2 GB`,
      value: seen.bytesReceived / SIZE_BYTES,
      unit: '×',
      goal: `<= ${(atMost / SIZE_BYTES).toFixed(2)}`,
      ok: seen.bytesReceived <= atMost,
      note: `${mebibytes(seen.bytesReceived - SIZE_BYTES)} twice, of ${mebibytes(atMost - SIZE_BYTES)}; heartbeat timeout 3 s`,
    },
    {
      name: 'its assets with the content of the file',
      value: seen.same ? seen.assets : 0,
      unit: '',
      goal: '1, of 1 session',
      ok: seen.same && seen.assets === 1 && seen.sessions === 1,
    },
  ];
}

/** The worker as it is, and the workflows with a shorter patience: 20 deaths would cost ten minutes of waiting. */
const startWorker = (system: BenchSystem, bundle: string): Promise<BenchProcess> =>
  system.startWorker({ CHAOS_WORKFLOWS: bundle }, [path.join(CHAOS_WORKER, 'worker.js')]);

async function untilReported({ control }: BenchSystem, parts: number): Promise<number> {
  for (;;) {
    const [session] = (await control.state()).uploads;
    if (session && session.completed_chunks >= parts) return session.completed_chunks;
    await delay(LOOK_EVERY_MS);
  }
}
