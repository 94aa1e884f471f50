import path from 'node:path';
import { LifecycleClient } from '../../../../src/client/lifecycle-client';
import { openSharedFiles } from '../../../../src/storage/batches/open-shared-files';
import { DATASET, ViSystem } from '../../../support/system/vi-system';

jest.setTimeout(300_000);
const IMAGES = 500;
const LIST = 'GET /assets';
let system: ViSystem;

beforeAll(async () => {
  system = await ViSystem.start({}, { DATATURE_VI_SESSIONS_PER_5_MINUTES: '5' });
  await system.control.set({ sessionLimit: { most: 5, windowMs: 300_000 } });
});
afterAll(() => system?.close());

const names = Array.from({ length: IMAGES }, (_, at) => `image-${String(at).padStart(3, '0')}.jpg`);

test('a folder of images becomes assets in one session, each once, and the lists are shared by all of them', async () => {
  const folder = await system.pictures('many', names);
  const status = await system.completeBatch('many', folder, { each: { metadata: { project: 'demo' } } });
  expect(status).toMatchObject({ outcome: 'completed', counts: { by: { completed: IMAGES } }, failures: [] });
  const { assets, sessions } = await system.control.state();
  expect(assets.map(({ filename }) => filename).toSorted()).toEqual(names);
  for (const { filename, customMetadata } of assets) {
    const key = `${DATASET}-${path.join(folder, filename)}`;
    expect(customMetadata).toMatchObject({ project: 'demo', asset_lifecycle_key: key });
  }
  expect(sessions).toMatchObject([{ ended: 'Reached', datasetId: DATASET }]);
  expect(await system.requests(LIST)).toBeLessThan(10);

  const { outcomes } = await system.reportOf('many');
  const idsByKey = new Map(
    assets.map(({ assetId, filename }) => [`${DATASET}-${path.join(folder, filename)}`, assetId]),
  );
  expect(outcomes).toHaveLength(IMAGES);
  for (const { key, outcome, asset } of outcomes)
    expect({ key, outcome, id: asset?.id }).toEqual({ key, outcome: 'completed', id: idsByKey.get(key) });
});

test('a client tells of the batch in the terms of an upload, with the session that took the files in', async () => {
  const place = { results: { folder: path.join(system.folder, 'results') }, s3: { forcePathStyle: false } };
  const { batches } = await LifecycleClient.connect({
    ...{ temporal: { client: system.client, ...system.temporal }, provider: 'datature-vi' },
    openStore: () => openSharedFiles({ ...place, proxies: { noProxy: '' } }),
  });
  const { sessions: opened } = await system.control.state();
  const result = await batches.uploadResult('many');
  expect(result).toMatchObject({
    ...{ totalFiles: IMAGES, totalSucceeded: IMAGES, totalFailed: 0, successRate: 100, isComplete: true },
    sessionIds: opened.map(({ sessionId }) => sessionId),
    sessions: [{ in: DATASET, progress: { total: IMAGES, succeeded: IMAGES, errored: 0 }, failed: {} }],
  });
  expect(result.summary()).toBe(`500 of 500 files uploaded (100.0 %), sessions: ${opened[0]?.sessionId}`);
});

test('another batch over the folder makes nothing, and asks for at most a page of the list for 50 items', async () => {
  const before = await system.requests(LIST);
  const status = await system.completeBatch('again', path.join(system.folder, 'many'));
  expect(status).toMatchObject({ outcome: 'completed', counts: { by: { completed: IMAGES } } });
  const { assets, sessions } = await system.control.state();
  expect(assets).toHaveLength(IMAGES);
  expect(sessions).toHaveLength(1);
  expect((await system.requests(LIST)) - before).toBeLessThanOrEqual(IMAGES / 50);
});

test('a sweep leaves all of it: each asset has its mark beside the results', async () => {
  const report = await system.lifecycles.sweep({ grace: '0s', datasetId: DATASET });
  expect(report).toMatchObject({ found: 0, seen: { wanted: IMAGES } });
});
