import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { acceptBatch } from '../src/batch/accept-batch';
import { listBatch } from '../src/batch/listing/list-batch';
import { createBatchFiles } from '../src/storage/batches/batch-files';
import { createFolderSharedFiles } from '../src/storage/batches/folder-shared-files';
import { createFileListing } from '../src/storage/files/list-files';
import { createFileSources } from '../src/storage/files/file-sources';
import type { Figure } from './figures';

const FILES = 20_000;
const FILES_A_FOLDER = 100;
const LINES = 1_000_000;
const LEAST_FILES_A_SEC = 5000;
const MOST_GROWTH_MB = 200;

/** How fast a folder is listed into pages, and what a manifest of a million lines costs of memory. */
export async function benchListing(): Promise<Figure[]> {
  const top = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-listing-'));
  try {
    return [await manyFiles(top), await manyLines(top)];
  } finally {
    await rm(top, { recursive: true, force: true });
  }
}

async function manyFiles(top: string): Promise<Figure> {
  const folder = path.join(top, 'files');
  for (let file = 0; file < FILES; file++) {
    const below = path.join(folder, String(Math.floor(file / FILES_A_FOLDER)));
    if (file % FILES_A_FOLDER === 0) await mkdir(below, { recursive: true });
    await writeFile(path.join(below, `${file}.jpg`), 'x');
  }
  const { items, seconds, cpuSeconds } = await list(top, 'files', { type: 'folder', path: folder });
  const rate = FILES / seconds;
  return {
    name: 'files listed a second',
    value: rate,
    unit: '/s',
    goal: `≥ ${LEAST_FILES_A_SEC}`,
    ok: rate >= LEAST_FILES_A_SEC && items === FILES,
    note: `${items} items; ${(FILES / cpuSeconds).toFixed(0)} a second of processor`,
  };
}

async function manyLines(top: string): Promise<Figure> {
  const manifest = path.join(top, 'list.ndjson');
  const file = createWriteStream(manifest);
  for (let line = 0; line < LINES; line++) {
    if (!file.write(`{"url":"https://media.example/${line}.mp4"}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
  const before = process.memoryUsage().rss;
  const { items, seconds, mostRss } = await list(top, 'lines', { type: 'manifest', uri: manifest });
  const growthMb = (mostRss - before) / 1e6;
  return {
    name: 'growth of memory with a manifest of a million lines',
    value: growthMb,
    unit: 'MB',
    goal: `≤ ${MOST_GROWTH_MB}`,
    ok: growthMb <= MOST_GROWTH_MB && items === LINES,
    note: `${items} items, ${(LINES / seconds).toFixed(0)} a second`,
  };
}

async function list(top: string, batchId: string, items: object) {
  const batch = { ...acceptBatch({ batchId, items, each: { branch: { type: 'embed' } } }), batchId };
  const store = createFolderSharedFiles(path.join(top, 'store'));
  const noObjects = (): never => {
    throw new Error('no S3 in this bench');
  };
  const access = {
    files: createFileListing({ roots: [top] }),
    manifests: createFileSources({ roots: [top] }),
    objects: { resolve: noObjects, walk: noObjects },
  };
  let mostRss = 0;
  const onPage = (): void => {
    mostRss = Math.max(mostRss, process.memoryUsage().rss);
  };
  const files = createBatchFiles(store, { owner: 'bench', batchId });
  const cpu = process.cpuUsage();
  const began = performance.now();
  const index = await listBatch({ batch, files, storeId: 'bench', access, onPage });
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { items: index.items, seconds, cpuSeconds: (user + system) / 1e6, mostRss };
}
