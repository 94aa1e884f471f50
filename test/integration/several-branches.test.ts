import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LifecycleClient } from '../../src/client/lifecycle-client';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import type { LifecycleInput } from '../../src/providers/registry';
import { copyAtRest } from '../support/media/files-at-rest';
import { SAMPLES, System, untilStatus } from '../support/system/system';

jest.setTimeout(180_000);
const HOUR_MS = 3_600_000;
let system: System;
let client: LifecycleClient;
let indexId: string;
let collectionId: string;
beforeAll(async () => {
  system = await System.start();
  client = system.lifecycles;
  const models = [{ model_name: 'marengo3.0', model_options: ['visual', 'audio'] }];
  ({ _id: indexId } = await system.provider<{ _id: string }>('POST', '/indexes', { index_name: 'films', models }));
  ({ _id: collectionId } = await system.provider<{ _id: string }>('POST', '/entity-collections', { name: 'people' }));
});
afterAll(() => system.close());
beforeEach(() => system.control.setProcessing({ baseMs: 100, msPerMegabyte: 0 }));

const EMBED = { type: 'embed' } as const;
const index = () => ({ type: 'index', indexId }) as const;
const WRONG_INDEX = { type: 'index', indexId: '0'.repeat(24) } as const;

/** A file of its own for the key, with the content of a sample. */
async function file(key: string, name = 'city.mp4') {
  const source = { type: 'file' as const, path: path.join(system.folder, `${key}${path.extname(name)}`) };
  await copyAtRest(path.join(SAMPLES, name), source.path);
  return source;
}

async function run(input: LifecycleInput, options?: { again: boolean }) {
  const started = await client.start(input, options);
  return { started, status: await client.result(started.key) };
}

const handleOf = (key: string) => system.client.workflow.getHandle(`asset-lifecycle:twelvelabs:${key}`);
const entriesOf = async (assetId = '') =>
  (await system.control.state()).indexedAssets.filter(({ asset_id }) => asset_id === assetId);
/** Requests that make an asset, in one piece or in parts. */
async function creates(): Promise<number> {
  const counters = await system.control.counters();
  const routes = ['POST /assets', 'POST /assets/multipart-uploads'];
  return routes.reduce((sum, route) => sum + (counters[route]?.requests ?? 0), 0);
}
const storedAt = (status: LifecycleStatus): string[] =>
  (status.branches ?? (status.branch ? [status.branch] : [])).flatMap(({ result }) =>
    result ? [fileURLToPath(result.uri)] : [],
  );

test('an asset is embedded and indexed in one lifecycle: one upload, at most 60 events', async () => {
  const key = 'side-by-side';
  const before = await creates();
  const { status } = await run({ key, source: await file(key), branch: [EMBED, index()] });
  expect(status).toMatchObject({
    outcome: 'completed',
    branches: [
      { type: 'embed', status: 'ready', result: { dimensions: 512 }, input: { model: 'marengo3.0' } },
      { type: 'index', status: 'ready', input: { indexId } },
    ],
  });
  expect(status.branch).toMatchObject({ type: 'embed' });
  expect((await creates()) - before).toBe(1);
  const { events } = await handleOf(key).fetchHistory();
  expect(events?.length).toBeLessThanOrEqual(60);
  const [asset] = await system.assetsOf(key);
  expect(asset?.user_metadata).toMatchObject({ asset_lifecycle_released: 'completed' });
  const [summary] = await listOf(key);
  expect(summary).toMatchObject({ branch: 'embed+index', outcome: 'completed' });
});

async function listOf(key: string) {
  const found = [];
  for await (const one of client.list({ key })) found.push(one);
  return found;
}

test('a completed key that is started with another branch adopts its asset, and lists both', async () => {
  const key = 'then-indexed';
  const source = await file(key);
  const first = await run({ key, source, branch: EMBED });
  const before = await creates();
  const second = await run({ key, source, branch: index() });
  expect(second.started.joined).toBe(false);
  expect(second.status).toMatchObject({
    outcome: 'completed',
    asset: { id: first.status.asset?.id, completedBefore: true },
    branch: { type: 'index', status: 'ready' },
    branches: [
      { type: 'embed', status: 'ready', result: first.status.branch?.result, runId: first.started.runId },
      { type: 'index', status: 'ready' },
    ],
  });
  expect(second.status.asset?.adopted).toBeUndefined(); // owned by the key as before
  expect(await creates()).toBe(before);
  const both = await client.start({ key, source, branch: [index(), EMBED] });
  expect(both).toEqual(expect.objectContaining({ joined: true, runId: second.started.runId }));
  expect(both.differs).toBeUndefined();
});

test('two models in one list store two results, which a force-delete of the closed key removes', async () => {
  const key = 'two-models';
  const models = [EMBED, { type: 'embed', model: 'marengo3.5' } as const];
  const { status } = await run({ key, source: await file(key), branch: models });
  const stored = storedAt(status);
  expect(new Set(stored).size).toBe(2);
  expect(new Set(stored.map((one) => path.dirname(one))).size).toBe(1);
  const { receipt } = await (await client.forceDelete(key)).result();
  expect(receipt?.entries.filter(({ resource }) => resource === 'result')).toHaveLength(2);
  expect(stored.filter((one) => existsSync(one))).toEqual([]);
});

test('of an adopted asset, too, a later run removes only what it made, and lists only what is there', async () => {
  const made = await run({ key: 'to-adopt', source: await file('to-adopt', 'portrait-1.jpg') });
  const key = 'adopting';
  const source = { type: 'asset', assetId: made.status.asset?.id ?? '' } as const;
  const entity = { type: 'entity', collectionId, name: 'Kept' } as const;
  await run({ key, source, branch: entity });
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  await client.start({ key, source, branch: [entity, { ...entity, name: 'Gone' }] }, { again: true });
  await untilStatus(handleOf(key), ({ branches }) => branches?.every(({ id }) => id !== undefined) === true);
  await client.cancel(key);
  const status = await client.result(key);
  const { entities } = await system.control.state();
  expect(entities.filter(({ name }) => ['Kept', 'Gone'].includes(name))).toMatchObject([{ name: 'Kept' }]);
  const ready = status.branches?.filter((one) => one.status === 'ready').map(({ input }) => input.name);
  expect(ready).not.toContain('Gone');
});

test('a second model is another branch, and a third start lists all three', async () => {
  const key = 'models';
  const source = await file(key);
  const first = await run({ key, source, branch: EMBED });
  const second = await run({ key, source, branch: { type: 'embed', model: 'marengo3.5' } });
  const third = await run({ key, source, branch: [EMBED, { type: 'embed', model: 'marengo3.5' }, index()] });
  expect(new Set([first, second, third].map(({ started }) => started.runId)).size).toBe(3);
  expect(third.status.branches?.map(({ type, input, runId }) => [type, input.model ?? input.indexId, runId])).toEqual([
    ['embed', 'marengo3.0', first.started.runId],
    ['embed', 'marengo3.5', second.started.runId],
    ['index', indexId, undefined],
  ]);
  expect(new Set(storedAt(third.status)).size).toBe(2);
});

test('a cancel of an added branch removes only what its run made', async () => {
  const key = 'added-cancelled';
  const source = await file(key);
  const first = await run({ key, source, branch: EMBED });
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  await client.start({ key, source, branch: index() });
  await untilStatus(handleOf(key), ({ branch }) => branch?.status === 'running');
  await client.cancel(key);
  const status = await client.result(key);
  const assetId = first.status.asset?.id;
  expect(status).toMatchObject({
    outcome: 'cancelled',
    receipt: {
      entries: [
        { resource: 'indexed-asset', result: 'deleted' },
        { resource: 'asset', id: assetId, result: 'kept', because: expect.stringContaining('completed with it') },
      ],
    },
  });
  expect(await entriesOf(assetId)).toEqual([]);
  expect(storedAt(first.status).every((one) => existsSync(one))).toBe(true);
  const [asset] = await system.assetsOf(key);
  expect(asset?.user_metadata).toMatchObject({ asset_lifecycle_released: 'completed' });
  expect(asset?.user_metadata).toHaveProperty('asset_lifecycle_completed_by');
});

test('a branch that fails leaves the key what it had, for whatever comes after', async () => {
  const key = 'added-failed';
  const source = await file(key);
  const first = await run({ key, source, branch: EMBED });
  const failed = await run({ key, source, branch: WRONG_INDEX });
  const assetId = first.status.asset?.id;
  expect(failed.status).toMatchObject({ outcome: 'failed', asset: { id: assetId }, receipt: { policy: 'keep' } });
  const [kept] = await system.assetsOf(key);
  expect(kept?.user_metadata).toMatchObject({ asset_lifecycle_released: 'completed' });
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  await client.start({ key, source, branch: index() });
  await untilStatus(handleOf(key), ({ branch }) => branch?.status === 'running');
  await client.cancel(key);
  expect((await client.result(key)).branches?.[0]).toMatchObject({ type: 'embed', status: 'ready' });
  expect(await system.assetsOf(key)).toMatchObject([{ _id: assetId }]);
  await copyAtRest(path.join(SAMPLES, 'clip.mp4'), source.path);
  await client.start({ key, source, branch: index() });
  expect((await client.result(key)).error?.message).toContain('with which the key has completed');
  expect(await system.assetsOf(key)).toMatchObject([{ _id: assetId }]);
});

test('a force-delete while an added branch runs removes all that the key has', async () => {
  const key = 'added-forced';
  const source = await file(key);
  const first = await run({ key, source, branch: [EMBED, index()] });
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  await client.start({ key, source, branch: { type: 'embed', model: 'marengo3.5' } });
  await untilStatus(handleOf(key), ({ branch }) => branch?.status === 'running');
  const status = await (await client.forceDelete(key)).result();
  expect(status.outcome).toBe('deleted');
  expect(await system.assetsOf(key)).toEqual([]);
  expect(await entriesOf(first.status.asset?.id)).toEqual([]);
  expect(storedAt(first.status).some((one) => existsSync(one))).toBe(false);
});

test('a force-delete of a key whose runs have closed removes what all of them made', async () => {
  const key = 'closed-forced';
  const source = await file(key, 'portrait-1.jpg');
  await run({ key, source, branch: EMBED });
  await run({ key, source, branch: { type: 'entity', collectionId, name: 'Ada' } });
  const last = await run({ key, source, branch: { type: 'entity', collectionId, name: 'Grace' } });
  expect(last.status.branches).toHaveLength(3);
  await (await client.forceDelete(key)).result();
  expect(await system.assetsOf(key)).toEqual([]);
  const { entities } = await system.control.state();
  expect(entities.filter(({ metadata }) => metadata?.asset_lifecycle_key === key)).toEqual([]);
  expect(storedAt(last.status).some((one) => existsSync(one))).toBe(false);
});

test('after a terminate of an added branch, a sweep removes what its run made and keeps the rest', async () => {
  const key = 'added-terminated';
  const source = await file(key);
  const first = await run({ key, source, branch: EMBED });
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  await client.start({ key, source, branch: index() });
  await untilStatus(handleOf(key), ({ branch }) => branch?.status === 'running');
  await handleOf(key).terminate('a test');
  const assetId = first.status.asset?.id ?? '';
  expect(await entriesOf(assetId)).toHaveLength(1);
  const { orphans } = await client.sweep({ grace: '0s' });
  expect(orphans.find((one) => one.assetId === assetId)?.entries).toMatchObject([
    { resource: 'indexed-asset', result: 'deleted' },
    { resource: 'asset', id: assetId, result: 'kept' },
  ]);
  expect(await entriesOf(assetId)).toEqual([]);
  expect(storedAt(first.status).every((one) => existsSync(one))).toBe(true);
  expect((await client.sweep({ grace: '0s' })).orphans.filter((one) => one.assetId === assetId)).toEqual([]);
});

test('of a list in which one fails the other goes on to its end, and the failure names its branch', async () => {
  const key = 'one-fails';
  const { status } = await run({ key, source: await file(key), branch: [WRONG_INDEX, EMBED] });
  expect(status).toMatchObject({
    outcome: 'failed',
    error: { message: expect.stringContaining('index failed, of 2 branches: ') },
    branches: [
      { type: 'index', status: 'failed', error: { message: expect.stringContaining('POST /indexes') } },
      { type: 'embed', status: 'ready', result: { dimensions: 512 } },
    ],
  });
  expect(status.branches?.[1]).not.toHaveProperty('error');
  const before = await creates();
  const retried = await client.retry(key, { branch: [index(), EMBED] });
  expect(retried.joined).toBe(false);
  expect(await client.result(key)).toMatchObject({
    outcome: 'completed',
    asset: { id: status.asset?.id },
    branches: [
      { type: 'embed', result: status.branches?.[1]?.result },
      { type: 'index', status: 'ready' },
    ],
  });
  expect(await creates()).toBe(before);
});

test('a retry takes up the ready asset of a failed key; a changed file makes another asset', async () => {
  const key = 'retried';
  const source = await file(key);
  const failed = await run({ key, source, branch: WRONG_INDEX });
  expect(failed.status.outcome).toBe('failed');
  const before = await creates();
  await client.retry(key);
  expect((await client.result(key)).outcome).toBe('failed'); // nothing was mended
  expect(await creates()).toBe(before);
  await copyAtRest(path.join(SAMPLES, 'clip.mp4'), source.path);
  await client.retry(key, { branch: index() });
  const status = await client.result(key);
  expect(status).toMatchObject({ outcome: 'completed', branch: { type: 'index', status: 'ready' } });
  expect(status.asset?.id).not.toBe(failed.status.asset?.id);
  expect(await system.assetsOf(key)).toHaveLength(1);
});

test('an unknown, a running, a completed and a cancelled key are not retried', async () => {
  await expect(client.retry('nobody')).rejects.toMatchObject({ name: 'LifecycleNotFound' });
  const source = await file('not-failed');
  await run({ key: 'not-failed', source });
  await expect(client.retry('not-failed')).rejects.toThrow('has completed; there is nothing to retry');
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  await client.start({ key: 'waits', source: await file('waits') });
  await expect(client.retry('waits')).rejects.toThrow('is running; there is nothing to retry yet');
  await client.cancel('waits');
  await client.result('waits');
  await expect(client.retry('waits')).rejects.toThrow('was cancelled on request');
});

test('a completed key whose file has changed refuses another branch and keeps what it has', async () => {
  const key = 'changed';
  const source = await file(key);
  const first = await run({ key, source, branch: EMBED });
  await copyAtRest(path.join(SAMPLES, 'clip.mp4'), source.path);
  const second = await run({ key, source, branch: index() });
  expect(second.status).toMatchObject({
    outcome: 'failed',
    error: { type: 'InvalidRequest', message: expect.stringContaining('with which the key has completed') },
  });
  expect(await system.assetsOf(key)).toMatchObject([{ _id: first.status.asset?.id, status: 'ready' }]);
  const third = await run({ key, source, branch: index() }, { again: true });
  expect(third.status.outcome).toBe('completed');
  expect(await system.assetsOf(key)).toMatchObject([{ _id: third.status.asset?.id }]);
  expect(third.status.asset?.id).not.toBe(first.status.asset?.id);
  expect(third.status.branches).toBeUndefined(); // the embedding was of the other content
});
