import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { LifecycleClient } from '../../src/client/lifecycle-client';
import { writeAtRest } from '../support/media/files-at-rest';
import { ClusterSystem } from '../support/system/cluster';
import { storeClient } from '../support/system/store-client';
import { SAMPLES, type System } from '../support/system/system';
import { until } from '../support/until';

jest.setTimeout(240_000);
const HOUR_MS = 3_600_000;
/** Groups of a hundred: the last one has fewer. */
const ITEMS = 250;
/** Characters that mean something to SQL and to Temporal's list filters. */
const BATCH_ID = `it's "100%" of $1 \\`;

let onCluster: ClusterSystem;
let system: System;
let client: LifecycleClient;
let folder: string;
beforeAll(async () => {
  onCluster = await ClusterSystem.start();
  ({ system } = onCluster);
  client = await storeClient(system);
  folder = path.join(system.folder, 'pictures');
  await mkdir(folder);
  const picture = await readFile(path.join(SAMPLES, 'portrait-1.jpg'));
  for (let nth = 0; nth < ITEMS; nth++) {
    await writeAtRest(path.join(folder, `${nth}.jpg`), Buffer.concat([picture, Buffer.from(String(nth))]));
  }
});
afterAll(() => onCluster?.close());

const start = (batchId: string) =>
  client.batches.start({ batchId, items: { type: 'folder', path: folder }, each: { branch: { type: 'embed' } } });

const posts = async (): Promise<number> => (await system.control.counters())['POST /assets']?.requests ?? 0;

async function stateOf(batchId: string): Promise<string | undefined> {
  for await (const batch of client.batches.list()) if (batch.batchId === batchId) return batch.state;
  return undefined;
}

test('a batch goes on after database, server and worker were killed; each item has one asset', async () => {
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  await start(BATCH_ID);
  await until(async () => (await system.control.state()).assets.length === ITEMS);
  await onCluster.cluster.restartDatabase();
  await onCluster.cluster.restartServer();
  await onCluster.restartWorker();
  await system.control.advanceClock(HOUR_MS);
  await system.control.setProcessing({ baseMs: 100, msPerMegabyte: 0 });
  expect(await client.batches.result(BATCH_ID)).toMatchObject({
    ...{ outcome: 'completed', counts: { items: ITEMS, by: { completed: ITEMS } } },
  });
  const keys = (await system.control.state()).assets.map(({ user_metadata }) => user_metadata?.asset_lifecycle_key);
  expect([keys.length, new Set(keys).size]).toEqual([ITEMS, ITEMS]);
  await until(async () => (await stateOf(BATCH_ID)) === 'completed'); // visibility follows a moment later
});

test('a second batch makes nothing; the removal of the first takes nothing that the second has', async () => {
  const before = await posts();
  expect(before).toBeGreaterThanOrEqual(ITEMS);
  await start('second');
  expect(await client.batches.result('second')).toMatchObject({ outcome: 'completed' });
  expect(await posts()).toBe(before);
  await client.batches.forceDelete(BATCH_ID, { all: true });
  await client.batches.result(BATCH_ID);
  expect((await system.control.state()).assets).toHaveLength(ITEMS);
  await client.batches.forceDelete('second', { all: true });
  expect(await client.batches.result('second')).toMatchObject({
    outcome: 'deleted',
    counts: { by: { deleted: ITEMS } },
  });
  expect((await system.control.state()).assets).toEqual([]);
  await until(async () => (await stateOf('second')) === 'deleted');
});
