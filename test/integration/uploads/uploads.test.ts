import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { LifecycleClient } from '../../../src/client/lifecycle-client';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import { sample, System, untilStatus } from '../../support/system/system';

jest.setTimeout(120_000);
const CHUNK_BYTES = 8 * 1024;
const SESSIONS = 'POST /assets/multipart-uploads';
const PARTS = 'PUT /parts/{upload_id}/{chunk_index}';
let system: System;
let client: LifecycleClient;
beforeAll(async () => {
  system = await System.start({
    processing: { baseMs: 300, msPerMegabyte: 0 },
    uploads: { chunkBytes: CHUNK_BYTES },
  });
  client = system.lifecycles;
});
afterAll(() => system.close());
afterEach(async () => {
  await system.control.clearFaults();
  await system.control.setUploads({ partUrlLifeMs: 3_600_000, etag: 'md5', sessionLifeMs: 86_400_000 });
});

const upload = { method: 'multipart' };
const source = sample('city.mp4');
const run = async (key: string, input: object = {}): Promise<LifecycleStatus> =>
  (await (await system.start(key, { source, upload, ...input })).result()) as LifecycleStatus;
const assetsOf = (key: string) => system.assetsOf(key);
const sha256OfSource = async (): Promise<string> =>
  createHash('sha256')
    .update(await readFile(source.path))
    .digest('hex');

test('a file goes up in parts, straight and whole, and the API key never reaches the store', async () => {
  const handle = await system.start('in-parts', { source, upload, branch: { type: 'embed' } });
  expect(await handle.result()).toMatchObject({ outcome: 'completed', asset: { filename: 'city.mp4' } });
  expect(await assetsOf('in-parts')).toMatchObject([{ method: 'multipart', sha256: await sha256OfSource() }]);
  const { events = [] } = await handle.fetchHistory();
  expect(events?.length).toBeLessThanOrEqual(40);
  const { withApiKey, puts, stored } = await system.control.partCounters();
  expect([withApiKey, puts - stored]).toEqual([0, 0]);
  const history = JSON.stringify(events, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  );
  expect(history).not.toContain('signature=');
  expect(system.worker?.log).not.toContain('signature=');
});

test('part URLs that live two seconds are renewed before they are used', async () => {
  await system.control.setUploads({ partUrlLifeMs: 2000 });
  await system.control.addFault({ route: PARTS, delayMs: 300 });
  expect(await run('short-urls')).toMatchObject({ outcome: 'completed' });
  expect(await assetsOf('short-urls')).toMatchObject([{ sha256: await sha256OfSource() }]);
});

test('a store whose ETags are not the content’s MD5 is taken at its word', async () => {
  for (const etag of ['opaque', 'kms'] as const) {
    await system.control.setUploads({ etag });
    expect(await run(etag)).toMatchObject({ outcome: 'completed' });
  }
});

test.each<[string, object]>([
  ['refused with 403', { status: 403 }],
  ['refused with 503', { status: 503 }],
  ['cut in the middle', { dropAfterBytes: 1000 }],
  ['kept, but with the answer lost', { drop: 'after' }],
])('a part that is %s is sent again', async (what, fault) => {
  await system.control.addFault({ route: PARTS, times: 2, ...fault });
  expect(await run(`part ${what}`)).toMatchObject({ outcome: 'completed' });
  expect(await assetsOf(`part ${what}`)).toMatchObject([{ sha256: await sha256OfSource() }]);
});

test('a session that was opened though nobody heard of it makes room for another', async () => {
  await system.control.addFault({ route: SESSIONS, drop: 'after', times: 1 });
  const status = await run('lost-session');
  expect(status).toMatchObject({
    outcome: 'completed',
    receipt: { entries: [{ resource: 'asset', result: 'deleted' }] },
  });
  expect((await assetsOf('lost-session')).map(({ _id }) => _id)).toEqual([status.asset?.id]);
});

test('a session that failed is replaced, and the receipt accounts for it and its asset', async () => {
  await system.control.addFault({ route: PARTS, delayMs: 500 });
  const handle = await system.start('failed-session', { source, upload });
  const session = async () => (await system.control.state()).uploads.find(({ status }) => status === 'active');
  let first = await session();
  while (!first) first = await session();
  await system.control.fail(first.upload_id, 'A disk is full.');
  await system.control.clearFaults();
  const status = (await handle.result()) as LifecycleStatus;
  expect(status.outcome).toBe('completed');
  expect(status.receipt?.entries).toMatchObject([
    { resource: 'upload-session', id: first.upload_id, result: 'deleted' },
    { resource: 'asset', id: first.asset_id, result: 'deleted' },
  ]);
  expect((await assetsOf('failed-session')).map(({ _id }) => _id)).toEqual([status.asset?.id]);
});

test('a cancel during the upload stops within two seconds, and accounts for session and asset', async () => {
  await system.control.addFault({ route: PARTS, delayMs: 1000 });
  const handle = await system.start('cancelled', { source, upload: { ...upload, concurrency: 1 } });
  while (
    (await system.control.state()).uploads.every(
      ({ status, received_chunks }) => status !== 'active' || received_chunks < 1,
    )
  );
  const stoppedAt = Date.now();
  await handle.signal('cancel', { cleanup: 'keep' });
  const status = (await handle.result()) as LifecycleStatus;
  const puts = (await system.control.partCounters()).puts;
  expect(Date.now() - stoppedAt).toBeLessThan(5000);
  expect(status).toMatchObject({ outcome: 'cancelled' });
  expect(status.receipt?.entries.map(({ resource, result }) => `${resource} ${result}`)).toEqual([
    'upload-session deleted',
    'asset deleted',
  ]);
  expect(await assetsOf('cancelled')).toEqual([]);
  expect((await system.control.partCounters()).puts).toBe(puts);
});

test('bytes, rate and time left stand in the status while the parts go up', async () => {
  await system.control.addFault({ route: PARTS, delayMs: 400 });
  const handle = await system.start('progress', { source, upload: { ...upload, concurrency: 1 } });
  let status = await client.status('progress');
  while (!status.outcome && !status.upload?.bytesPerSec) {
    await new Promise((resolve) => setTimeout(resolve, 100)); // as fast as can be, queries fill the run's buffer
    status = await client.status('progress');
  }
  expect(status.upload).toMatchObject({ totalBytes: (await readFile(source.path)).byteLength });
  expect(status.upload?.percent).toBeGreaterThan(0);
  expect(status.upload?.secondsLeft).toBeGreaterThan(0);
  await system.control.clearFaults();
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
});

test('a worker that is told to stop leaves the parts that are up to the next', async () => {
  await system.control.addFault({ route: PARTS, delayMs: 300 });
  const handle = await system.start('handed-over', { source, upload: { ...upload, concurrency: 2 } });
  await untilStatus(handle, ({ phase }) => phase === 'creating');
  const own = async () =>
    (await system.control.state()).uploads.find(
      ({ filename, status }) => filename === 'city.mp4' && status === 'active',
    );
  while (((await own())?.completed_chunks ?? 0) < 2);
  await system.worker?.stop();
  const left = (await own())?.completed_chunks ?? 0;
  const before = (await system.control.partCounters()).stored;
  await system.control.clearFaults();
  await system.startWorker();
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  const parts = Math.ceil((await readFile(source.path)).byteLength / CHUNK_BYTES);
  expect((await system.control.partCounters()).stored - before).toBe(parts - left);
});
