import path from 'node:path';
import { LifecycleClient } from '../../src/client/lifecycle-client';
import { percentile, type Figure } from '../figures';
import type { BenchSystem } from '../system/bench-system';
import { writeImages } from '../system/write-images';
import { startViEmulator, type ViEmulator } from './vi-emulator';

const STARTS = 500;
const AT_ONCE = 50;
const WINDOW_MS = 5 * 60_000;

/** How single starts of small images share ingestion sessions, and how long they wait for company. */
export async function benchStarts(system: BenchSystem): Promise<Figure[]> {
  const emulator = await startViEmulator(process.env);
  const worker = await system.startWorker(emulator.settings);
  try {
    const folder = path.join(system.folder, 'starts');
    const [lone = '', ...files] = await writeImages(folder, STARTS + 1);
    const { address, namespace } = system.temporal;
    const client = await LifecycleClient.connect({
      temporal: { client: system.client, address, namespace },
      provider: 'datature-vi',
    });
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
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    const outcomes = await Promise.all(keys.map(async (key) => (await client.result(key)).outcome));
    const completed = outcomes.filter((outcome) => outcome === 'completed').length;
    return figuresOf(await sessionsOf(emulator), { startedAt, lone: path.basename(lone), completed });
  } finally {
    await worker.stop();
    await emulator.stop();
  }
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
      note: 'with the steps of the lifecycle before it',
    },
    {
      name: 'the longest of them all',
      ...{ value: longest, unit: 's', goal: '<= 65', ok: longest <= 65 },
      note: `median ${percentile([...waits.values()], 0.5).toFixed(1)} s`,
    },
  ];
}
