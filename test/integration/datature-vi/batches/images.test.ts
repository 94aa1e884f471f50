import path from 'node:path';
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

const requests = async (route: string): Promise<number> => (await system.control.counters())[route]?.requests ?? 0;

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
  expect(await requests(LIST)).toBeLessThan(20);
});

test('another batch over the folder makes nothing, and looks once for all that is there', async () => {
  const before = await requests(LIST);
  const status = await system.completeBatch('again', path.join(system.folder, 'many'));
  expect(status).toMatchObject({ outcome: 'completed', counts: { by: { completed: IMAGES } } });
  const { assets, sessions } = await system.control.state();
  expect(assets).toHaveLength(IMAGES);
  expect(sessions).toHaveLength(1);
  expect((await requests(LIST)) - before).toBeLessThan(10);
});
