import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { BenchSystem } from '../system/bench-system';
import { median, type Figure } from '../figures';
import { CHUNK_BYTES, CONCURRENCY, cutIntoParts, MEBIBYTE, writeRandomFile } from './source-files';
import { uploadByCurl } from '../twelvelabs/upload-by-curl';
import { uploadBySdk } from '../twelvelabs/upload-by-sdk';
import { secondsOf, uploadByProduct } from './uploads';

const SIZE_BYTES = 2048 * MEBIBYTE;
const ROUNDS = 3;
const SHORT_LIFE_MS = 2000;
const HOUR_MS = 3_600_000;

const WAYS = ['product', 'curl', 'product, URLs of 2 s', 'twelvelabs-js'] as const;
type Way = (typeof WAYS)[number];

/** Seconds that 2 GB take, in rounds that begin with another way each time. */
export async function benchThroughput(system: BenchSystem): Promise<Figure[]> {
  const file = path.join(system.folder, 'large.mp4');
  const folder = path.join(system.folder, 'parts');
  await writeRandomFile(file, SIZE_BYTES);
  const parts = await cutIntoParts(file, folder);
  const worker = await system.startWorker();
  const seconds: Record<Way, number[]> = { product: [], curl: [], 'product, URLs of 2 s': [], 'twelvelabs-js': [] };
  let round = 0;
  const send: Record<Way, () => Promise<number>> = {
    product: async () => secondsOf(await uploadByProduct(system, `large-${round}`, file)),
    curl: () => uploadByCurl(system, parts, SIZE_BYTES),
    'product, URLs of 2 s': async () => {
      await system.control.setUploads({ partUrlLifeMs: SHORT_LIFE_MS });
      try {
        return secondsOf(await uploadByProduct(system, `short-${round}`, file));
      } finally {
        await system.control.setUploads({ partUrlLifeMs: HOUR_MS });
      }
    },
    'twelvelabs-js': async () => secondsOf(await uploadBySdk(system, file)),
  };
  try {
    await uploadByProduct(system, 'warm', path.resolve(__dirname, '../../../samples/clip.mp4'));
    for (; round < ROUNDS; round++) {
      for (let turn = 0; turn < WAYS.length; turn++) {
        const way = WAYS[(round + turn) % WAYS.length] as Way;
        const took = await send[way]();
        seconds[way].push(took);
        console.error(`round ${round + 1}: ${way}: ${took.toFixed(2)} s, ${rate(took)}`);
      }
    }
  } finally {
    await worker.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return figuresOf(seconds);
}

function figuresOf(seconds: Record<Way, number[]>): Figure[] {
  const [own, curl, sdk, short] = (['product', 'curl', 'twelvelabs-js', 'product, URLs of 2 s'] as const).map((way) =>
    median(seconds[way]),
  ) as [number, number, number, number];
  const all = `2 GB in parts of ${CHUNK_BYTES / MEBIBYTE} MiB, median of ${ROUNDS}: ${rate(own)}`;
  return [
    {
      name: 'throughput of an upload / curl',
      value: curl / own,
      unit: '×',
      goal: '>= 0.9',
      ok: curl / own >= 0.9,
      note: `${all} against ${rate(curl)}, ${CONCURRENCY} connections each; curl's part files were cut before`,
    },
    {
      name: 'throughput of an upload / twelvelabs-js uploadFile',
      value: sdk / own,
      unit: '×',
      goal: '>= 2',
      ok: sdk / own >= 2,
      note: `${rate(own)} against ${rate(sdk)}, its defaults: 10 at once, from temporary files`,
    },
    {
      name: 'time with part URLs that live 2 s / 1 h',
      value: short / own,
      unit: '×',
      goal: 'completes',
      ok: seconds['product, URLs of 2 s'].every(Number.isFinite),
      note: `completed ${seconds['product, URLs of 2 s'].length} of ${ROUNDS} times`,
    },
  ];
}

const rate = (seconds: number): string => `${(SIZE_BYTES / MEBIBYTE / seconds).toFixed(0)} MiB/s`;
