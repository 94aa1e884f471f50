import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ReportEntry } from '../../../src/batch/report';
import type { LifecycleClient } from '../../../src/client/lifecycle-client';
import { batchWorkflowId } from '../../../src/contracts/ids';
import {
  BatchClosed,
  BatchNotFound,
  BatchRunning,
  LifecycleClosed,
  LifecycleNotFailed,
} from '../../../src/temporal/errors';
import { storeClient } from '../../support/system/store-client';
import { writeAtRest } from '../../support/media/files-at-rest';
import { forget, SAMPLES, System } from '../../support/system/system';
import { until } from '../../support/until';

jest.setTimeout(120_000);
let system: System;
let client: LifecycleClient;
beforeAll(async () => {
  system = await System.start();
  client = await storeClient(system);
});
beforeEach(async () => {
  await system.control.reset();
  await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
});
afterAll(() => system.close());

/** A folder of pictures that the worker serves. */
async function pictures(name: string, count: number): Promise<string> {
  const folder = path.join(system.folder, name);
  await mkdir(folder);
  const picture = await readFile(path.join(SAMPLES, 'portrait-1.jpg'));
  for (let nth = 0; nth < count; nth++) {
    await writeAtRest(path.join(folder, `${nth}.jpg`), Buffer.concat([picture, Buffer.from(`${name} ${nth}`)]));
  }
  return folder;
}

async function reportOf(batchId: string): Promise<ReportEntry[]> {
  const entries: ReportEntry[] = [];
  for await (const entry of client.batches.report(batchId)) entries.push(entry);
  return entries;
}

const creates = async (): Promise<number> => (await system.control.counters())['POST /assets']?.requests ?? 0;
const waitLong = (): Promise<unknown> => system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });

test('a report names every entry; a retry takes up only what failed, and the batch completes', async () => {
  const folder = await pictures('mended', 3);
  await writeAtRest(path.join(folder, 'broken.mp4'), 'no video');
  await writeAtRest(path.join(folder, 'empty.mp4'), '');
  const started = await client.batches.start({ batchId: 'mended', items: { type: 'folder', path: folder } });
  expect(started.joined).toBe(false);
  expect((await client.batches.result('mended')).outcome).toBe('failed');
  const entries = await reportOf('mended');
  expect(entries.map((entry) => ('refused' in entry ? entry.refused : entry.outcome))).toEqual([
    ...['completed', 'completed', 'completed', 'failed', 'InvalidRequest'],
  ]);
  expect(entries[0]).toMatchObject({ key: path.join(folder, '0.jpg'), asset: { status: 'ready' } });
  expect(await client.batches.failures('mended')).toMatchObject([
    { type: 'InvalidRequest', count: 1, examples: [path.join(folder, 'broken.mp4')] },
    { type: 'InvalidRequest', count: 1, examples: ['empty.mp4'] },
  ]);
  const made = await creates();
  await writeAtRest(path.join(folder, 'broken.mp4'), await readFile(path.join(SAMPLES, 'clip.mp4')));
  expect((await client.batches.retry('mended')).runId).not.toBe(started.runId);
  expect(await client.batches.result('mended')).toMatchObject({
    outcome: 'completed',
    counts: { by: { completed: 4 } },
  });
  expect(await creates()).toBe(made + 1);
  await expect(client.batches.retry('mended')).rejects.toThrow(LifecycleNotFailed);
  const result = await client.batches.uploadResult('mended');
  expect(result).toMatchObject({ totalFiles: 4, totalSucceeded: 4, totalFailed: 0, successRate: 100, sessionIds: [] });
  expect(result.skipped).toMatchObject([{ path: 'empty.mp4' }]);
  expect(result.summary()).toBe('4 of 4 files uploaded (100.0 %), 1 that can be no item, sessions: none');
});

test('a batch that cannot be listed says why, and is retried once the cause is mended', async () => {
  const folder = path.join(system.folder, 'empty');
  await mkdir(folder);
  const why = `items.path: ${folder}: holds no file that is not hidden`;
  await client.batches.start({ batchId: 'empty', items: { type: 'folder', path: folder } });
  expect(await client.batches.result('empty')).toMatchObject({
    ...{ outcome: 'failed', phase: 'failed', error: { type: 'InvalidRequest', message: why } },
  });
  await expect(reportOf('empty')).rejects.toThrow(`batch "empty" was not listed: ${why}`);
  await writeAtRest(path.join(folder, 'a.jpg'), await readFile(path.join(SAMPLES, 'portrait-1.jpg')));
  await client.batches.retry('empty');
  expect((await client.batches.result('empty')).outcome).toBe('completed');
});

test('items are found by their keys, while they run and after their batch has closed', async () => {
  const folder = await pictures('keys', 2);
  const key = path.join(folder, '0.jpg');
  await waitLong();
  await client.batches.start({ batchId: 'keys', items: { type: 'folder', path: folder } });
  await until(async () => (await creates()) === 2);
  await until(async () => (await client.status(key)).phase === 'processing');
  expect(await client.status(key)).toMatchObject({ key, provider: 'twelvelabs', batch: { batchId: 'keys', item: 0 } });
  await expect(client.retry(key)).rejects.toThrow(LifecycleNotFailed);
  await expect(client.batches.retry('keys')).rejects.toThrow(BatchRunning);
  const watched = (async () => {
    const phases: string[] = [];
    for await (const { phase } of client.watch(key)) phases.push(phase);
    return phases;
  })();
  await client.batches.cancel('keys', { cleanup: 'keep' });
  expect((await client.batches.result('keys')).outcome).toBe('cancelled');
  expect((await watched).at(-1)).toBe('cancelled');
  expect(await client.status(key)).toMatchObject({ outcome: 'cancelled', receipt: { entries: [{ result: 'kept' }] } });
  await expect(client.batches.cancel('keys')).rejects.toThrow(BatchClosed);
  expect(await client.result(key)).toMatchObject({ outcome: 'cancelled', timings: { elapsedSec: expect.any(Number) } });
  expect((await (await client.forceDelete(key)).result()).outcome).toBe('deleted');
  expect(await system.assetsOf(key)).toEqual([]);
  expect(await system.assetsOf(path.join(folder, '1.jpg'))).toHaveLength(1);
});

test('items are stopped by their keys, while the others of their group go on; force comes after an end as well', async () => {
  const folder = await pictures('singly', 3);
  const [first = '', second = '', third = ''] = [0, 1, 2].map((nth) => path.join(folder, `${nth}.jpg`));
  await waitLong();
  await client.batches.start({ batchId: 'singly', items: { type: 'folder', path: folder } });
  await until(async () => (await creates()) === 3);
  await until(async () => (await client.status(third)).phase === 'processing');
  await client.cancel(first, { reason: 'not this one', cleanup: 'keep' });
  const deletion = await client.forceDelete(second);
  expect(deletion).toMatchObject({ by: 'assetGroup', workflowId: 'asset-group:singly:0' });
  expect(await client.result(first)).toMatchObject({
    ...{ outcome: 'cancelled', reason: 'not this one', batch: { batchId: 'singly' } },
    receipt: { policy: 'keep', entries: [{ result: 'kept' }] },
  });
  expect(await deletion.result()).toMatchObject({ outcome: 'deleted', receipt: { policy: 'force-delete' } });
  const held = await Promise.all([first, second, third].map((key) => system.assetsOf(key)));
  expect(held.map((assets) => assets.length)).toEqual([1, 0, 1]);
  expect(await client.status(third)).toMatchObject({ phase: 'processing' });
  await expect(client.cancel(first)).rejects.toThrow(LifecycleClosed);
  const later = await client.forceDelete(first);
  await client.cancel(third, { cleanup: 'keep' });
  expect(await later.result()).toMatchObject({
    ...{ outcome: 'deleted', receipt: { policy: 'force-delete', entries: [{ result: 'deleted' }] } },
  });
  expect(await client.batches.result('singly')).toMatchObject({
    outcome: 'failed',
    counts: { by: { cancelled: 1, deleted: 2 } },
  });
  expect(await system.assetsOf(third)).toHaveLength(1);
});

test('a failed item is retried as a lifecycle of its own, and a key with a later lifecycle is that one’s', async () => {
  const folder = await pictures('one', 1);
  const key = path.join(folder, 'broken.mp4');
  await writeAtRest(key, 'no video');
  await client.batches.start({ batchId: 'one', items: { type: 'folder', path: folder }, each: { metadata: { a: 1 } } });
  await client.batches.result('one');
  expect(await client.status(key)).toMatchObject({ outcome: 'failed', batch: { batchId: 'one' } });
  await writeAtRest(key, await readFile(path.join(SAMPLES, 'clip.mp4')));
  expect((await client.retry(key)).joined).toBe(false);
  const status = await client.result(key);
  expect(status).toMatchObject({ outcome: 'completed' });
  expect(status.batch).toBeUndefined();
  expect((await system.assetsOf(key))[0]?.user_metadata).toMatchObject({ a: 1 });
  await expect(client.retry(path.join(folder, '0.jpg'))).rejects.toThrow('has completed; there is nothing to retry');
});

test('the records that an item has stored go with its key', async () => {
  const folder = await pictures('stored', 2);
  const each = { branch: { type: 'embed' } };
  await client.batches.start({ batchId: 'stored', items: { type: 'folder', path: folder }, each });
  await client.batches.result('stored');
  const [one, other] = ['0.jpg', '1.jpg'].map((name) => path.join(folder, name));
  const uriOf = async (key = '') => (await client.status(key)).branch?.result?.uri ?? '';
  const uris = [await uriOf(one), await uriOf(other)].map((uri) => new URL(uri));
  await (await client.forceDelete(one ?? '')).result();
  await expect(readFile(uris[0] as URL)).rejects.toThrow('ENOENT');
  expect((await readFile(uris[1] as URL)).length).toBeGreaterThan(0);
});

test('another batch over a folder takes no branch again, and takes one that is new', async () => {
  const folder = await pictures('again', 3);
  const items = { type: 'folder', path: folder };
  const run = async (batchId: string, branch: unknown): Promise<void> => {
    await client.batches.start({ batchId, items, each: { branch } });
    expect((await client.batches.result(batchId)).counts.by).toEqual({ completed: 3 });
  };
  const embeds = async (): Promise<number> => (await system.control.counters())['POST /embed-v2']?.requests ?? 0;
  await run('again-1', { type: 'embed' });
  const first = (await client.status(path.join(folder, '0.jpg'))).branch;
  await run('again-2', { type: 'embed' });
  expect([await creates(), await embeds()]).toEqual([3, 3]);
  expect(await client.status(path.join(folder, '0.jpg'))).toMatchObject({
    ...{ branch: first, batch: { batchId: 'again-2' } },
  });
  await run('again-3', { type: 'embed', scopes: ['asset'] });
  expect([await creates(), await embeds()]).toEqual([3, 6]);
  await run('again-4', { type: 'embed' });
  expect([await creates(), await embeds()]).toEqual([3, 6]);
});

test('a batch that Temporal has forgotten is told of by the store; one that nobody knows is not found', async () => {
  const folder = await pictures('forgotten', 2);
  await client.batches.start({ batchId: 'forgotten', items: { type: 'folder', path: folder } });
  await client.batches.result('forgotten');
  await forget(system, batchWorkflowId('forgotten'));
  expect(await client.batches.status('forgotten')).toMatchObject({
    ...{ phase: 'completed', outcome: 'completed', counts: { items: 2, by: { completed: 2 } } },
  });
  expect(await reportOf('forgotten')).toHaveLength(2);
  for (const call of [
    () => client.batches.status('none'),
    () => client.batches.cancel('none'),
    () => client.batches.retry('none'),
    () => reportOf('none'),
  ]) {
    await expect(call()).rejects.toThrow(BatchNotFound);
  }
});

test('a batch that was ended from outside has failed, with what its items had come to', async () => {
  const folder = await pictures('ended', 2);
  await waitLong();
  await client.batches.start({ batchId: 'ended', items: { type: 'folder', path: folder } });
  await until(async () => (await creates()) === 2);
  await system.client.workflow.getHandle(batchWorkflowId('ended')).terminate('a test');
  const status = await client.batches.status('ended');
  expect(status).toMatchObject({ outcome: 'failed', counts: { items: 2 }, error: { type: 'Unexpected' } });
});

test('a client without a store follows batches, and says what it lacks for a report', async () => {
  const { batches } = system.lifecycles;
  const folder = await pictures('no-store', 1);
  await batches.start({ batchId: 'no-store', items: { type: 'folder', path: folder } });
  expect((await batches.result('no-store')).outcome).toBe('completed');
  await expect(batches.failures('no-store')).rejects.toThrow('without the store of the workers');
});
