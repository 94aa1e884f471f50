import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { copyAtRest, writeAtRest } from '../../../support/media/files-at-rest';
import { SAMPLES } from '../../../support/system/system';
import { DATASET, pictureBytes, PROVIDER, ViSystem } from '../../../support/system/vi-system';
import { until } from '../../../support/until';

jest.setTimeout(240_000);
const HOUR_MS = 3_600_000;
let system: ViSystem;

beforeAll(async () => {
  system = await ViSystem.start();
});
beforeEach(async () => {
  await system.control.reset();
  await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
});
afterAll(() => system?.close());

const put = async (folder: string, filename: string, mark: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await writeAtRest(path.join(folder, filename), await pictureBytes(mark));
};

test('of one name twice in a batch the second is in the report, with its reason', async () => {
  const folder = await system.pictures('same-name/a', ['cat.jpg', 'dog.jpg']);
  await system.pictures('same-name/b', ['cat.jpg']);
  const status = await system.completeBatch('same-name', path.dirname(folder));
  expect(status).toMatchObject({ counts: { by: { completed: 2 } }, refused: 1 });
  const { refused } = await system.reportOf('same-name');
  expect(refused).toMatchObject([{ at: 'b/cat.jpg', refused: 'InvalidRequest' }]);
  expect(refused[0]?.reason).toMatch(/item 0 .* "cat.jpg"/);
});

test('a name that exists with other content fails alone, and the same content is adopted', async () => {
  const first = await system.complete('taken', { source: await system.picture('taken.jpg', 'before') });
  const same = await system.complete('same', { source: await system.picture('same.jpg') });
  const folder = await system.pictures('names', ['free.jpg']);
  await put(folder, 'taken.jpg', 'after');
  await put(folder, 'same.jpg', 'same.jpg');
  const began = Date.now();
  const status = await system.completeBatch('names', folder);
  expect(Date.now() - began).toBeLessThan(20_000);
  expect(status).toMatchObject({ outcome: 'failed', counts: { by: { completed: 2, failed: 1 } } });
  expect(status.failures).toMatchObject([
    { key: `${DATASET}-${path.join(folder, 'taken.jpg')}`, error: { type: 'AssetExists' } },
  ]);
  expect(status.failures[0]?.error.message).toContain(first.asset?.id);
  const { outcomes } = await system.reportOf('names');
  const adopted = outcomes.find(({ key }) => key.endsWith('same.jpg'));
  expect(adopted).toMatchObject({ outcome: 'completed', asset: { id: same.asset?.id, adopted: true } });
  expect((await system.control.state()).assets).toHaveLength(3);
  expect(await system.openSessions()).toEqual([]);
});

test('it is overwritten as the batch says for every item', async () => {
  const first = await system.complete('over', { source: await system.picture('over.jpg', 'before') });
  await system.control.annotate(first.asset?.id ?? '', { cat: 2 });
  const folder = await system.pictures('overwrite', ['free.jpg']);
  await put(folder, 'over.jpg', 'after');
  const each = { onAssetOverwritten: 'KeepLinkedResource' };
  expect(await system.completeBatch('overwrite', folder, { each })).toMatchObject({ outcome: 'completed' });
  const { assets } = await system.control.state();
  const { byteLength } = await pictureBytes('after');
  expect(assets.find(({ filename }) => filename === 'over.jpg')).toMatchObject({
    annotations: 2,
    sizeBytes: byteLength,
  });
});

test('a key that a single lifecycle is at work on is left to it; a later batch adopts its asset, and so does a single start', async () => {
  const folder = await system.pictures('shared', ['one.jpg', 'two.jpg']);
  const source = { type: 'file' as const, path: path.join(folder, 'one.jpg') };
  const key = `${DATASET}-${source.path}`;
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  const single = await system.lifecycles.start({ provider: PROVIDER, datasetId: DATASET, source });
  expect(single.key).toBe(key);
  await until(async () => (await system.openSessions())[0]?.files[0]?.arrived === true);
  await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
  const status = await system.completeBatch('meanwhile', folder);
  expect(status).toMatchObject({ counts: { by: { completed: 1, failed: 1 } } });
  expect(status.failures).toMatchObject([{ key, error: { type: 'KeyInUse' } }]);

  await system.control.advanceClock(2 * HOUR_MS);
  expect(await system.lifecycles.result(key)).toMatchObject({ outcome: 'completed' });
  expect(await system.completeBatch('later', folder)).toMatchObject({ counts: { by: { completed: 2 } } });
  const other = { type: 'file' as const, path: path.join(folder, 'two.jpg') };
  await system.lifecycles.start({ provider: PROVIDER, datasetId: DATASET, source: other });
  expect(await system.lifecycles.result(`${DATASET}-${other.path}`)).toMatchObject({ outcome: 'completed' });
  const { assets, sessions } = await system.control.state();
  expect([assets.length, sessions.length]).toEqual([2, 2]);
});

test('videos have a session of their own each, beside the one of the images', async () => {
  const folder = await system.pictures('mixed', ['a.jpg', 'b.jpg', 'z.jpg']);
  await copyAtRest(path.join(SAMPLES, 'city.mp4'), path.join(folder, 'city.mp4'));
  await copyAtRest(path.join(SAMPLES, 'clip.mp4'), path.join(folder, 'clip.mp4'));
  expect(await system.completeBatch('mixed', folder)).toMatchObject({ counts: { by: { completed: 5 } } });
  const { sessions } = await system.control.state();
  const files = sessions.map((session) => session.files.map(({ filename }) => filename).toSorted());
  expect(files.filter(([first]) => first?.endsWith('.mp4')).toSorted()).toEqual([['city.mp4'], ['clip.mp4']]);
  expect(files.flat().toSorted()).toEqual(['a.jpg', 'b.jpg', 'city.mp4', 'clip.mp4', 'z.jpg']);
});
