import { appendFile, copyFile, rename, rm, truncate, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { LifecycleClient } from '../../../src/client/lifecycle-client';
import { SAMPLES, System } from '../../support/system/system';

jest.setTimeout(120_000);
const PARTS = 'PUT /parts/{upload_id}/{chunk_index}';
let system: System;
let client: LifecycleClient;
beforeAll(async () => {
  system = await System.start({
    processing: { baseMs: 300, msPerMegabyte: 0 },
    uploads: { chunkBytes: 8 * 1024 },
  });
  client = system.lifecycles;
});
afterAll(() => system.close());
afterEach(() => system.control.clearFaults());

const replaced = async (file: string): Promise<void> => {
  await copyFile(path.join(SAMPLES, 'clip.mp4'), `${file}.new`);
  await rename(`${file}.new`, file);
};

test.each<[string, (file: string) => Promise<void>, RegExp]>([
  ['grows', (file) => appendFile(file, 'more'), /size|written|modification/],
  ['is cut short in the middle', (file) => truncate(file, 60_000), /size|ended/],
  ['is touched', (file) => utimes(file, new Date(), new Date(0)), /written|modification/],
  ['is replaced', replaced, /size|replaced|another file/],
])(
  'a file that %s while it goes up ends the run, says what changed, and leaves nothing',
  async (what, change, words) => {
    const key = `changing-${what.replaceAll(' ', '-')}`;
    const file = path.join(system.folder, `${key}.mp4`);
    await copyFile(path.join(SAMPLES, 'city.mp4'), file);
    await system.control.addFault({ route: PARTS, delayMs: 300 });
    const handle = await system.start(key, {
      source: { type: 'file', path: file },
      upload: { method: 'multipart', concurrency: 1 },
    });
    const own = async () =>
      (await system.control.state()).uploads.find(({ filename }) => filename === path.basename(file));
    while (!((await own())?.completed_chunks ?? 0));
    await change(file);
    await expect(handle.result()).rejects.toMatchObject({
      cause: { type: 'SourceUnreadable', message: expect.stringMatching(words) },
    });
    expect((await client.status(key)).receipt?.entries).toMatchObject([
      { resource: 'upload-session', result: 'deleted' },
      { resource: 'asset', result: 'deleted' },
    ]);
    const { assets } = await system.control.state();
    expect(assets.filter((asset) => asset.user_metadata?.asset_lifecycle_key === key)).toEqual([]);
  },
);

test('a file that is gone when another worker goes on ends the run, and its session and asset are accounted for', async () => {
  const file = path.join(system.folder, 'gone.mp4');
  await copyFile(path.join(SAMPLES, 'city.mp4'), file);
  await system.control.addFault({ route: PARTS, delayMs: 300 });
  const handle = await system.start('gone', {
    source: { type: 'file', path: file },
    upload: { method: 'multipart', concurrency: 1 },
  });
  const own = async () => (await system.control.state()).uploads.find(({ filename }) => filename === 'gone.mp4');
  while (!((await own())?.completed_chunks ?? 0));
  await system.worker?.stop();
  await rm(file);
  await system.startWorker();
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'InvalidRequest' } });
  expect((await client.status('gone')).receipt?.entries).toMatchObject([
    { resource: 'upload-session', result: 'deleted' },
    { resource: 'asset', result: 'deleted' },
  ]);
});
