import { createHash } from 'node:crypto';
import type { StoredRecords } from '../../../src/contracts/activities';
import { createStoreRecords } from '../../../src/activities/store-records';
import { resultName } from '../../../src/contracts/resource';
import { createS3ResultStore, type S3Folder } from '../../../src/storage/s3/s3-result-store';
import { s3Access, type S3Access } from '../../../src/storage/s3/s3-client';
import { activityEnvironment, dependencies } from '../../support/activity-dependencies';
import { admitCoreErrors } from '../../support/core-errors';
import { MemoryProvider } from '../../support/memory-provider';
import { ACCESS_KEY, S3Server, SECRET_KEY } from '../../support/system/s3-server';
import { tamperingProxy, type Tamper } from '../../support/servers/tampering-proxy';

jest.setTimeout(60_000);
admitCoreErrors();
const MEGABYTE = 1024 * 1024;

let server: S3Server;
let opened: S3Access[];
let bucket: string;
let buckets = 0;

beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server?.close());
beforeEach(async () => {
  opened = [];
  Object.assign(process.env, server.environment);
  bucket = `results-${++buckets}`;
  await server.makeBucket(bucket, { versioned: true });
});
afterEach(() => {
  for (const access of opened) access.close();
});

function storeIn(folder: Partial<S3Folder> = {}) {
  const access = s3Access({ forcePathStyle: true });
  opened.push(access);
  return createS3ResultStore(access, { bucket, prefix: 'embeddings', ...folder });
}

const contentOf = (uri: string): Promise<string> => server.get(bucket, uri.slice(`s3://${bucket}/`.length));

test('a result is an NDJSON object with its hash, bytes and lines, below the prefix', async () => {
  const records = Array.from({ length: 2000 }, (_, index) => ({ index, embedding: [index / 7, 'ü'] }));
  const stored = await storeIn().write('asset-lifecycle:twelvelabs:movies/ä b.mp4', records);
  const content = await contentOf(stored.uri);
  expect(stored.uri).toMatch(new RegExp(`^s3://${bucket}/embeddings/asset-lifecycle_[\\w.-]+\\.ndjson$`));
  expect(stored).toMatchObject({ count: 2000, bytes: Buffer.byteLength(content) });
  expect(stored.sha256).toBe(createHash('sha256').update(content).digest('hex'));
  const lines = content.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(records);
});

test('without a prefix it lies at the top of the bucket', async () => {
  const { uri } = await storeIn({ prefix: '' }).write('k', [1]);
  expect(uri).toMatch(new RegExp(`^s3://${bucket}/k-\\w+\\.ndjson$`));
});

test('a repeated write of the same content writes nothing, other content of an earlier attempt is replaced', async () => {
  const store = storeIn();
  const first = await store.write('k', [1]);
  expect(await store.write('k', [1])).toEqual(first);
  expect(await server.writesTo(bucket)).toBe(1);
  const other = await store.write('k', [1, 2], { again: true });
  expect(other.uri).toBe(first.uri);
  expect(await contentOf(other.uri)).toBe('1\n2\n');
});

describe('results of runs', () => {
  const owner = '0b7c1a52-33c5-4f0e-9d0e-0a1f5c1d2e3f';
  const workflowId = 'asset-lifecycle:twelvelabs:movies/ä b.mp4';
  const runs = ['019ab000-0000-7000-8000-000000000001', '019ab000-0000-7000-8000-000000000002'];
  const nameOf = (runId = '', of = owner): string => resultName({ owner: of, workflowId, runId });

  test('a foreign object that has the name of a result is left alone', async () => {
    const store = storeIn();
    const { uri } = await store.write(nameOf(runs[0]), [1]);
    expect((await store.write(nameOf(runs[0]), [1])).uri).toBe(uri);
    await server.put(bucket, uri.slice(`s3://${bucket}/`.length), 'foreign');
    await expect(store.write(nameOf(runs[0]), [1])).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining(`results: ${uri}: a file with other content has the name of this result`),
    });
    expect(await contentOf(uri)).toBe('foreign');
    await store.write(nameOf(runs[0]), [2], { again: true });
    expect(await contentOf(uri)).toBe('2\n');
  });

  test('one that keeps no checksum but has the same content is the result itself', async () => {
    const store = storeIn();
    const { uri } = await store.write(nameOf(runs[0]), [1]);
    await server.put(bucket, uri.slice(`s3://${bucket}/`.length), '1\n');
    expect((await store.write(nameOf(runs[0]), [1])).uri).toBe(uri);
  });

  test('are found by the namespace and workflow id that stored them', async () => {
    const store = storeIn();
    for (const runId of runs) await store.write(nameOf(runId), [1]);
    await store.write(nameOf(runs[0], '7f0e6f3a-98a1-4f51-8a43-2f6f6a0b9c11'), [1]);
    expect((await store.namesOf({ owner, workflowId })).toSorted()).toEqual(runs.map((runId) => nameOf(runId)));
    expect(await store.has(nameOf(runs[1]))).toBe(true);
    await store.remove(nameOf(runs[1]));
    expect(await store.has(nameOf(runs[1]))).toBe(false);
    expect(await store.has(nameOf(runs[0]))).toBe(true);
  });
});

test('records that break off leave what was there', async () => {
  const store = storeIn();
  const { uri } = await store.write('k', ['old']);
  const breaking = function* () {
    yield 'new';
    throw new Error('broken');
  };
  await expect(store.write('k', breaking())).rejects.toThrow('broken');
  expect(await contentOf(uri)).toBe('"old"\n');
});

test.each<[string, Tamper]>([
  ['breaks off', (piece, before) => (before > MEGABYTE ? undefined : piece)],
  [
    'is falsified on the way',
    (piece, before) =>
      before > MEGABYTE ? Buffer.from(piece.toString('latin1').replaceAll('A', 'B'), 'latin1') : piece,
  ],
])('an upload that %s leaves no object and is tried again, and the next attempt writes it', async (_name, tamper) => {
  const records = Array.from({ length: 300 }, () => 'A'.repeat(10_000));
  const proxy = await tamperingProxy(server.url, tamper);
  try {
    process.env.AWS_ENDPOINT_URL_S3 = proxy.url;
    await expect(storeIn().write('k', records)).rejects.toMatchObject({
      type: 'ProviderUnavailable',
      message: expect.stringMatching(new RegExp(`^results: s3://${bucket}/embeddings/k-\\w+\\.ndjson: `)),
    });
    expect(await server.writesTo(bucket)).toBe(0);
  } finally {
    await proxy.close();
  }
  process.env.AWS_ENDPOINT_URL_S3 = server.url;
  const { uri, bytes } = await storeIn().write('k', records);
  expect(Buffer.byteLength(await contentOf(uri))).toBe(bytes);
});

test('removes what it wrote, and says when there was nothing', async () => {
  const store = storeIn();
  const { uri } = await store.write('k', [1]);
  expect(await store.remove('k')).toBe(true);
  expect(await store.remove('k')).toBe(false);
  await expect(contentOf(uri)).rejects.toMatchObject({ name: 'NoSuchKey' });
});

test('embeddings of an activity go there', async () => {
  const storeRecords = createStoreRecords(dependencies({ provider: new MemoryProvider(), results: storeIn() }));
  const handle = { kind: 'embedding', id: 'task-1', words: 'Embed task task-1' };
  const input = { provider: 'twelvelabs', branch: 'embed', handle, resultName: 'asset-lifecycle:twelvelabs:k' };
  const { result } = (await activityEnvironment().run(() => storeRecords(input))) as StoredRecords;
  expect(result).toMatchObject({ count: 1, dimensions: 2 });
  expect(await contentOf(result.uri)).toBe('{"embedding":[0.6,0.8]}\n');
});

test('the operator can mend the storage while Temporal tries again', async () => {
  process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
  const error = await storeIn()
    .write('k', [1])
    .catch((caught: Error) => caught);
  expect(error).toMatchObject({ type: 'ProviderUnavailable', nonRetryable: false });
  expect((error as Error).message).toMatch(
    /AWS credentials of the worker .*AWS_PROFILE.* \(SignatureDoesNotMatch, 403\)/,
  );
  expect(`${(error as Error).stack}`).not.toMatch(new RegExp(`${ACCESS_KEY}|${SECRET_KEY}|X-Amz`));
});

describe('when a worker starts', () => {
  test('a bucket that is there is good', async () => {
    await expect(storeIn().check()).resolves.toBeUndefined();
  });

  test.each<[string, Record<string, string>, Partial<S3Folder>, string, RegExp]>([
    ['a missing bucket', {}, { bucket: 'nowhere' }, 'InvalidRequest', /s3:\/\/nowhere: there is no such bucket/],
    ['no credentials', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, {}, 'InvalidRequest', /AWS_PROFILE/],
    ['no region', { AWS_REGION: ' ' }, {}, 'InvalidRequest', /set its AWS_REGION/],
    ['nobody there', { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' }, {}, 'ProviderUnavailable', /cannot be reached/],
  ])('%s is told of in one line', async (_name, changes, folder, type, message) => {
    Object.assign(process.env, changes);
    const error = await storeIn(folder)
      .check()
      .catch((caught: Error) => caught);
    expect(error).toMatchObject({ type });
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(/^ASSET_LIFECYCLE_RESULTS: s3:\/\/[^\n]+$/);
  });
});
