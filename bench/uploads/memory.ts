import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { BenchSystem } from '../system/bench-system';
import type { Figure } from '../figures';
import { CHUNK_BYTES, CONCURRENCY, MEBIBYTE, writeSparseFile } from './source-files';
import { secondsOf, uploadByProduct } from './uploads';

const SMALL_BYTES = 200 * MEBIBYTE;
const LARGE_BYTES = 10 * 1024 * MEBIBYTE;
const SAMPLE_EVERY_MS = 50;
const AT_MOST_BYTES = CONCURRENCY * CHUNK_BYTES + 32 * MEBIBYTE;
const FLAT = 1.25;

interface Used {
  grownBytes: number;
  writtenBytes: number;
  temporaryFiles: number;
  rate: string;
}

/** Growth of a worker's memory while a file goes up, and what it leaves on the disk, for a small and a large one. */
export async function benchMemory(system: BenchSystem): Promise<Figure[]> {
  const small = await measure(system, 'small', SMALL_BYTES);
  const large = await measure(system, 'large', LARGE_BYTES);
  const ratio = large.grownBytes / small.grownBytes;
  const written = small.writtenBytes + large.writtenBytes;
  const files = small.temporaryFiles + large.temporaryFiles;
  return [
    growth('200 MB', small),
    growth('10 GB', large),
    { name: 'its growth, 10 GB / 200 MB', value: ratio, unit: '×', goal: `<= ${FLAT}`, ok: ratio <= FLAT },
    {
      name: 'bytes that the worker wrote to disks',
      value: written,
      unit: '',
      goal: '0',
      ok: written === 0 && files === 0,
      note: `${files} temporary files seen`,
    },
  ];
}

const growth = (size: string, { grownBytes, rate }: Used): Figure => ({
  name: `worker memory growth, upload of ${size} in parts`,
  value: grownBytes / MEBIBYTE,
  unit: 'MiB',
  goal: `<= ${AT_MOST_BYTES / MEBIBYTE}`,
  ok: grownBytes <= AT_MOST_BYTES,
  note: `${CONCURRENCY} parts of ${CHUNK_BYTES / MEBIBYTE} MiB at once; ${rate}`,
});

async function measure(system: BenchSystem, name: string, sizeBytes: number): Promise<Used> {
  const file = path.join(system.folder, `${name}.mp4`);
  const temporary = path.join(system.folder, `temporary-${name}`);
  await writeSparseFile(file, sizeBytes);
  await mkdir(temporary);
  const worker = await system.startWorker({ TMPDIR: temporary });
  try {
    await uploadByProduct(system, `${name}-warm`, path.resolve(__dirname, '../../../samples/clip.mp4'));
    const before = await worker.residentBytes();
    const writtenBefore = await worker.writtenBytes();
    let most = before;
    let temporaryFiles = 0;
    const sample = async (): Promise<void> => {
      most = Math.max(most, await worker.residentBytes());
      temporaryFiles = Math.max(temporaryFiles, (await readdir(temporary)).length);
    };
    const sampler = setInterval(() => void sample().catch(() => {}), SAMPLE_EVERY_MS); // it may have ended
    try {
      const seconds = secondsOf(await uploadByProduct(system, name, file));
      return {
        grownBytes: most - before,
        writtenBytes: (await worker.writtenBytes()) - writtenBefore,
        temporaryFiles,
        rate: `${(sizeBytes / MEBIBYTE / seconds).toFixed(0)} MiB/s`,
      };
    } finally {
      clearInterval(sampler);
    }
  } finally {
    await worker.stop();
  }
}
