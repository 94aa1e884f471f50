import type { Call, CallHooks } from '../../../../emulator/shared/traffic/call-hooks';
import { FaultSchema } from '../../../../emulator/shared/traffic/faults';
import { PART_ROUTE } from '../../../../emulator/twelvelabs/rules/uploads/part-urls';
import { chunkOf, KIB, patterned, putTo, Uploader, type Session } from '../../../support/servers/upload-session';

const CONTENT = patterned(512 * KIB);
const UPLOADS = '/assets/multipart-uploads';

class Watcher implements CallHooks {
  readonly seen: (Call & { outcome?: number | 'dropped' })[] = [];
  strike: CallHooks['arrived'];

  arrived(call: Call) {
    this.seen.push({ ...call });
    return this.strike?.(call);
  }
  answered(call: Call, outcome: number | 'dropped') {
    Object.assign(this.seen.find(({ id }) => id === call.id) ?? {}, { outcome });
  }
}

let uploader: Uploader;
let watcher: Watcher;
let session: Session;
beforeAll(async () => {
  watcher = new Watcher();
  uploader = await Uploader.start({ uploads: { chunkBytes: 256 * KIB, singleUse: false }, hooks: watcher });
});
afterAll(() => uploader.close());
beforeEach(async () => {
  await uploader.control.reset();
  watcher.strike = undefined;
  watcher.seen.length = 0;
  session = await uploader.session({ total_size: CONTENT.byteLength });
});

const put = (index = 1) => putTo(session.upload_urls[index - 1]?.url ?? '', chunkOf(session, CONTENT, index));
const received = async () => (await uploader.control.state()).uploads.at(-1)?.received_chunks;

test.each([
  ['before', 0],
  ['after', 1],
] as const)('a part whose connection drops %s the effect leaves %i parts', async (drop, count) => {
  await uploader.control.addFault({ route: PART_ROUTE, drop, times: 1 });
  await expect(put()).rejects.toThrow('fetch failed');
  expect(await received()).toBe(count);
  expect((await put()).status).toBe(200);
  expect((await uploader.control.counters())[PART_ROUTE]).toEqual({ requests: 2, byStatus: { dropped: 1, 200: 1 } });
  expect((await uploader.control.partCounters()).bytesReceived).toBe(2 * 256 * KIB);
});

test.each([0, 1, 100 * KIB, 256 * KIB])('a connection cut after %i bytes of the body leaves nothing', async (bytes) => {
  await uploader.control.addFault({ route: PART_ROUTE, dropAfterBytes: bytes, times: 1 });
  await expect(put()).rejects.toThrow('fetch failed');
  expect(await received()).toBe(0);
  const { bytesReceived, stored } = await uploader.control.partCounters();
  expect([bytesReceived >= bytes, bytesReceived <= 256 * KIB, stored]).toEqual([true, true, 0]);
  expect((await put()).status).toBe(200);
});

test.each([
  ['before', 0],
  ['after', 1],
] as const)('a part answered 503 %s the effect leaves %i parts', async (when, count) => {
  await uploader.control.addFault({
    route: PART_ROUTE,
    status: 503,
    when,
    times: 1,
    headers: { 'retry-after': '7' },
    body: '<Error><Code>SlowDown</Code></Error>',
  });
  const response = await put();
  expect([response.status, response.headers.get('retry-after'), response.headers.get('etag')]).toEqual([
    503,
    '7',
    null,
  ]);
  expect(await response.text()).toBe('<Error><Code>SlowDown</Code></Error>');
  expect(await received()).toBe(count);
});

test('a part may come in late, after its connection dropped', async () => {
  await uploader.control.addFault({ route: PART_ROUTE, drop: 'before', lateMs: 50, times: 1 });
  await expect(put()).rejects.toThrow('fetch failed');
  expect(await received()).toBe(0);
  while ((await received()) === 0) await new Promise(setImmediate);
  expect(await received()).toBe(1);
});

test('a delay comes before the body is read', async () => {
  await uploader.control.addFault({ route: PART_ROUTE, delayMs: 100, times: 1 });
  const startedAt = performance.now();
  expect((await put()).status).toBe(200);
  expect(performance.now() - startedAt).toBeGreaterThan(90);
});

test('hooks see a part with its number in the URL, and strike it alone', async () => {
  watcher.strike = ({ url }) =>
    url.includes('/2?') ? FaultSchema.parse({ route: PART_ROUTE, dropAfterBytes: 10 }) : undefined;
  expect((await put(1)).status).toBe(200);
  await expect(put(2)).rejects.toThrow('fetch failed');
  expect(watcher.seen.filter(({ route }) => route === PART_ROUTE)).toMatchObject([
    { url: expect.stringContaining(`/parts/${session.upload_id}/1?`), outcome: 200 },
    { url: expect.stringContaining(`/parts/${session.upload_id}/2?`), outcome: 'dropped' },
  ]);
  const ids = watcher.seen.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test.each([
  ['POST', UPLOADS, { filename: 'a.mp4', type: 'video', total_size: 1 }],
  ['GET', UPLOADS, undefined],
  ['GET', `${UPLOADS}/{upload_id}`, undefined],
  ['POST', `${UPLOADS}/{upload_id}`, { completed_chunks: [] }],
  ['POST', `${UPLOADS}/{upload_id}/presigned-urls`, { start: 1, count: 1 }],
])('a fault strikes %s %s', async (method, route, body) => {
  await uploader.control.addFault({ route: `${method} ${route}`, status: 500, times: 1 });
  const path = route.replace('{upload_id}', session.upload_id);
  expect(await uploader.call(method, path, body)).toMatchObject({ status: 500, body: { code: 'emulator_fault' } });
  expect((await uploader.control.state()).uploads).toHaveLength(1);
});

test('a report whose answer is lost has completed the session, and the same report says so', async () => {
  const chunks = [await uploader.put(session, CONTENT, 1), await uploader.put(session, CONTENT, 2)];
  await uploader.control.addFault({ route: `POST ${UPLOADS}/{upload_id}`, drop: 'after', times: 1 });
  await expect(uploader.report(session, chunks)).rejects.toThrow('fetch failed');
  expect(await uploader.status(session)).toMatchObject({ status: 'completed' });
  expect(await uploader.report(session, chunks)).toMatchObject({
    status: 200,
    body: { processed_chunks: 0, duplicate_chunks: 2, total_completed: 2, url: expect.any(String) },
  });
});

test('dropAfterBytes is for parts only', async () => {
  await expect(uploader.control.addFault({ route: 'POST /assets', dropAfterBytes: 1 })).rejects.toThrow(/400/);
});
