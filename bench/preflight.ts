import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MediaReader } from '../src/media/media-reader';
import { createFileSources } from '../src/storage/files/file-sources';
import { packageRoot } from '../src/stack/package-root';
import type { SourceBytes } from '../src/storage/files/source-bytes';
import type { Figure } from './figures';
import { writeLargeVideo } from './large-video';

const IMAGES = 1000;
const LARGE_BYTES = 4 * 1024 ** 3;
const MOST_MS_EACH = 10;
const MOST_SEC = 2;
const MOST_READ_MB = 2;
const samples = path.join(packageRoot(), 'samples');

/** How long a look into the media takes before a byte goes out: many small images, and a video with its index at the end. */
export async function benchPreflight(): Promise<Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-preflight-'));
  try {
    return [...(await smallImages(folder)), ...(await largeVideo(folder))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function smallImages(folder: string): Promise<Figure[]> {
  const names = Array.from({ length: IMAGES }, (_, index) => `${index}.jpg`);
  for (const name of names) await copyFile(path.join(samples, 'portrait-3.jpg'), path.join(folder, name));
  const sources = createFileSources({ roots: [folder], restMs: 0 });
  const files = await Promise.all(names.map((name) => sources.resolve(path.join(folder, name))));
  const reader = new MediaReader();
  await reader.factsOf(files[0] as SourceBytes); // starts MediaInfo
  const began = performance.now();
  let seen = 0;
  for (const file of files) if ((await reader.factsOf(file))?.kind === 'image') seen += 1;
  const each = (performance.now() - began) / IMAGES;
  return [
    {
      name: 'preflight of a small image',
      value: each,
      unit: 'ms',
      goal: `≤ ${MOST_MS_EACH}`,
      ok: each <= MOST_MS_EACH && seen === IMAGES,
      note: `mean of ${IMAGES}, one after the other; ${seen} recognised`,
    },
  ];
}

async function largeVideo(folder: string): Promise<Figure[]> {
  const file = path.join(folder, 'film.mp4');
  await writeLargeVideo(file, await readFile(path.join(samples, 'clip.mp4')), LARGE_BYTES);
  const source = await createFileSources({ roots: [folder], restMs: 0 }).resolve(file);
  let bytesRead = 0;
  const counted: Pick<SourceBytes, 'filename' | 'sizeBytes' | 'read'> = {
    filename: source.filename,
    sizeBytes: source.sizeBytes,
    read: (range = { start: 0, end: source.sizeBytes }) => {
      bytesRead += range.end - range.start;
      return source.read(range);
    },
  };
  const began = performance.now();
  const facts = await new MediaReader().factsOf(counted);
  const seconds = (performance.now() - began) / 1000;
  const isTold = facts?.durationSec !== undefined;
  return [
    {
      name: 'preflight of a 4 GB video with its index at the end',
      value: seconds,
      unit: 's',
      goal: `≤ ${MOST_SEC}`,
      ok: seconds <= MOST_SEC && isTold,
      note: `MediaInfo starts within it; duration told: ${facts?.durationSec} s`,
    },
    {
      name: 'read of it beside the fingerprint',
      value: bytesRead / 1e6,
      unit: 'MB',
      goal: `≤ ${MOST_READ_MB}`,
      ok: bytesRead / 1e6 <= MOST_READ_MB && isTold,
    },
  ];
}
