import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { WorkerProcess } from '../../../chaos/worker/worker-process';
import type { BatchStatus } from '../../../src/contracts/batch/batch-status';
import { cli, type CliResult } from '../../support/cli';
import { writeAtRest } from '../../support/media/files-at-rest';
import { S3Server } from '../../support/system/s3-server';
import { SAMPLES, System } from '../../support/system/system';
import { until } from '../../support/until';

jest.setTimeout(120_000);
const ITEMS = 6;

let server: S3Server;
let system: System;
let workers: WorkerProcess[];
beforeAll(async () => {
  server = await S3Server.start();
  system = await System.start();
});
beforeEach(() => {
  workers = system.worker ? [system.worker] : [];
});
afterEach(async () => {
  for (const worker of workers) await worker.stop();
});
afterAll(async () => {
  await system?.close();
  await server?.close();
});

/** Workers and commands whose store is in the bucket. */
const inS3 = (): NodeJS.ProcessEnv => ({
  ...server.environment,
  ASSET_LIFECYCLE_RESULTS: 's3://store/of/batches',
  ASSET_LIFECYCLE_S3_FORCE_PATH_STYLE: 'true',
});

/** Ends the worker that serves now, and starts others. */
async function serveWith(...environments: NodeJS.ProcessEnv[]): Promise<void> {
  for (const worker of workers.splice(0)) await worker.stop();
  for (const environment of environments) workers.push(await system.startWorker(environment));
}

const picture = (): Promise<Buffer> => readFile(path.join(SAMPLES, 'portrait-1.jpg'));
const call = (...args: string[]): Promise<CliResult> => cli(args, { ...system.environment, ...inS3() });
const lastStatus = ({ stdout }: CliResult): BatchStatus =>
  JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as BatchStatus;

async function posts(): Promise<number> {
  const counters = Object.entries(await system.control.counters());
  return counters.filter(([route]) => route.startsWith('POST ')).reduce((sum, [, { requests }]) => sum + requests, 0);
}

test('a prefix is ingested by two workers whose store is in S3, and a second run makes nothing', async () => {
  await server.makeBucket('media');
  await server.makeBucket('store');
  const bytes = await picture();
  for (let nth = 0; nth < ITEMS; nth++) {
    await server.put('media', `spring/${nth}.jpg`, Buffer.concat([bytes, Buffer.from(String(nth))]));
  }
  await server.put('media', 'spring/notes.txt', 'no media');
  await serveWith(inS3(), inS3());

  const flags = ['--include', '*.jpg', '--branch', 'embed', '--wait', '--json'];
  const first = await call('ingest', 's3://media/spring/', '--batch-id', 'spring', ...flags);
  expect(first.code).toBe(0);
  expect(lastStatus(first)).toMatchObject({ outcome: 'completed', counts: { items: ITEMS, by: { completed: ITEMS } } });
  const { assets } = await system.control.state();
  const keys = Array.from({ length: ITEMS }, (_, nth) => `s3://media/spring/${nth}.jpg`);
  expect(assets.map(({ user_metadata }) => user_metadata.asset_lifecycle_key).toSorted()).toEqual(keys);

  const report = await call('batch', 'report', 'spring', '--json');
  const entries = JSON.parse(report.stdout) as { key: string; branches: { result: { uri: string } }[] }[];
  expect(entries.map(({ key }) => key)).toEqual(keys);
  for (const { branches } of entries) {
    expect(branches).toMatchObject([{ status: 'ready', result: { uri: expect.stringMatching(/^s3:\/\/store\//) } }]);
  }
  expect(await call('status', keys[0] ?? '', '--json')).toMatchObject({ code: 0 });

  const made = await posts();
  const second = await call('ingest', 's3://media/spring/', '--batch-id', 'again', ...flags);
  expect(lastStatus(second)).toMatchObject({ outcome: 'completed', counts: { by: { completed: ITEMS } } });
  expect(await posts()).toBe(made);
  expect(`${first.stdout}${report.stdout}${second.stderr}`).not.toMatch(/X-Amz|Signature/i);
});

test('a worker with another store refuses the work of a batch, and the batch names both stores', async () => {
  const folder = path.join(system.folder, 'apart');
  await mkdir(folder);
  await writeAtRest(path.join(folder, 'a.jpg'), await picture());
  await serveWith({});
  await system.control.setProcessing({ baseMs: 30_000, msPerMegabyte: 0 }); // the group tells when it has waited for ten seconds
  const { batches } = system.lifecycles;
  await batches.start({ batchId: 'apart', items: { type: 'folder', path: folder } });
  await until(async () => (await batches.status('apart')).counts.by.processing === 1);
  const elsewhere = path.join(system.folder, 'another-store');
  await serveWith({ ASSET_LIFECYCLE_RESULTS: elsewhere });
  const ended = await batches.result('apart');
  expect(ended).toMatchObject({ outcome: 'failed', error: { type: 'InvalidRequest' } });
  expect(ended.error?.message).toMatch(/results: .*another-store.* is another store \(.+\) than that of/);

  await serveWith({});
  await batches.retry('apart');
  expect(await batches.result('apart')).toMatchObject({ outcome: 'completed', counts: { by: { completed: 1 } } });
  expect((await system.assetsOf(path.join(folder, 'a.jpg'))).length).toBe(1);
});
