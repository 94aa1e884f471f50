import { setTimeout as delay } from 'node:timers/promises';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { quickRetriesWorker } from '../support/workflow-bundles/quick-retries-worker';
import { API_KEY, sample, SAMPLES, System, untilStatus } from '../support/system/system';

jest.setTimeout(120_000);
let system: System;
beforeAll(async () => {
  system = await System.start();
});
afterAll(() => system.close());

const run = async (key: string, input: object): Promise<LifecycleStatus> =>
  (await (await system.start(key, input)).result()) as LifecycleStatus;

test('a video file becomes embeddings on disk, and the history stays small and free of secrets', async () => {
  const handle = await system.start('embed-video', { source: sample('clip.mp4'), branch: { type: 'embed' } });
  const status = (await handle.result()) as LifecycleStatus;
  expect(status).toMatchObject({ outcome: 'completed', asset: { fileType: 'video/mp4', status: 'ready' } });
  const result = status.branch?.result;
  if (!result) throw new Error('no result');
  const stored = await readFile(fileURLToPath(result.uri));
  expect(createHash('sha256').update(stored).digest('hex')).toBe(result.sha256);
  expect(stored.byteLength).toBe(result.bytes);
  const segments = stored
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { embedding: number[] });
  expect(segments).toHaveLength(result.count);
  expect(segments.every(({ embedding }) => embedding.length === 512)).toBe(true);

  const { events = [] } = await handle.fetchHistory();
  const { historySize } = await handle.describe();
  expect(events?.length).toBeLessThanOrEqual(40);
  expect(historySize).toBeLessThanOrEqual(24 * 1024);
  const history = JSON.stringify(events, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  );
  expect(history).not.toContain(API_KEY);
  expect(system.worker?.log).not.toContain(API_KEY);
});

test('an audio file and an image are embedded too', async () => {
  const [audio, image] = await Promise.all([
    run('embed-audio', { source: sample('melody.mp3'), branch: { type: 'embed' } }),
    run('embed-image', { source: sample('portrait-1.jpg'), branch: { type: 'embed' } }),
  ]);
  expect(audio.branch?.result?.dimensions).toBe(512);
  expect(image.branch?.result).toMatchObject({ count: 1, dimensions: 512 });
});

test('an image is embedded in one call with marengo3.0, and by a task with marengo3.5', async () => {
  const requests = async (route: string) => (await system.control.counters())[route]?.requests ?? 0;
  const before = { call: await requests('POST /embed-v2'), task: await requests('POST /embed-v2/tasks') };
  const atOnce = await system.start('image 3.0', { source: sample('portrait-2.png'), branch: { type: 'embed' } });
  const { branch, outcome } = (await atOnce.result()) as LifecycleStatus;
  expect(outcome).toBe('completed');
  expect(branch).toMatchObject({ status: 'ready', result: { count: 1, dimensions: 512 } });
  expect(branch?.id).toBeUndefined();
  expect((await atOnce.fetchHistory()).events?.length).toBeLessThanOrEqual(40);
  expect(await requests('POST /embed-v2')).toBe(before.call + 1);
  expect(await requests('POST /embed-v2/tasks')).toBe(before.task);
  const model = 'marengo3.5';
  const byTask = await run('image 3.5', { source: sample('portrait-2.png'), branch: { type: 'embed', model } });
  expect(byTask.branch?.result?.count).toBe(1);
  expect(await requests('POST /embed-v2/tasks')).toBe(before.task + 1);
});

test('two images make one entity: the first creates it, the second joins', async () => {
  const collection = await system.provider<{ _id: string }>('POST', '/entity-collections', { name: 'people' });
  const collectionId = collection._id;
  const first = await run('entity-1', {
    source: sample('portrait-1.jpg'),
    branch: { type: 'entity', collectionId, name: 'Ada' },
  });
  expect(first.branch).toMatchObject({ type: 'entity', status: 'ready' });
  const second = await run('entity-2', {
    source: sample('portrait-2.png'),
    branch: { type: 'entity', collectionId, entityId: first.branch?.id },
  });
  expect(second.branch?.id).toBe(first.branch?.id);
  const entity = await system.provider<{ name: string; asset_ids: string[] }>(
    'GET',
    `/entity-collections/${collectionId}/entities/${first.branch?.id}`,
  );
  expect(entity.name).toBe('Ada');
  expect(new Set(entity.asset_ids)).toEqual(new Set([first.asset?.id, second.asset?.id]));
});

test('a video is indexed once, also when the lifecycle of its asset runs again', async () => {
  const { _id: indexId } = await system.provider<{ _id: string }>('POST', '/indexes', {
    index_name: 'films',
    models: [{ model_name: 'marengo3.0', model_options: ['visual', 'audio'] }],
  });
  const branch = { type: 'index', indexId };
  const first = await run('index-1', { source: sample('city.mp4'), branch });
  const again = await run('index-2', { source: { type: 'asset', assetId: first.asset?.id }, branch });
  expect(first.branch).toMatchObject({ type: 'index', status: 'ready' });
  expect(again.branch?.id).toBe(first.branch?.id);
});

test('a text file called .mp4 fails with the provider’s own words and is kept', async () => {
  const { writeFile } = await import('node:fs/promises');
  await writeFile(`${system.folder}/fake.mp4`, 'this is not a video');
  const source = { type: 'file', path: `${system.folder}/fake.mp4` };
  const handle = await system.start('fake', { source, preflight: false });
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'ProcessingFailed', details: [{ outcome: 'failed', receipt: { entries: [{ result: 'kept' }] } }] },
  });
});

test.each([
  ['missing in a folder that is served', `${SAMPLES}/nowhere.mp4`],
  ['missing', 'nowhere.mp4'],
  ['a folder', '.'],
])('a file that is %s fails as InvalidRequest, and the provider is not called', async (what, path) => {
  const before = await system.control.counters();
  const handle = await system.start(`bad ${what}`, {
    source: { type: 'file', path },
    cleanup: { onFailure: 'delete' },
  });
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'InvalidRequest', message: expect.stringMatching(/^source\.path: /) },
  });
  expect(await system.control.counters()).toEqual(before);
});

test('two starts at once with one key make one asset', async () => {
  const client = system.lifecycles;
  const input = { key: 'twice', source: sample('portrait-1.jpg'), filename: 'twice.jpg' };
  const starts = await Promise.all([client.start(input), client.start(input), client.start(input)]);
  expect(new Set(starts.map(({ runId }) => runId)).size).toBe(1);
  expect(await client.result('twice')).toMatchObject({ outcome: 'completed' });
  const { assets } = await system.control.state();
  expect(assets.filter((asset) => asset.user_metadata.asset_lifecycle_key === 'twice')).toHaveLength(1);
});

test('a key whose last run was cancelled starts anew and takes up the asset that it kept', async () => {
  const client = system.lifecycles;
  const input = { key: 'again', source: sample('portrait-2.png'), filename: 'again.png' };
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  await client.start(input);
  await untilStatus(system.client.workflow.getHandle('asset-lifecycle:twelvelabs:again'), ({ asset }) => !!asset);
  await client.cancel('again', { cleanup: 'keep' });
  const kept = await client.result('again');
  await system.control.advanceClock(3_600_000);
  await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
  const { joined } = await client.start(input);
  const status = await client.result('again');
  expect(joined).toBe(false);
  expect(status).toMatchObject({ outcome: 'completed', asset: { id: kept.asset?.id } });
});

test('cancel while the provider processes deletes the asset there', async () => {
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  try {
    const handle = await system.start('cancel-me', { source: sample('clip.mp4') });
    const { asset } = await untilStatus(handle, ({ phase }) => phase === 'processing');
    await handle.signal('cancel', { reason: 'test' });
    const status = (await handle.result()) as LifecycleStatus;
    expect(status).toMatchObject({
      outcome: 'cancelled',
      receipt: { entries: [{ id: asset?.id, result: 'deleted' }] },
    });
    const { assets } = await system.control.state();
    expect(assets.map(({ _id }) => _id)).not.toContain(asset?.id);
  } finally {
    await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
  }
});

test.each(['before', 'after'] as const)('keeps one asset when the create is dropped %s its effect', async (drop) => {
  await system.control.addFault({ route: 'POST /assets', drop, times: 1 });
  const key = `dropped-${drop}`;
  const status = await run(key, { source: sample('portrait-3.jpg'), filename: `${key}.jpg` });
  expect(status.outcome).toBe('completed');
  const { assets } = await system.control.state();
  const own = assets.filter((asset) => asset.user_metadata?.asset_lifecycle_key === key);
  expect(own.map(({ _id }) => _id)).toEqual([status.asset?.id]);
});

test('waits out a rate limit as the provider asks', async () => {
  const resetAt = String(Math.ceil(Date.now() / 1000) + 2);
  await system.control.addFault({
    route: 'POST /assets',
    status: 429,
    headers: { 'x-ratelimit-request-remaining': '0', 'x-ratelimit-request-reset': resetAt },
    times: 1,
  });
  const status = await run('limited', { source: sample('portrait-3.jpg') });
  expect(status.outcome).toBe('completed');
  expect(Date.parse(status.timings.createdAt ?? '')).toBeGreaterThanOrEqual(Number(resetAt) * 1000);
});

test('a held wait survives the death of its worker', async () => {
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  const { program } = system;
  await system.worker?.stop();
  system.program = await quickRetriesWorker(system.folder); // else the death is noticed after 165 s
  await system.startWorker();
  const handle = await system.start('killed', { source: sample('portrait-3.jpg') });
  await untilStatus(handle, ({ phase }) => phase === 'processing');
  await system.worker?.kill();
  system.program = program;
  await system.startWorker();
  await system.control.advanceClock(3_600_000);
  await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
});

test('a worker that is told to stop hands its held waits back at once, exits with 0, and another goes on', async () => {
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  const handle = await system.start('handed-back', { source: sample('portrait-2.png') });
  const waiting = async () => (await handle.describe()).raw.pendingActivities?.[0];
  const looks = async () => (await system.control.counters())['GET /assets']?.requests ?? 0;
  const wait = 'untilAssetReady';
  for (;;) {
    const pending = await waiting();
    if (pending?.activityType?.name === wait && pending.lastStartedTime && pending.attempt === 1) break;
  }
  for (const before = await looks(); (await looks()) === before;) await delay(20); // the server knows before the worker waits
  expect(await system.worker?.stop()).toBe(0);
  const handedBack = await waiting();
  expect(handedBack?.activityType?.name).toBe(wait);
  expect(handedBack?.lastFailure?.applicationFailureInfo?.type).toBe('WorkerStopping');
  await system.startWorker();
  await system.control.advanceClock(3_600_000);
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
});
