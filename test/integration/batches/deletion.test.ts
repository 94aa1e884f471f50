import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ReportEntry } from '../../../src/batch/report';
import type { LifecycleClient } from '../../../src/client/lifecycle-client';
import {
  ASSET_BATCH_DELETION,
  batchWorkflowId,
  groupWorkflowId,
  lifecycleWorkflowId,
  WORKFLOW_TASK_QUEUE,
} from '../../../src/contracts/ids';
import type { ItemOutcome } from '../../../src/contracts/batch/item-outcome';
import { BatchClosed, BatchNotFound, BatchRunning, failureBehind } from '../../../src/temporal/errors';
import { storeClient } from '../../support/system/store-client';
import { writeAtRest } from '../../support/media/files-at-rest';
import { SAMPLES, System } from '../../support/system/system';
import { until } from '../../support/until';

jest.setTimeout(120_000);
const HOUR_MS = 3_600_000;
const DELETE = 'DELETE /assets/{asset_id}';
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

/** Starts a batch over a folder of pictures that the worker serves. @returns their keys */
async function start(batchId: string, count: number, input: object = {}): Promise<string[]> {
  const folder = path.join(system.folder, batchId);
  await mkdir(folder);
  const picture = await readFile(path.join(SAMPLES, 'portrait-1.jpg'));
  const files = Array.from({ length: count }, (_, nth) => path.join(folder, `${nth}.jpg`));
  for (const file of files) await writeAtRest(file, Buffer.concat([picture, Buffer.from(file)]));
  await client.batches.start({ batchId, items: { type: 'folder', path: folder }, ...input });
  return files;
}

async function outcomesOf(batchId: string): Promise<ItemOutcome[]> {
  const outcomes: ItemOutcome[] = [];
  for await (const entry of client.batches.report(batchId) as AsyncGenerator<ReportEntry>) {
    if (!('refused' in entry)) outcomes.push(entry);
  }
  return outcomes;
}

const assetGone = expect.objectContaining({ resource: 'asset', result: 'deleted' });

const held = async (): Promise<number> => (await system.control.state()).assets.length;
const creates = async (): Promise<number> => (await system.control.counters())['POST /assets']?.requests ?? 0;
const removals = async (): Promise<number> => (await system.control.counters())[DELETE]?.requests ?? 0;

/** Takes items through a batch, and comes back while they are being removed. */
async function beginRemoval(batchId: string, count: number): Promise<void> {
  await start(batchId, count);
  await client.batches.result(batchId);
  await system.control.addFault({ route: DELETE, delayMs: 400 });
  const before = await removals();
  await client.batches.forceDelete(batchId, { all: true });
  await until(async () => (await removals()) > before);
}

test('a closed batch is removed with all that its items have made, by one request each, and can be started again', async () => {
  const keys = await start('spring', 5, { each: { branch: { type: 'embed' } } });
  await client.batches.result('spring');
  const uri = (await client.status(keys[0] ?? '')).branch?.result?.uri ?? '';
  await expect(client.batches.forceDelete('spring')).rejects.toThrow(BatchClosed);
  expect(await held()).toBe(5);
  await client.batches.forceDelete('spring', { all: true, reason: 'the wrong folder' });
  expect(await client.batches.result('spring')).toMatchObject({
    ...{ outcome: 'deleted', phase: 'deleted', reason: 'the wrong folder', counts: { items: 5, by: { deleted: 5 } } },
  });
  expect([await held(), await removals()]).toEqual([0, 5]);
  await expect(readFile(fileURLToPath(uri))).rejects.toThrow('ENOENT');
  expect(await outcomesOf('spring')).toMatchObject(
    keys.map((key) => ({
      ...{ key, outcome: 'deleted', reason: 'the wrong folder' },
      receipt: { policy: 'force-delete', entries: expect.arrayContaining([assetGone]) },
    })),
  );
  expect(await client.status(keys[4] ?? '')).toMatchObject({ outcome: 'deleted', batch: { batchId: 'spring' } });
  const states = async (): Promise<string[]> => {
    const found = [];
    for await (const { batchId, state } of client.batches.list()) if (batchId === 'spring') found.push(state);
    return found;
  };
  await until(async () => (await states()).join() === 'deleted'); // visibility lags
  await client.batches.forceDelete('spring', { all: true });
  expect(await client.batches.result('spring')).toMatchObject({ outcome: 'deleted' });
  expect(await removals()).toBe(5);
  await client.batches.retry('spring');
  expect(await client.batches.result('spring')).toMatchObject({
    outcome: 'completed',
    counts: { by: { completed: 5 } },
  });
  expect(await held()).toBe(5);
});

test('while it is removed neither it nor a key of it can be started; a cancel leaves what it has not come to', async () => {
  const keys = await start('halted', 25, { inFlight: 1 }); // groups of one, of which twenty run at once
  await until(async () => (await client.batches.status('halted')).phase === 'running'); // the groups are cut by then
  await client.batches.setInFlight('halted', 25);
  await client.batches.result('halted');
  await system.control.addFault({ route: DELETE, status: 503 });
  await client.batches.forceDelete('halted', { all: true });
  await until(async () => (await removals()) > 0);
  const { phase, counts } = await client.batches.status('halted');
  expect([phase, counts.by.cleaning]).toEqual(['cleaning', 20]);
  const again = { batchId: 'halted', items: { type: 'folder', path: path.join(system.folder, 'halted') } };
  await expect(client.batches.start(again)).rejects.toThrow(BatchRunning);
  const [key = ''] = keys;
  await until(async () => (await client.status(key)).phase === 'cleaning');
  await client.start({ key, source: { type: 'file', path: key } });
  const refused = system.client.workflow.getHandle(lifecycleWorkflowId('twelvelabs', key)).result();
  await expect(refused).rejects.toMatchObject({ cause: { type: 'KeyInUse' } });
  await client.batches.forceDelete('halted', { all: true }); // joins
  await client.batches.pause('halted');
  await client.batches.cancel('halted', { reason: 'not yet' });
  await system.control.clearFaults();
  expect(await client.batches.result('halted')).toMatchObject({
    ...{ outcome: 'cancelled', reason: 'not yet', counts: { by: { deleted: 20, completed: 5 } } },
  });
  expect(await held()).toBe(5);
  expect((await outcomesOf('halted')).map(({ outcome }) => outcome)).toEqual([
    ...Array.from({ length: 20 }, () => 'deleted'),
    ...Array.from({ length: 5 }, () => 'completed'),
  ]);
});

test('a cancel leaves what a group has not come to; who asks for the removal meanwhile has the rest removed too', async () => {
  await beginRemoval('midway', 60);
  await client.batches.cancel('midway');
  await client.batches.forceDelete('midway', { all: true });
  expect(await client.batches.result('midway')).toMatchObject({ outcome: 'deleted', counts: { by: { deleted: 60 } } });
  expect(await held()).toBe(0);
});

test('a cancelled removal tells what stays', async () => {
  await beginRemoval('stays', 60);
  await client.batches.cancel('stays', { reason: 'the wrong one' });
  const { outcome, reason, counts } = await client.batches.result('stays');
  const left = await held();
  expect(left).toBeGreaterThan(0);
  expect({ outcome, reason, by: counts.by }).toEqual({
    ...{ outcome: 'cancelled', reason: 'the wrong one', by: { deleted: 60 - left, completed: left } },
  });
});

test('a client with another store ends no batch of which it cannot tell', async () => {
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  await start('elsewhere', 2);
  await until(async () => (await creates()) === 2);
  const stranger = await storeClient(system, 'another-store');
  await expect(stranger.batches.forceDelete('elsewhere', { all: true })).rejects.toThrow('ASSET_LIFECYCLE_RESULTS');
  expect(await client.batches.status('elsewhere')).toMatchObject({ phase: 'running' });
  await client.batches.forceDelete('elsewhere', { all: true });
  await client.batches.result('elsewhere');
});

test('one that is still being listed is stopped, and there is nothing to remove', async () => {
  const items = { type: 'folder', path: path.join(path.parse(system.folder).root, 'of', 'no', 'worker') };
  await client.batches.start({ batchId: 'unlisted-yet', items });
  await until(async () => (await client.batches.status('unlisted-yet')).phase === 'listing');
  await client.batches.forceDelete('unlisted-yet', { all: true });
  expect(await client.batches.result('unlisted-yet')).toMatchObject({ outcome: 'deleted', counts: { items: 0 } });
  await expect(outcomesOf('unlisted-yet')).rejects.toThrow('was stopped before its items were listed');
});

test('a running batch is ended first, and so is a group that a terminated one has left', async () => {
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  await start('running', 3);
  await until(async () => (await creates()) === 3);
  await client.batches.forceDelete('running', { all: true });
  expect(await client.batches.result('running')).toMatchObject({ outcome: 'deleted', counts: { by: { deleted: 3 } } });
  expect(await held()).toBe(0);

  await system.control.setProcessing({ baseMs: 3000, msPerMegabyte: 0 });
  const [first = ''] = await start('terminated', 3);
  await until(async () => (await client.status(first).catch(() => undefined))?.phase === 'processing');
  await client.cancel(first);
  expect(await client.batches.result('terminated')).toMatchObject({ counts: { by: { cancelled: 1, completed: 2 } } });
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  await client.batches.retry('terminated'); // its group has two that have completed, and one under way
  await until(async () => (await creates()) === 7);
  await system.client.workflow.getHandle(batchWorkflowId('terminated')).terminate('a test');
  await client.batches.forceDelete('terminated', { all: true });
  expect(await client.batches.result('terminated')).toMatchObject({
    ...{ outcome: 'deleted', counts: { by: { deleted: 3 } } },
  });
  expect(await held()).toBe(0);
  const group = await system.client.workflow.getHandle(groupWorkflowId('terminated', 0)).describe();
  expect(group.status.name).toBe('COMPLETED');
});

test('what batch and group had left as they were terminated goes as well', async () => {
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  await start('both', 3);
  await until(async () => (await creates()) === 3);
  for (const id of [batchWorkflowId('both'), groupWorkflowId('both', 0)]) {
    await system.client.workflow.getHandle(id).terminate('a test');
  }
  await client.batches.forceDelete('both', { all: true });
  expect(await client.batches.result('both')).toMatchObject({ outcome: 'deleted', counts: { by: { deleted: 3 } } });
  expect(await held()).toBe(0);
});

test('a key that a later lifecycle or batch has taken up keeps its asset, and its item what became of it', async () => {
  const [mine = '', theirs = ''] = await start('shared', 2);
  await client.batches.result('shared');
  const later = await client.start({ key: theirs, source: { type: 'file', path: theirs } });
  expect(await client.result(later.key)).toMatchObject({ outcome: 'completed' });
  await client.batches.forceDelete('shared', { all: true });
  expect(await client.batches.result('shared')).toMatchObject({
    ...{ outcome: 'deleted', counts: { by: { deleted: 1, completed: 1 } } },
  });
  expect([await system.assetsOf(mine), await system.assetsOf(theirs)].map(({ length }) => length)).toEqual([0, 1]);
});

test('what an earlier start had kept goes as well', async () => {
  const folder = path.join(system.folder, 'kept');
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  await start('kept', 2);
  await until(async () => (await creates()) === 2);
  await client.batches.cancel('kept', { cleanup: 'keep' });
  await client.batches.result('kept');
  expect(await held()).toBe(2);
  await client.batches.start({ batchId: 'kept', items: { type: 'folder', path: folder } });
  await system.client.workflow.getHandle(batchWorkflowId('kept')).terminate('before it came to any');
  await client.batches.forceDelete('kept', { all: true });
  expect(await client.batches.result('kept')).toMatchObject({ outcome: 'deleted', counts: { by: { deleted: 2 } } });
  expect(await held()).toBe(0);
});

test('what cannot be removed is told of, and a later deletion removes it', async () => {
  await start('stuck', 2);
  await client.batches.result('stuck');
  await system.control.addFault({ route: DELETE, status: 401, times: 1 });
  await client.batches.forceDelete('stuck', { all: true });
  expect(await client.batches.result('stuck')).toMatchObject({
    ...{ outcome: 'failed', counts: { by: { deleted: 1, failed: 1 } } },
    failures: [{ error: { message: expect.stringContaining('is left over') } }],
  });
  await client.batches.forceDelete('stuck', { all: true });
  expect(await client.batches.result('stuck')).toMatchObject({ outcome: 'deleted' });
  expect(await held()).toBe(0);
});

test('bad input is refused before anything is removed', async () => {
  await expect(client.batches.forceDelete('nobody', { all: true })).rejects.toThrow(BatchNotFound);
  const run = (workflowId: string, input: object) =>
    system.client.workflow.execute(ASSET_BATCH_DELETION, { workflowId, taskQueue: WORKFLOW_TASK_QUEUE, args: [input] });
  const refused = async (workflowId: string, input: object) =>
    run(workflowId, input).catch((error: Error) => (failureBehind(error.cause) as Error).message);
  const id = batchWorkflowId('unlisted');
  expect(await refused(id, { batchId: 'unlisted' })).toMatch('provider: ');
  expect(await refused(id, { batchId: 'unlisted', provider: 'nobody' })).toMatch('provider: ');
  expect(await refused('another', { batchId: 'unlisted', provider: 'twelvelabs' })).toMatch('asset-batch:<batchId>');
  expect(await refused(id, { batchId: 'unlisted', provider: 'twelvelabs' })).toMatch('has no list in the store');
});
