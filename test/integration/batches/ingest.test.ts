import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { copyAtRest, writeAtRest } from '../../support/media/files-at-rest';
import { SAMPLES, sample, System } from '../../support/system/system';
import { until } from '../../support/until';

jest.setTimeout(120_000);
let system: System;
beforeAll(async () => {
  system = await System.start();
});
beforeEach(() => system.control.reset());
afterAll(() => system.close());

/** A folder of pictures that the worker serves. */
async function pictures(name: string, count: number): Promise<string> {
  const folder = path.join(system.folder, name);
  await mkdir(folder);
  const picture = await readFile(path.join(SAMPLES, 'portrait-1.jpg'));
  for (let nth = 0; nth < count; nth++) {
    await writeAtRest(path.join(folder, `${nth}.jpg`), Buffer.concat([picture, Buffer.from(`${name} ${nth}`)]));
  }
  return folder;
}

const creates = async (): Promise<number> => (await system.control.counters())['POST /assets']?.requests ?? 0;

test('a folder becomes assets, each once, whose keys are those of single starts', async () => {
  const folder = await pictures('whole', 20);
  const { batches } = system.lifecycles;
  await batches.start({ batchId: 'whole', items: { type: 'folder', path: folder } });
  expect(await batches.result('whole')).toMatchObject({
    outcome: 'completed',
    counts: { items: 20, by: { completed: 20 } },
  });
  const { assets } = await system.control.state();
  const keys = assets.map(({ user_metadata }) => user_metadata?.asset_lifecycle_key);
  expect(keys.sort()).toEqual(Array.from({ length: 20 }, (_, nth) => path.join(folder, `${nth}.jpg`)).sort());
  expect(assets.every(({ user_metadata }) => user_metadata?.asset_lifecycle_released === 'completed')).toBe(true);
  expect(await creates()).toBe(20);
});

test('another batch over the same folder makes nothing, and asks for a page of the list for 50 items', async () => {
  const folder = await pictures('twice', 120);
  const { batches } = system.lifecycles;
  const lists = async (): Promise<number> => (await system.control.counters())['GET /assets']?.requests ?? 0;
  for (const batchId of ['first', 'second']) {
    const before = await lists();
    await batches.start({ batchId, items: { type: 'folder', path: folder } });
    expect((await batches.result(batchId)).counts.by).toEqual({ completed: 120 });
    if (batchId === 'second') expect((await lists()) - before).toBeLessThanOrEqual(Math.ceil(120 / 50));
  }
  expect((await system.control.state()).assets).toHaveLength(120);
  expect(await creates()).toBe(120);
});

test('items take their branch once, though another batch is told to as well', async () => {
  const folder = await pictures('embedded', 3);
  await copyAtRest(path.join(SAMPLES, 'melody.mp3'), path.join(folder, 'melody.mp3'));
  const { batches } = system.lifecycles;
  await batches.start({
    batchId: 'embedded',
    items: { type: 'folder', path: folder },
    each: { branch: { type: 'embed' } },
  });
  const status = await batches.result('embedded');
  expect(status).toMatchObject({ outcome: 'completed', counts: { by: { completed: 4 } }, failures: [] });
  const made = await system.control.counters();
  await batches.start({
    batchId: 'embedded-again',
    items: { type: 'folder', path: folder },
    each: { branch: { type: 'embed' } },
  });
  expect((await batches.result('embedded-again')).counts.by).toEqual({ completed: 4 });
  const posts = (counters: typeof made) => Object.entries(counters).filter(([route]) => route.startsWith('POST'));
  expect(posts(await system.control.counters())).toEqual(posts(made));
});

test('what cannot be an asset fails alone', async () => {
  const folder = await pictures('one-bad', 3);
  await writeAtRest(path.join(folder, 'broken.mp4'), 'no video');
  const { batches } = system.lifecycles;
  await batches.start({ batchId: 'one-bad', items: { type: 'folder', path: folder } });
  const status = await batches.result('one-bad');
  expect(status).toMatchObject({ outcome: 'failed', counts: { by: { completed: 3, failed: 1 } } });
  expect(status.failures).toMatchObject([{ key: path.join(folder, 'broken.mp4') }]);
});

test('a key that a single lifecycle is at work on is left to it, and named', async () => {
  const folder = await pictures('shared', 2);
  const key = path.join(folder, '0.jpg');
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  const handle = await system.start(key, { source: { ...sample('x'), path: key } });
  await until(async () => (await system.control.state()).assets.length === 1);
  await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
  const { batches } = system.lifecycles;
  await batches.start({ batchId: 'shared', items: { type: 'folder', path: folder } });
  const { counts, failures } = await batches.result('shared');
  expect(counts.by).toEqual({ completed: 1, failed: 1 });
  expect(failures).toMatchObject([{ key, error: { type: 'KeyInUse' } }]);
  await handle.signal('cancel');
  await handle.result();
});

test('a cancel ends what is under way and leaves no asset', async () => {
  const folder = await pictures('cancelled', 10);
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  const { batches } = system.lifecycles;
  await batches.start({ batchId: 'cancelled', items: { type: 'folder', path: folder } });
  while ((await creates()) < 10) await new Promise((resolve) => setTimeout(resolve, 50));
  await batches.cancel('cancelled', { reason: 'a test' });
  expect(await batches.result('cancelled')).toMatchObject({
    outcome: 'cancelled',
    reason: 'a test',
    counts: { by: { cancelled: 10 } },
  });
  expect((await system.control.state()).assets).toEqual([]);
  await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
  expect((await batches.start({ batchId: 'cancelled', items: { type: 'folder', path: folder } })).joined).toBe(false);
  expect((await batches.result('cancelled')).counts.by).toEqual({ completed: 10 });
});
