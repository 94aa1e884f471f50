import { utimes } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { existsSync } from 'node:fs';
import { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { LifecycleClient } from '../../src/client/lifecycle-client';
import type { LifecycleInput } from '../../src/providers/registry';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { addSearchAttributes } from '../../src/temporal/namespace/search-attributes';
import { copyAtRest } from '../support/media/files-at-rest';
import { SAMPLES, sample, System } from '../support/system/system';

jest.setTimeout(180_000);
const HOUR_MS = 3_600_000;
let system: System;
let client: LifecycleClient;
beforeAll(async () => {
  system = await System.start();
  client = system.lifecycles;
});
afterAll(() => system.close());
beforeEach(() => system.control.setProcessing({ baseMs: 100, msPerMegabyte: 0 }));

const assetsOf = (key: string) => system.assetsOf(key);

async function run(input: LifecycleInput, options?: { again: boolean }) {
  const started = await client.start(input, options);
  return { started, status: await client.result(started.key) };
}

/** A file of its own for the key, with the content of a sample. */
async function file(key: string, name: string) {
  const source = { type: 'file' as const, path: path.join(system.folder, `${key}.jpg`) };
  await copyAtRest(path.join(SAMPLES, name), source.path);
  return source;
}

/** Fails after its asset is ready, and keeps that. */
const FAILS = { branch: { type: 'index', indexId: 'no-such-index' } } as const;

test('a key that was force-deleted after it completed starts anew, and the run after that is joined', async () => {
  const input = { key: 'deleted', source: sample('portrait-1.jpg') };
  const first = await run(input);
  await (await client.forceDelete('deleted')).result();
  const second = await run(input);
  expect(second.started.joined).toBe(false);
  expect(second.status).toMatchObject({ outcome: 'completed' });
  expect(second.status.asset?.id).not.toBe(first.status.asset?.id);
  expect(await client.start(input)).toMatchObject({ joined: true, runId: second.started.runId });
});

test('a start during a force-delete waits for its end', async () => {
  const input = { key: 'during', source: sample('portrait-1.jpg') };
  await run(input);
  const deletion = await client.forceDelete('during');
  const { started, status } = await run(input);
  expect(started.joined).toBe(false);
  expect(await deletion.result()).toMatchObject({ outcome: 'deleted' });
  expect(status).toMatchObject({ outcome: 'completed' });
  expect(await assetsOf('during')).toMatchObject([{ _id: status.asset?.id }]);
});

test('after a failed run that kept its asset, a replaced file replaces the asset', async () => {
  const key = 'replaced';
  const failed = await run({ key, source: await file(key, 'portrait-1.jpg'), ...FAILS });
  expect(failed.status).toMatchObject({ outcome: 'failed', asset: { status: 'ready' } });
  const { started, status } = await run({ key, source: await file(key, 'portrait-3.jpg') });
  expect(started.joined).toBe(false);
  expect(status).toMatchObject({ outcome: 'completed', asset: { sizeBytes: 22_531 } });
  expect(await assetsOf(key)).toMatchObject([{ _id: status.asset?.id }]);
  expect(status.receipt?.entries).toMatchObject([
    { resource: 'asset', id: failed.status.asset?.id, result: 'deleted' },
  ]);
});

test('a start with another filename takes up the asset that a failed run kept', async () => {
  const input = { key: 'renamed', source: await file('renamed', 'portrait-1.jpg') };
  const failed = await run({ ...input, ...FAILS });
  const { status } = await run({ ...input, filename: 'another.jpg' });
  expect(status).toMatchObject({ outcome: 'completed', asset: { id: failed.status.asset?.id } });
  expect(await assetsOf('renamed')).toHaveLength(1);
});

test('a key whose asset failed runs again though the provider’s clock is an hour ahead', async () => {
  await system.control.skewClock(HOUR_MS);
  try {
    await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    const input = { key: 'ahead', source: sample('portrait-1.jpg') };
    await client.start(input);
    let asset: LifecycleStatus['asset'];
    for await (const status of client.watch('ahead')) if ((asset = status.asset)) break;
    await system.control.fail(asset?.id ?? '', 'a test');
    expect(await client.result('ahead')).toMatchObject({ outcome: 'failed', error: { type: 'ProcessingFailed' } });
    await system.control.setProcessing({ baseMs: 100, msPerMegabyte: 0 });
    const { status } = await run(input);
    expect(status).toMatchObject({ outcome: 'completed' });
    expect(await assetsOf('ahead')).toMatchObject([{ _id: status.asset?.id, status: 'ready' }]);
  } finally {
    await system.control.skewClock(0);
  }
});

test('a completed key runs again when it is told to, with its asset as long as the file is the same', async () => {
  const key = 'again';
  const first = await run({ key, source: await file(key, 'portrait-1.jpg') });
  const second = await run({ key, source: await file(key, 'portrait-1.jpg') }, { again: true });
  expect(second.started).toMatchObject({ joined: false });
  expect(second.status).toMatchObject({ outcome: 'completed', asset: { id: first.status.asset?.id } });
  const third = await run({ key, source: await file(key, 'portrait-3.jpg') }, { again: true });
  expect(third.status.asset?.id).not.toBe(first.status.asset?.id);
  expect(await assetsOf(key)).toHaveLength(1);
});

test('a start tells in what the run that it joins began differently', async () => {
  const key = 'differs';
  const source = await file(key, 'portrait-1.jpg');
  await utimes(source.path, 1000, 1000);
  await run({ key, source });
  expect((await client.start({ key, source })).differs).toBeUndefined();
  const other = { key, source, metadata: { a: 1 }, cleanup: { onCancel: 'keep' } } as const;
  expect((await client.start(other)).differs).toEqual(['metadata', 'cleanup']);
  await utimes(source.path, 2000, 2000);
  expect((await client.start({ key, source })).differs).toEqual(['source.modifiedAt']);
  await file(key, 'portrait-3.jpg');
  expect((await client.start({ key, source })).differs).toEqual(['source.sizeBytes', 'source.modifiedAt']);
});

test('a running key is joined by a start with another branch, which is told so', async () => {
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  const input = { key: 'differs-running', source: sample('portrait-1.jpg') };
  await client.start(input);
  const joined = await client.start({ ...input, metadata: { a: 1 }, branch: { type: 'embed' } });
  expect(joined).toMatchObject({ joined: true, differs: ['metadata', 'branch'] });
  await client.cancel(input.key);
  await client.result(input.key);
});

test('a branch that is added to a completed key says which fields of its asset stay as they are', async () => {
  const input = { key: 'differs-added', source: sample('portrait-1.jpg'), branch: { type: 'embed' } } as const;
  await run({ ...input, branch: { type: 'none' } });
  const options = { metadata: { a: 1 }, enableThumbnail: true, cleanup: { onCancel: 'keep' } } as const;
  const added = await run({ ...input, ...options });
  expect(added.started).toMatchObject({ joined: false, differs: ['metadata', 'enableThumbnail'] });
  expect(added.status.outcome).toBe('completed');
});

test('of many starts at once one starts a run and the others join it', async () => {
  const input = { key: 'at-once', source: sample('portrait-1.jpg') };
  await run({ ...input, ...FAILS });
  const started = await Promise.all(Array.from({ length: 8 }, () => client.start(input)));
  expect(started.filter(({ joined }) => !joined)).toHaveLength(1);
  expect(new Set(started.map(({ runId }) => runId)).size).toBe(1);
});

test('two namespaces that share a result folder neither overwrite nor delete each other’s results', async () => {
  const namespace = 'second';
  const { connection } = system.client;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('3 days'),
  });
  const isKnown = (): Promise<boolean> =>
    connection.workflowService.countWorkflowExecutions({ namespace }).then(
      () => true,
      () => false,
    );
  while (!(await isKnown())) await new Promise((resolve) => setTimeout(resolve, 50));
  await addSearchAttributes(connection, namespace);
  const worker = system.worker;
  const beside = await system.startWorker({ TEMPORAL_NAMESPACE: namespace });
  try {
    const temporal = { ...system.temporal, namespace, client: new Client({ connection, namespace }) };
    const second = await LifecycleClient.connect({ temporal });
    const input = { key: 'shared', source: sample('portrait-1.jpg'), branch: { type: 'embed' } } as const;
    const files: string[] = [];
    for (const one of [client, second]) {
      await one.start(input);
      const { branch } = await one.result('shared');
      files.push(fileURLToPath(branch?.result?.uri ?? ''));
    }
    expect(files[0]).not.toBe(files[1]);
    const { receipt } = await (await second.forceDelete('shared')).result();
    expect(receipt?.entries.map(({ resource }) => resource)).toEqual(['result', 'asset']);
    expect(files.map((name) => existsSync(name))).toEqual([true, false]);
  } finally {
    await beside.stop();
    system.worker = worker;
  }
});
