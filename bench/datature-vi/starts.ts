import path from 'node:path';
import { LifecycleClient } from '../../src/client/lifecycle-client';
import { percentile, type Figure } from '../figures';
import type { BenchSystem } from '../system/bench-system';
import { watchMemory } from '../system/memory-growth';
import { writeImages } from '../system/write-images';
import { MEBIBYTE } from '../uploads/source-files';
import { startViEmulator, type ViEmulator } from './vi-emulator';

const STARTS = 500;
const AT_ONCE = 50;
const MAX_GROWN_MIB = 512;
const WINDOW_MS = 5 * 60_000;

/** How single starts of small images share ingestion sessions, and how long they wait for company. */
export async function benchStarts(system: BenchSystem): Promise<Figure[]> {
  const emulator = await startViEmulator(process.env);
  const worker = await system.startWorker(emulator.settings);
  try {
    const folder = path.join(system.folder, 'starts');
    const [lone = '', ...files] = await writeImages(folder, STARTS + 1);
    const { address, namespace } = system.temporal;
    const temporal = { client: system.client, address, namespace };
    await warmUp(lone, await LifecycleClient.connect({ temporal }));
    const client = await LifecycleClient.connect({ temporal, provider: 'datature-vi' });
    const startedAt = new Map<string, number>();
    const start = async (file: string): Promise<string> => {
      startedAt.set(path.basename(file), Date.now());
      const source = { type: 'file', path: file } as const;
      const { key } = await client.start({ provider: 'datature-vi', datasetId: 'demo', source });
      return key;
    };
    const { asset } = await client.result(await start(lone));
    if (!asset) throw new Error('the lone start has no asset');
    const keys: string[] = [];
    const waiting = [...files];
    const lane = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) keys.push(await start(next));
    };
    const memory = await watchMemory(() => worker.residentBytes());
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    const outcomes = await Promise.all(keys.map(async (key) => (await client.result(key)).outcome));
    const completed = outcomes.filter((outcome) => outcome === 'completed').length;
    const grown = memory.stop() / MEBIBYTE;
    return [
      ...figuresOf(await sessionsOf(emulator), { startedAt, lone: path.basename(lone), completed }),
      {
        name: `memory growth of the worker, ${STARTS} single starts`,
        ...{ value: grown, unit: 'MiB', goal: `<= ${MAX_GROWN_MIB}`, ok: grown <= MAX_GROWN_MIB },
        note: `${STARTS} runs, and ${STARTS} files that wait in upload slots`,
      },
    ];
  } finally {
    await worker.stop();
    await emulator.stop();
  }
}

/** Takes the file through another provider, so that the worker is one that has worked before. */
async function warmUp(path: string, client: LifecycleClient): Promise<void> {
  const { key } = await client.start({ source: { type: 'file', path } });
  await client.result(key);
}

interface Opened {
  createdAtMs: number;
  filenames: string[];
}

const sessionsOf = async ({ control }: ViEmulator): Promise<Opened[]> =>
  (await control.state()).sessions.map(({ createdAtMs, files }) => ({
    createdAtMs,
    filenames: files.map(({ filename }) => filename),
  }));

function figuresOf(
  sessions: readonly Opened[],
  { startedAt, lone, completed }: { startedAt: ReadonlyMap<string, number>; lone: string; completed: number },
): Figure[] {
  const waits = new Map<string, number>();
  for (const { createdAtMs, filenames } of sessions) {
    for (const name of filenames) waits.set(name, (createdAtMs - (startedAt.get(name) ?? Number.NaN)) / 1000);
  }
  const most = Math.max(
    ...sessions.map(
      ({ createdAtMs: from }) =>
        sessions.filter(({ createdAtMs }) => createdAtMs >= from && createdAtMs < from + WINDOW_MS).length,
    ),
  );
  const alone = waits.get(lone) ?? Number.NaN;
  const longest = Math.max(...waits.values());
  return [
    {
      name: `sessions in any five minutes, ${STARTS} single starts`,
      ...{ value: most, unit: '', goal: '<= 5', ok: most <= 5 && completed === STARTS },
      note: `${completed} completed, ${sessions.map(({ filenames }) => filenames.length).join(' + ')} files`,
    },
    {
      name: 'from a lone start to its session',
      ...{ value: alone, unit: 's', goal: '<= 1', ok: alone <= 1 },
      note: 'with the steps of the lifecycle before it, by a worker that has worked before',
    },
    {
      name: 'the longest of them all',
      ...{ value: longest, unit: 's', goal: '<= 65', ok: longest <= 65 },
      note: `median ${percentile([...waits.values()], 0.5).toFixed(1)} s`,
    },
  ];
}
