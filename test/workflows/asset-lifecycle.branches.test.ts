import type { Activities } from '../../src/contracts/activities';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { fakeActivities } from '../support/fake-activities';
import { LifecycleEnvironment } from '../support/system/lifecycle-environment';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create();
}, 120_000);
afterAll(() => lifecycles.close());

const file = { type: 'file', path: '/media/clip.mp4' };

async function run(
  input: unknown,
  overrides: Partial<Activities> = {},
): Promise<{ status: LifecycleStatus; calls: string[]; events: number }> {
  const { activities, calls } = fakeActivities(overrides);
  return lifecycles.with(activities, async () => {
    const handle = await lifecycles.start(input);
    const status = (await handle.result()) as LifecycleStatus;
    const { events } = await handle.fetchHistory();
    return { status, calls, events: events?.length ?? 0 };
  });
}

test('embed: creates, waits, embeds and stores, within 40 events', async () => {
  const { status, calls, events } = await run({ source: file, branch: { type: 'embed' } });
  expect(calls).toEqual([
    'submitSource',
    'untilAssetReady',
    'startBranch embed',
    'untilBranchReady embedding',
    'storeRecords embed',
  ]);
  expect(status).toMatchObject({
    provider: 'twelvelabs',
    phase: 'completed',
    outcome: 'completed',
    asset: { id: 'asset-1', status: 'ready', filename: 'clip.mp4', sizeBytes: 1234 },
    branch: { type: 'embed', id: 'task-1', status: 'ready', result: { count: 3, dimensions: 512 } },
  });
  expect(status.receipt).toBeUndefined();
  expect(events).toBeLessThanOrEqual(40);
});

test('embed of an image with marengo3.0: one step embeds and stores, within 40 events', async () => {
  const image: Partial<Activities> = {
    untilAssetReady: async ({ assetId = '' }) => ({ id: assetId, status: 'ready', fileType: 'image/png' }),
  };
  const source = { type: 'file', path: '/media/face.png' };
  const atOnce = await run({ source, branch: { type: 'embed' } }, image);
  expect(atOnce.calls).toEqual(['submitSource', 'untilAssetReady', 'startBranch embed']);
  expect(atOnce.status.branch).toMatchObject({ type: 'embed', status: 'ready', result: { count: 1 } });
  expect(atOnce.events).toBeLessThanOrEqual(40);
  const byTask = await run({ source, branch: { type: 'embed', model: 'marengo3.5' } }, image);
  expect(byTask.calls).toContain('untilBranchReady embedding');
  expect(byTask.status.branch).toMatchObject({ id: 'task-1', status: 'ready', result: { count: 3 } });
});

test('entity: makes an entity named after the asset', async () => {
  const { status, calls } = await run({ source: file, branch: { type: 'entity', collectionId: 'c1' } });
  expect(calls).toEqual([
    'submitSource',
    'untilAssetReady',
    'startBranch entity',
    'untilBranchReady entity',
    'releaseAsset',
  ]);
  expect(status.branch).toEqual({ type: 'entity', id: 'entity-1', status: 'ready' });
});

test('entity with entityId: joins the entity that exists', async () => {
  const branch = { type: 'entity', collectionId: 'c1', entityId: 'e9' };
  const { status } = await run({ source: file, branch });
  expect(status.branch).toEqual({ type: 'entity', id: 'e9', status: 'ready' });
});

test('index: adds the asset to the index', async () => {
  const { status, calls } = await run({ source: file, branch: { type: 'index', indexId: 'i1' } });
  expect(calls).toEqual([
    'submitSource',
    'untilAssetReady',
    'startBranch index',
    'untilBranchReady indexed-asset',
    'releaseAsset',
  ]);
  expect(status.branch).toEqual({ type: 'index', id: 'indexed-1', status: 'ready' });
});

test('none: ends when the asset is ready', async () => {
  const { status, calls } = await run({ source: { type: 'url', url: 'https://example.com/a/b%20c.mp4?x=1' } });
  expect(calls).toEqual(['submitSource', 'untilAssetReady', 'releaseAsset']);
  expect(status).toMatchObject({ outcome: 'completed', asset: { filename: 'b c.mp4' } });
  expect(status.branch).toBeUndefined();
});

test('a long upload tells how far it is, in the status and in words, without a further event', async () => {
  let begun = () => {};
  const uploading = new Promise<void>((resolve) => (begun = resolve));
  let finish = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const { activities } = fakeActivities({
    submitSource: async () => {
      begun();
      await finished;
      return { id: 'asset-1', status: 'processing' };
    },
  });
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source: file });
    await uploading;
    await handle.signal('uploadProgress', { sentBytes: 340, totalBytes: 1000 });
    const status = await handle.query<LifecycleStatus>('status');
    expect(status.upload).toEqual({ sentBytes: 340, totalBytes: 1000, percent: 34 });
    const metadata = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toContain('upload: about 34 % of 1000 bytes');
    finish();
    const closed = (await handle.result()) as LifecycleStatus;
    expect(closed).toMatchObject({ outcome: 'completed' });
    expect(closed.upload).toBeUndefined();
  });
});

test('asset: adopts the asset that exists', async () => {
  const { status, calls } = await run({ source: { type: 'asset', assetId: 'a7' } });
  expect(calls).toEqual(['submitSource', 'untilAssetReady']);
  expect(status.asset).toMatchObject({ id: 'a7', adopted: true, status: 'ready' });
});

test('takes its key from the workflow id when the input has none', async () => {
  const { status } = await run({ source: file });
  expect(status.key).toMatch(/^test-/);
});
