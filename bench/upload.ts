import { open } from 'node:fs/promises';
import path from 'node:path';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../src/contracts/ids';
import { DEFAULT_PROVIDER } from '../src/providers/registry';
import type { BenchSystem } from './system/bench-system';
import type { Figure } from './figures';

const MEGABYTE = 1024 ** 2;
const FILE_MEGABYTES = 190;
const SAMPLE_EVERY_MS = 50;

/** Growth of the worker's memory while it uploads a large file, after a small one has warmed it up. */
export async function benchUpload(system: BenchSystem): Promise<Figure[]> {
  const file = path.join(system.folder, 'large.mp4');
  await writeLargeFile(file);
  await system.control.setProcessing({ baseMs: 0, msPerMegabyte: 0 });
  const worker = await system.startWorker();
  try {
    await upload(system, 'upload-warm', path.resolve(__dirname, '../../samples/clip.mp4'));
    const before = await worker.residentBytes();
    let most = before;
    const sampler = setInterval(() => {
      void worker.residentBytes().then((bytes) => (most = Math.max(most, bytes)));
    }, SAMPLE_EVERY_MS);
    const started = performance.now();
    await upload(system, 'upload-large', file);
    const seconds = (performance.now() - started) / 1000;
    clearInterval(sampler);
    const grown = (most - before) / MEGABYTE;
    return [
      {
        name: `worker memory growth, upload of ${FILE_MEGABYTES} MB`,
        value: grown,
        unit: 'MB',
        goal: '<= 64',
        ok: grown <= 64,
        note: `${(FILE_MEGABYTES / seconds).toFixed(0)} MB/s, whole lifecycle`,
      },
    ];
  } finally {
    await worker.stop();
  }
}

/** The bytes need not be a video: a lifecycle without one ends as failed, after the upload. */
async function upload(system: BenchSystem, key: string, file: string): Promise<void> {
  const handle = await system.client.workflow.start(ASSET_LIFECYCLE, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: lifecycleWorkflowId(DEFAULT_PROVIDER, key),
    args: [{ source: { type: 'file', path: file }, preflight: false }], // its content is no media
  });
  await handle.result().catch((error: unknown) => {
    const type = (error as { cause?: { type?: string } }).cause?.type;
    if (type !== 'ProcessingFailed') throw error;
  });
}

async function writeLargeFile(file: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    const block = Buffer.alloc(MEGABYTE, 'asset-lifecycle ');
    for (let written = 0; written < FILE_MEGABYTES; written++) await handle.write(block);
  } finally {
    await handle.close();
  }
}
