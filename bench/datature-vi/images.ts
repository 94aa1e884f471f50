import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { findViSdk } from '../../scripts/test-tools/vi-sdk';
import { median, type Figure } from '../figures';
import type { BenchSystem } from '../system/bench-system';
import { inDataset, startViEmulator, type ViEmulator } from './vi-emulator';
import { writeImages } from '../system/write-images';

const UPLOADED = 500;
const DOWNLOADED = 1000;
const ROUNDS = 3;
const GIVE_UP_MS = 300_000;

type Seconds = Record<'product' | 'sdk', number[]>;

/** Seconds that many images take to the provider and back, against the official SDK with the same folder. */
export async function benchImages(system: BenchSystem): Promise<Figure[]> {
  const emulator = await startViEmulator(process.env);
  try {
    const images = path.join(system.folder, 'images');
    await writeImages(images, UPLOADED);
    const sdk = await sdkRunner(system, emulator);
    const upload: Seconds = { product: [], sdk: [] };
    const download: Seconds = { product: [], sdk: [] };
    await fill(emulator, system);
    for (let round = 0; round < ROUNDS; round++) {
      for (const way of round % 2 === 0 ? (['product', 'sdk'] as const) : (['sdk', 'product'] as const)) {
        const dataset = `${way}-${round}`;
        await emulator.control.addDataset(dataset);
        const into = path.join(system.folder, `out-${dataset}`);
        if (way === 'sdk') {
          upload.sdk.push(await sdk(`upload(dataset_id="${dataset}", paths="${images}")`));
          download.sdk.push(await sdk(`download(dataset_id="full", save_dir="${into}", show_progress=False)`));
        } else {
          upload.product.push(await uploadByProduct(emulator, dataset, images));
          download.product.push(await downloadByProduct(emulator, into));
        }
        await mustHold(emulator, dataset, UPLOADED);
        await mustBeThere(into, DOWNLOADED);
      }
    }
    return [
      ratio(`upload of ${UPLOADED} images in one go / vi-sdk`, upload),
      ratio(`download of ${DOWNLOADED} images / vi-sdk`, download),
    ];
  } finally {
    await emulator.stop();
  }
}

function ratio(name: string, seconds: Seconds): Figure {
  const [own, sdk] = [median(seconds.product), median(seconds.sdk)];
  const value = sdk / own;
  const note = `${own.toFixed(2)} s against ${sdk.toFixed(2)} s, medians of ${ROUNDS}`;
  return { name, value, unit: '×', goal: '>= 1.0', ok: value >= 1, note };
}

/** Makes the dataset that is downloaded. */
async function fill(emulator: ViEmulator, system: BenchSystem): Promise<void> {
  await emulator.control.addDataset('full');
  for (let first = 0; first < DOWNLOADED; first += UPLOADED) {
    const folder = path.join(system.folder, `fill-${first}`);
    await writeImages(folder, UPLOADED, first);
    await uploadByProduct(emulator, 'full', folder);
  }
  await mustHold(emulator, 'full', DOWNLOADED);
}

const uploadByProduct = (emulator: ViEmulator, dataset: string, folder: string): Promise<number> =>
  inDataset(emulator.settings, dataset, async ({ assets }) => {
    const started = performance.now();
    const result = await assets.upload(folder);
    if (result.totalSucceeded !== UPLOADED) throw new Error(`the product: ${result.summary()}`);
    return (performance.now() - started) / 1000;
  });

const downloadByProduct = (emulator: ViEmulator, folder: string): Promise<number> =>
  inDataset(emulator.settings, 'full', async ({ assets }) => {
    const started = performance.now();
    const result = await assets.download(folder);
    if (result.downloaded !== DOWNLOADED) throw new Error(`the product: ${result.summary()}`);
    return (performance.now() - started) / 1000;
  });

/** Runs one call of `client.assets` in a Python of its own, and gives the seconds of that call alone. */
async function sdkRunner(system: BenchSystem, emulator: ViEmulator): Promise<(call: string) => Promise<number>> {
  const { python } = await findViSdk(process.env, (line) => console.error(line));
  const { HOME: _home, ...inherited } = process.env;
  const env = {
    ...inherited,
    ...emulator.settings,
    HOME: system.folder,
    NO_PROXY: '127.0.0.1',
    VI_ENABLE_FILE: 'false',
  };
  return async (call) => {
    const lines = ['import time, vi', 'client = vi.Client()', 'started = time.perf_counter()'];
    const program = [...lines, `client.assets.${call}`, 'print("seconds", time.perf_counter() - started)'].join('\n');
    const { stdout } = await promisify(execFile)(python, ['-c', program], { env, timeout: GIVE_UP_MS });
    return Number(/^seconds (\S+)$/m.exec(stdout)?.[1] ?? Number.NaN);
  };
}

async function mustHold({ control }: ViEmulator, dataset: string, count: number): Promise<void> {
  const held = (await control.state()).assets.filter(({ datasetId }) => datasetId === dataset).length;
  if (held !== count) throw new Error(`the dataset ${dataset} holds ${held} of ${count} assets`);
}

async function mustBeThere(folder: string, count: number): Promise<void> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.jpg')).length;
  if (files !== count) throw new Error(`${folder} has ${files} of ${count} files`);
}
