import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import type { ApplicationFailure } from '@temporalio/common';
import { EmulatorControl } from '../../../emulator/twelvelabs/control-client';
import { startEmulator, type Emulator } from '../../../emulator/twelvelabs/start-emulator';
import { createSubmitSource } from '../../../src/activities/submit-source';
import type { SubmitSourceInput } from '../../../src/contracts/activities';
import { failureType } from '../../../src/contracts/failures';
import type { AssetSnapshot } from '../../../src/contracts/lifecycle-status';
import type { S3Source } from '../../../src/contracts/source';
import type { MediaProvider } from '../../../src/providers/media-provider';
import { createTwelveLabsProvider } from '../../../src/providers/twelvelabs/twelvelabs-provider';
import { s3Access, type S3Access } from '../../../src/storage/s3/s3-client';
import { createS3Sources } from '../../../src/storage/s3/s3-sources';
import { activityEnvironment, dependencies } from '../../support/activity-dependencies';
import { admitCoreErrors } from '../../support/core-errors';
import { MemoryProvider } from '../../support/memory-provider';
import { ROOT } from '../../support/imports';
import { ACCESS_KEY, S3Server, SECRET_KEY } from '../../support/system/s3-server';

jest.setTimeout(60_000);
admitCoreErrors();
const SECRETS = new RegExp(`X-Amz|Signature=|${ACCESS_KEY}|${SECRET_KEY}`, 'i');
const SAMPLES = path.join(ROOT, 'samples');

let server: S3Server;
let emulator: Emulator;
let control: EmulatorControl;
let twelvelabs: ReturnType<typeof createTwelveLabsProvider>;
let opened: S3Access[];

beforeAll(async () => {
  server = await S3Server.start();
  await server.makeBucket('media');
  await server.makeBucket('versioned', { versioned: true });
  emulator = await startEmulator({ processing: { baseMs: 0, msPerMegabyte: 0 } });
  control = new EmulatorControl(emulator.controlUrl);
  twelvelabs = createTwelveLabsProvider({ apiKey: 'tlk_S3', baseUrl: emulator.url, requestTimeoutMs: 10_000 });
});
afterAll(async () => {
  await twelvelabs?.close();
  await emulator?.close();
  await server?.close();
});
beforeEach(() => {
  opened = [];
  Object.assign(process.env, server.environment);
});
afterEach(() => {
  for (const access of opened) access.close();
  delete process.env.AWS_CREDENTIAL_EXPIRATION;
});

const access = (): S3Access => {
  const made = s3Access({ forcePathStyle: true });
  opened.push(made);
  return made;
};
const resolve = (place: Omit<S3Source, 'type'>, signal?: AbortSignal) =>
  createS3Sources(access()).resolve(place, { signal });

let keys = 0;
/** One attempt of the activity, and everything of it that could be seen from outside. */
async function submit(
  place: Omit<S3Source, 'type'>,
  provider: MediaProvider = twelvelabs,
  upload: SubmitSourceInput['upload'] = { method: 'auto', concurrency: 4 },
) {
  const activity = createSubmitSource(dependencies({ provider, objects: createS3Sources(access()) }));
  const environment = activityEnvironment({ attempt: 1 });
  const heartbeats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => heartbeats.push(details));
  const key = `s3-${++keys}`;
  const input = {
    provider: 'twelvelabs' as const,
    source: { type: 's3' as const, ...place },
    upload,
    metadata: {},
    fields: { enableHls: false, enableThumbnail: false },
    branches: [],
    preflight: true,
    tag: {
      key,
      workflowId: `asset-lifecycle:twelvelabs:${key}`,
      runId: 'r1',
      onCancel: 'delete' as const,
      onFailure: 'keep' as const,
    },
    since: new Date().toISOString(),
  };
  const outcome = await environment.run(activity, input).then(
    (asset) => ({ asset: asset as AssetSnapshot, error: undefined }),
    (error: ApplicationFailure) => ({ asset: undefined, error }),
  );
  expect(JSON.stringify({ ...outcome, heartbeats, words: `${outcome.error?.stack}` })).not.toMatch(SECRETS);
  return outcome;
}

/** The asset once its bytes have been fetched and looked at. */
async function settled(id: string | undefined) {
  for (;;) {
    const asset = (await control.state()).assets.find(({ _id }) => _id === id);
    if (asset && asset.status !== 'processing') return asset;
    await delay(20);
  }
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('an S3 object as the source of an asset', () => {
  test.each(['films/clip.mp4', 'films/ü b?c%20#d+e.mp4'])(
    '%s is fetched by the provider, byte for byte',
    async (key) => {
      const clip = await readFile(path.join(SAMPLES, 'clip.mp4'));
      await server.put('media', key, clip);
      const { asset } = await submit({ bucket: 'media', key });
      expect(asset?.filename).toBe(key.split('/').at(-1));
      expect(await settled(asset?.id)).toMatchObject({ status: 'ready', sha256: sha256(clip) });
    },
  );

  test('the named version is taken, though there is a newer one', async () => {
    const [older, newer] = await Promise.all(
      ['clip.mp4', 'city.mp4'].map((name) => readFile(path.join(SAMPLES, name))),
    );
    const versionId = await server.put('versioned', 'film.mp4', older as Buffer);
    await server.put('versioned', 'film.mp4', newer as Buffer);
    const { asset } = await submit({ bucket: 'versioned', key: 'film.mp4', versionId });
    expect(await settled(asset?.id)).toMatchObject({ status: 'ready', sha256: sha256(older as Buffer) });
  });

  test.each<[string, Omit<S3Source, 'type'>, RegExp]>([
    ['a missing bucket', { bucket: 'nowhere', key: 'a.mp4' }, /^source\.bucket: .*no such bucket/],
    ['a missing key', { bucket: 'media', key: 'none.mp4' }, /^source\.key: .*no such object/],
    [
      'an unknown version',
      { bucket: 'versioned', key: 'film.mp4', versionId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' },
      /^source\.versionId: .*no such version/,
    ],
    ['a malformed version', { bucket: 'versioned', key: 'film.mp4', versionId: 'x' }, /^source\.versionId: /],
    ['an empty object', { bucket: 'media', key: 'empty.mp4' }, /^source\.key: .*is empty/],
  ])('%s is refused at once, and nothing was made', async (_name, place, message) => {
    await server.put('versioned', 'film.mp4', 'x');
    await server.put('media', 'empty.mp4', '');
    const before = (await control.state()).assets.length;
    const { error } = await submit(place);
    expect(error).toMatchObject({ type: 'InvalidRequest', nonRetryable: true, details: [{ nothingMade: true }] });
    expect(error?.message).toMatch(message);
    expect((await control.state()).assets).toHaveLength(before);
  });

  test.each<[string, Record<string, string>]>([
    ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'wrong' }],
    ['an unknown key id', { AWS_ACCESS_KEY_ID: 'AKIDUNKNOWN' }],
    ['no credentials at all', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }],
  ])('with %s the operator is told which credentials to give', async (_name, changes) => {
    await server.put('media', 'a.mp4', 'x');
    Object.assign(process.env, changes);
    const { error } = await submit({ bucket: 'media', key: 'a.mp4' });
    expect(error).toMatchObject({ type: 'InvalidRequest', nonRetryable: true });
    expect(error?.message).toMatch(/AWS credentials of the worker are missing, wrong or expired; .*AWS_PROFILE/);
    expect(error?.message).not.toMatch(/AKIDUNKNOWN/);
  });

  test('storage that cannot be reached is tried again', async () => {
    process.env.AWS_ENDPOINT_URL_S3 = 'http://127.0.0.1:1';
    const { error } = await submit({ bucket: 'media', key: 'a.mp4' });
    expect(error).toMatchObject({ type: 'ProviderUnavailable', nonRetryable: false });
  });

  test('goes up in parts without touching the disk when it is too large for a URL, or on request', async () => {
    const clip = await readFile(path.join(SAMPLES, 'clip.mp4'));
    await server.put('media', 'parts.mp4', clip);
    await control.setUploads({ chunkBytes: 64 * 1024 });
    const { asset } = await submit({ bucket: 'media', key: 'parts.mp4' }, twelvelabs, {
      method: 'multipart',
      concurrency: 2,
    });
    expect(await settled(asset?.id)).toMatchObject({ method: 'multipart', status: 'ready', sha256: sha256(clip) });
  });

  test('an object over every limit is refused with the limit', async () => {
    await server.put('media', 'large.mp4', Buffer.alloc(5001));
    const provider = new MemoryProvider();
    const { error } = await submit({ bucket: 'media', key: 'large.mp4' }, provider);
    expect(error).toMatchObject({ type: 'PayloadTooLarge', details: [{ nothingMade: true }] });
    expect(error?.message).toBe('source.key: large.mp4 has 5001 bytes; the limit of uploads in parts is 5000 bytes');
    expect(provider.calls).not.toContain('intake.submit');
  });

  test('an activity that is cancelled while it looks at the object made nothing', async () => {
    const cancelled = AbortSignal.abort(new Error('cancelled'));
    await expect(resolve({ bucket: 'media', key: 'a.mp4' }, cancelled)).rejects.toThrow('cancelled');
  });
});

describe('the URL that the provider gets', () => {
  const lifeOf = (url: string): number => Number(new URL(url).searchParams.get('X-Amz-Expires'));

  test('lives as long as asked, and no longer than the credentials', async () => {
    await server.put('media', 'a.mp4', 'bytes');
    const place = { bucket: 'media', key: 'a.mp4' };
    expect(lifeOf(await (await resolve(place)).presignedUrl(21_600))).toBe(21_600);
    process.env.AWS_CREDENTIAL_EXPIRATION = new Date(Date.now() + 3_600_000).toISOString();
    const life = lifeOf(await (await resolve(place)).presignedUrl(21_600));
    expect(life).toBeGreaterThan(3500);
    expect(life).toBeLessThanOrEqual(3600);
  });
});

describe('the bytes of an object', () => {
  const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  const place = { bucket: 'media', key: 'bytes.mp4' };
  beforeEach(() => server.put('media', 'bytes.mp4', content));

  test('are read whole, in ranges, and again', async () => {
    const object = await resolve(place);
    expect(object).toMatchObject({ filename: 'bytes.mp4', sizeBytes: content.byteLength });
    expect((await bytesOf(object.read())).equals(content)).toBe(true);
    expect((await bytesOf(object.read({ start: 10, end: 20 }))).equals(content.subarray(10, 20))).toBe(true);
    expect((await bytesOf(object.read({ start: 299_999, end: 300_000 }))).equals(content.subarray(-1))).toBe(true);
    expect(await bytesOf(object.read({ start: 5, end: 5 }))).toHaveLength(0);
  });

  test('have the same fingerprint until they change', async () => {
    const [one, again] = [await resolve(place), await resolve(place)];
    expect(again.fingerprint).toBe(one.fingerprint);
    await server.put('media', 'bytes.mp4', Buffer.alloc(content.byteLength));
    expect((await resolve(place)).fingerprint).not.toBe(one.fingerprint);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['was replaced by one of the same size', () => server.put('media', 'bytes.mp4', Buffer.alloc(content.byteLength))],
    ['was replaced by a shorter one', () => server.put('media', 'bytes.mp4', 'short')],
    ['is gone', () => server.delete('media', 'bytes.mp4')],
  ])('cannot be read when the object %s between two ranges', async (_name, change) => {
    const object = await resolve(place);
    await bytesOf(object.read({ start: 0, end: 100_000 }));
    await change();
    const error = await bytesOf(object.read({ start: 100_000, end: 200_000 })).catch((caught: Error) => caught);
    expect(failureType(error)).toBe('SourceUnreadable');
    expect((error as Error).message).toMatch(/^source\.key: s3:\/\/media\/bytes\.mp4: the object changed while it was/);
  });

  test('of a named version are read though a newer one was written meanwhile', async () => {
    const versionId = await server.put('versioned', 'pinned.mp4', 'older');
    const object = await resolve({ bucket: 'versioned', key: 'pinned.mp4', versionId });
    await server.put('versioned', 'pinned.mp4', 'newer');
    expect((await bytesOf(object.read())).toString()).toBe('older');
  });

  test('that are past the end are no source', async () => {
    const object = await resolve(place);
    const reading = bytesOf(object.read({ start: 299_990, end: 300_010 }));
    await expect(reading).rejects.toMatchObject({ type: 'SourceUnreadable' });
  });

  test('stop when the caller’s signal aborts, and when the stream is thrown away', async () => {
    const stop = new AbortController();
    const object = await resolve(place, stop.signal);
    object.read().destroy();
    const reading = object.read();
    const chunks = reading[Symbol.asyncIterator]();
    await chunks.next();
    stop.abort(new Error('cancelled'));
    const rest = (async () => {
      while (!(await chunks.next()).done);
    })();
    await expect(rest).rejects.toThrow('cancelled');
    expect(reading.destroyed).toBe(true);
  });
});
