import path from 'node:path';
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { acceptInput } from '../../../src/providers/registry';
import { itemsOf, readIndex, refusedOf } from '../../../src/batch/read-batch';
import { removeBatch } from '../../../src/batch/remove-batch';
import { batchCounts, failuresByCause, reportEntries } from '../../../src/batch/report';
import { closedBatchStatus } from '../../../src/client/batches/batch-runs';
import { createBatchFiles, isExpired, keptBatches } from '../../../src/storage/batches/batch-files';
import { createItemOutcomes } from '../../../src/storage/batches/item-outcomes';
import { createKeyClaims } from '../../../src/storage/batches/key-claims';
import { ListingPlace } from '../../support/batches/listing';

const ref = { owner: 'ns', batchId: 'b' };
let place: ListingPlace;
beforeEach(async () => {
  place = await ListingPlace.make();
});
afterEach(() => place.close());

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

/** 2,500 items and 500 refused lines between them. */
async function listMany() {
  const lines = Array.from({ length: 3000 }, (_, n) =>
    JSON.stringify(n % 6 === 5 ? { key: `none-${n}` } : { url: `https://m.example/${n}.mp4`, metadata: { n } }),
  );
  await place.put({ 'list.ndjson': lines.join('\n') });
  const items = { type: 'manifest', uri: path.join(place.media, 'list.ndjson') };
  const { index } = await place.list({ items, each: { metadata: { project: 'x' }, branch: { type: 'embed' } } });
  return { index, files: createBatchFiles(place.store, ref), outcomes: createItemOutcomes(place.store, ref) };
}

test('a slice gives its items with the inputs of their own starts, across pages, and reads no other page', async () => {
  const { index, files } = await listMany();
  const read: number[] = [];
  const counted = { ...files, page: (number: number) => (read.push(number), files.page(number)) };
  const items = await collect(itemsOf(counted, index, { from: 820, end: 870 }));
  expect(items.map(({ item }) => item)).toEqual(Array.from({ length: 50 }, (_, n) => 820 + n));
  expect(read).toEqual([0, 1]);
  const url = 'https://m.example/984.mp4';
  const own = { key: url, source: { type: 'url', url }, filename: '984.mp4', metadata: { project: 'x', n: 984 } };
  expect(items[0]?.input).toEqual(acceptInput({ ...own, branch: { type: 'embed' } }));
  expect(await collect(itemsOf(files, index, { from: 2500, end: 2600 }))).toEqual([]);
  expect(await collect(refusedOf(files, index))).toHaveLength(500);
});

test('a list that is not there, or not whole, is told of', async () => {
  const { index, files } = await listMany();
  await expect(readIndex(createBatchFiles(place.store, { ...ref, batchId: 'c' }))).rejects.toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringContaining('holds no list of a batch'),
  });
  expect(await readIndex(files)).toEqual(index);
  await place.store.removeFolder(`${files.uri.slice(files.uri.indexOf('batches/'))}/pages`);
  await expect(collect(itemsOf(files, index, { from: 0, end: 1 }))).rejects.toThrow('page 0 of the batch is missing');
});

test('counts are those of all slices, and what nobody has touched is pending', async () => {
  const { index, outcomes } = await listMany();
  const completed = { key: 'k', phase: 'completed', outcome: 'completed', sizeBytes: 10 } as const;
  await outcomes.write({ from: 0, end: 50 }, [
    { ...completed, item: 0 },
    { ...completed, item: 1 },
  ]);
  await outcomes.write({ from: 50, end: 100 }, [
    { item: 50, key: 'k', phase: 'processing' },
    { ...completed, item: 51 },
  ]);
  await outcomes.write({ from: 50, end: 100 }, [{ item: 50, key: 'k', phase: 'failed', outcome: 'failed' }]);
  expect(await batchCounts(outcomes, index)).toEqual({
    items: 2500,
    by: { completed: 3, failed: 1, pending: 2496 },
    bytes: 30,
  });
});

const failed = (item: number, name: string) =>
  ({
    item,
    key: `/media/${name}`,
    phase: 'failed',
    outcome: 'failed',
    of: 'second',
    error: { type: 'PayloadTooLarge', message: `source.path: ${name} has ${item}000 bytes; the limit is 200 MB` },
  }) as const;

test('a report has every entry in the order of the list, and groups failures by their cause', async () => {
  const { index, files, outcomes } = await listMany();
  await outcomes.write({ from: 0, end: 50 }, [failed(2, 'b c.mp4'), failed(1, 'a.mp4')]);
  const entries = await collect(reportEntries({ files, outcomes }, index));
  expect(entries).toHaveLength(3000);
  expect(entries.slice(0, 7).map((entry) => ('refused' in entry ? 'refused' : [entry.item, entry.phase]))).toEqual([
    ...[[0, 'pending'], [1, 'failed'], [2, 'failed'], [3, 'pending'], [4, 'pending'], 'refused', [5, 'pending']],
  ]);
  expect(entries[0]).toEqual({ item: 0, key: 'https://m.example/0.mp4', phase: 'pending' });
  expect(await failuresByCause(reportEntries({ files, outcomes }, index))).toEqual([
    {
      type: 'InvalidRequest',
      cause: 'names no source; give one of path, url, s3',
      count: 500,
      examples: ['line 6', 'line 12', 'line 18'],
    },
    {
      type: 'PayloadTooLarge',
      cause: 'source.path: … has N bytes; the limit is N MB',
      count: 2,
      examples: ['/media/a.mp4', '/media/b c.mp4'],
    },
  ]);
});

test('what an earlier start of the batch left counts only where it completed', async () => {
  const { index, files, outcomes } = await listMany();
  const work = { runId: 'r', since: '2026-11-26T00:00:00Z', made: [] };
  const completed = { item: 51, key: 'k', phase: 'completed', outcome: 'completed', of: 'first' } as const;
  await outcomes.write({ from: 0, end: 50 }, [{ ...failed(1, 'a.mp4'), of: 'first' }, failed(2, 'b.mp4')]);
  await outcomes.write({ from: 50, end: 100 }, [completed, { ...completed, item: 52, outcome: undefined, work }]);
  const told = (await collect(reportEntries({ files, outcomes }, index, 'second'))).filter(
    (entry) => !('refused' in entry) && entry.phase !== 'pending',
  );
  expect(told).toMatchObject([
    { item: 2, outcome: 'failed' },
    { item: 51, outcome: 'completed' },
  ]);
  expect(told.flatMap((entry) => Object.keys(entry))).not.toContain('of');
  const { by } = await batchCounts(outcomes, index, 'second');
  expect(by).toEqual({ failed: 1, completed: 1, pending: 2498 });
});

test('a start that was stopped before it had its list is told with what the store has of the batch', async () => {
  const { files, outcomes } = await listMany();
  const completed = { item: 51, key: 'k', phase: 'completed', outcome: 'completed', of: 'first' } as const;
  await outcomes.write({ from: 50, end: 100 }, [completed]);
  const told = { batchId: 'b', outcome: 'cancelled', counts: { items: 0, by: {}, bytes: 0 }, timings: {} };
  const handle = { result: async () => told } as Partial<WorkflowHandle> as WorkflowHandle;
  const client = { workflow: { getHandle: () => handle } } as Pick<Client, never> as Client;
  const run = { workflowId: 'asset-batch:b', runId: 'second', raw: {} } as WorkflowExecutionDescription;
  const status = await closedBatchStatus(client, run, 'b', { files, outcomes });
  expect(status).toMatchObject({ outcome: 'cancelled', refused: 500, counts: { items: 2500, by: { completed: 1 } } });
});

test('keys that are short, or begin like something else, do not take causes apart', async () => {
  const failed = (key: string, message: string) => ({
    ...{ item: 0, key, phase: 'failed' as const, outcome: 'failed' as const },
    error: { type: 'PayloadTooLarge' as const, message },
  });
  const tooLarge = (key: string, n: number) =>
    failed(key, `source.path: /media/in/${n}.mp4 has ${213_476_789 + n} bytes; the limit is 200 MB (${key})`);
  const keys = Array.from({ length: 30 }, (_, n) => String(n));
  const numbered = await failuresByCause(keys.map((key, n) => tooLarge(key, n)));
  expect(numbered.map(({ count, cause }) => [count, cause])).toEqual([
    [30, 'source.path: … has N bytes; the limit is N MB (N)'],
  ]);
  const letters = ['a', 'e', 'n'].map((key) =>
    failed(`/media/${key}`, `source.path: /media/${key}: is empty; name another`),
  );
  expect(await failuresByCause(letters)).toMatchObject([{ count: 3, cause: 'source.path: …: is empty; name another' }]);
  const words = ['part', 'byte', 'k (1)'].map((key) => failed(key, `${key}: parts of 20 bytes are missing`));
  expect(await failuresByCause(words)).toMatchObject([{ count: 3, cause: '…: parts of N bytes are missing' }]);
});

test('causes without end are counted together', async () => {
  const letters = (n: number) =>
    String(n)
      .split('')
      .map((digit) => 'abcdefghij'[Number(digit)])
      .join('');
  const entries = Array.from({ length: 300 }, (_, n) => ({
    at: n,
    refused: 'InvalidRequest' as const,
    reason: `cause ${letters(n)}`,
  }));
  const causes = await failuresByCause(entries);
  expect(causes).toHaveLength(101);
  expect(causes[0]).toMatchObject({ cause: 'other causes', count: 200 });
});

test('what a batch kept is removable 30 days after its end, with the claims that are still its items’', async () => {
  const { files } = await listMany();
  const claims = createKeyClaims(place.store);
  const key = (n: number) => ({ owner: 'ns', provider: 'twelvelabs', key: `https://m.example/${n}.mp4` });
  const by = { workflowId: 'asset-group:b:0', batchId: 'b' };
  await claims.claim(key(0), { ...by, item: 0 });
  await claims.claim(key(1), { ...by, item: 1 });
  const ended = await claims.holderOf(key(1));
  const lifecycle = { workflowId: 'asset-lifecycle:twelvelabs:1' };
  if (ended) await claims.takeOver(ended, lifecycle);

  const closedAt = new Date('2026-10-01T00:00:00Z');
  expect(await keptBatches(place.store, 'ns')).toEqual([{ batchId: 'b' }]);
  await files.close(closedAt);
  expect(await keptBatches(place.store, 'ns')).toEqual([{ batchId: 'b', closedAt }]);
  expect(await keptBatches(place.store, 'other')).toEqual([]);
  expect(isExpired(closedAt, new Date('2026-10-30T23:59:59Z'))).toBe(false);
  expect(isExpired(closedAt, new Date('2026-10-31T00:00:00Z'))).toBe(true);

  await removeBatch(place.store, ref);
  await removeBatch(place.store, ref);
  expect(await place.store.list('batches')).toHaveLength(1);
  expect(await keptBatches(place.store, 'ns')).toEqual([]);
  expect([await files.index(), await files.page(0), await claims.holderOf(key(0))]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect((await claims.holderOf(key(1)))?.by).toEqual(lifecycle);
});
