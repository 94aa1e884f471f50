import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import { writeAtRest } from '../../support/media/files-at-rest';
import { resultInTime } from '../../support/system/result-in-time';
import { SAMPLES } from '../../support/system/system';
import { S3Server } from '../../support/system/s3-server';
import { pictureBytes, ViSystem } from '../../support/system/vi-system';

jest.setTimeout(300_000);
const STARTS = 50;
/** A wait that a worker's end took with it comes back after its heartbeat timeout, 165 s. */
const ENDS_WITHIN_MS = 270_000;
let system: ViSystem;
let s3: S3Server;

beforeAll(async () => {
  s3 = await S3Server.start();
  await s3.makeBucket('media');
  system = await ViSystem.start({ settings: { partBytes: 20_000 } }, s3.environment);
});
beforeEach(() => system.control.reset());
afterAll(async () => {
  await system?.close();
  await s3?.close();
});

const restart = async (changes: NodeJS.ProcessEnv = {}): Promise<void> => {
  await system.worker?.stop();
  await system.startWorker({ ...s3.environment, ...changes });
};

test('an object on S3 becomes an asset', async () => {
  const bytes = await pictureBytes('of an object');
  await s3.put('media', 'pictures/object.jpg', bytes);
  const status = await system.complete('object', {
    source: { type: 's3', bucket: 'media', key: 'pictures/object.jpg' },
  });
  expect(status).toMatchObject({
    outcome: 'completed',
    asset: { filename: 'object.jpg', sizeBytes: bytes.byteLength },
  });
  expect((await system.control.state()).assets).toMatchObject([
    { filename: 'object.jpg', sizeBytes: bytes.byteLength },
  ]);
});

test('a video in parts becomes an asset, and its session ends', async () => {
  const content = await readFile(path.join(SAMPLES, 'city.mp4'));
  const file = path.join(system.folder, 'parts.mp4');
  await writeAtRest(file, content);
  const source = { type: 'file', path: file };
  const status = await system.complete('parts', { source, upload: { method: 'multipart', concurrency: 3 } });
  expect(status).toMatchObject({
    outcome: 'completed',
    asset: { filename: 'parts.mp4', sizeBytes: content.byteLength },
  });
  const { assets, sessions, multipartUploads } = await system.control.state();
  expect(assets).toHaveLength(1);
  expect(sessions).toMatchObject([{ ended: 'Reached', sessionId: status.ingestion?.id }]);
  expect(multipartUploads).toMatchObject([{ completed: true, aborted: false }]);
  expect(multipartUploads[0]?.partCount).toBeGreaterThan(3);
});

test('fifty single starts share two sessions, within the limit of the provider', async () => {
  await restart({ DATATURE_VI_SESSIONS_PER_5_MINUTES: '10' }); // one in half a minute
  await system.control.set({ sessionLimit: { most: 1, windowMs: 30_000 } });
  const names = Array.from({ length: STARTS }, (_, at) => `many-${at}.jpg`);
  const sources = await Promise.all(names.map((name) => system.picture(name)));
  const handles = await Promise.all(sources.map((source, at) => system.start(`many ${at}`, { source })));
  const ends = await Promise.all(handles.map((handle) => resultInTime<LifecycleStatus>(handle, ENDS_WITHIN_MS)));
  expect(new Set(ends.map(({ outcome }) => outcome))).toEqual(new Set(['completed']));
  const { assets, sessions } = await system.control.state();
  expect(assets.map(({ filename }) => filename).toSorted()).toEqual(names.toSorted());
  expect(sessions.length).toBeLessThanOrEqual(2);
  expect(sessions.map(({ ended }) => ended)).toEqual(sessions.map(() => 'Reached'));
  expect(new Set(ends.map(({ ingestion }) => ingestion?.id))).toEqual(
    new Set(sessions.map(({ sessionId }) => sessionId)),
  );
});
