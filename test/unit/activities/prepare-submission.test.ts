import type { SubmitSourceInput } from '../../../src/contracts/activities';
import { prepareSubmission } from '../../../src/activities/uploads/prepare-submission';
import { routeOf } from '../../../src/providers/twelvelabs/intake/route';
import type { SourceFile } from '../../../src/storage/files/source-file';
import type { SourceObject } from '../../../src/storage/files/source-object';
import { dependencies } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const MIB = 1024 ** 2;
type Method = SubmitSourceInput['upload']['method'];

const withRealLimits = (): MemoryProvider => {
  const provider = new MemoryProvider();
  provider.intake.route = routeOf;
  return provider;
};
const inputOf = (source: SubmitSourceInput['source'], method: Method): SubmitSourceInput => ({
  provider: 'twelvelabs',
  source,
  metadata: {},
  fields: {},
  upload: { method, concurrency: 4 },
  branches: [],
  preflight: true,
  since: '2026-01-01T00:00:00Z',
  tag: { key: 'k', workflowId: 'w', runId: 'r', onCancel: 'delete', onFailure: 'keep' },
});

/** How a file of that name and size goes, with the real limits. */
async function wayOf(filename: string, sizeBytes: number, method: Method = 'auto'): Promise<string> {
  const provider = withRealLimits();
  const deps = dependencies({ provider, sources: { resolve: async () => ({ filename, sizeBytes }) as SourceFile } });
  const source = { type: 'file', path: `/media/${filename}` } as const;
  const { signal } = new AbortController();
  const { content } = await prepareSubmission(deps, provider, { input: inputOf(source, method), source, signal });
  return (await content()).route;
}

test.each<[string, number, Method, string]>([
  ['film.mp4', 200 * MIB, 'auto', 'whole'],
  ['film.mp4', 200 * MIB + 1, 'auto', 'parts'],
  ['film.mp4', 10 * 1024 * MIB, 'auto', 'parts'],
  ['song.flac', 201 * MIB, 'auto', 'parts'],
  ['film.mp4', 1, 'multipart', 'parts'],
  ['face.jpg', 32 * MIB, 'auto', 'whole'],
  ['face.jpg', 32 * MIB, 'multipart', 'parts'],
  ['paper.pdf', 200 * MIB, 'auto', 'whole'],
])('%s of %d bytes, asked for "%s": %s', async (filename, sizeBytes, method, way) => {
  expect(await wayOf(filename, sizeBytes, method)).toBe(way);
});

test.each<[string, number, Method, string]>([
  ['film.mp4', 10 * 1024 * MIB + 1, 'auto', 'the limit for video uploaded in parts is 10 GB'],
  ['film.mp4', 200 * MIB + 1, 'direct', 'the limit for a file uploaded directly is 200 MB'],
  ['face.jpg', 32 * MIB + 1, 'auto', 'the limit for an image is 32 MB'],
  ['face.jpg', 32 * MIB + 1, 'multipart', 'the limit for an image is 32 MB'],
  ['paper.pdf', 200 * MIB + 1, 'auto', 'the limit for a file uploaded directly is 200 MB'],
  ['paper.pdf', 1, 'multipart', 'the provider takes only video, audio and images in parts'],
])('%s of %d bytes, asked for "%s", is refused: %s', async (filename, sizeBytes, method, words) => {
  await expect(wayOf(filename, sizeBytes, method)).rejects.toMatchObject({
    type: 'PayloadTooLarge',
    message: expect.stringContaining(words),
  });
});

const objectWay = async (key: string, fitsUrl: boolean, method: Method = 'auto'): Promise<string> => {
  const presignedUrl = async (): Promise<string> => 'https://media.example/clip';
  const object: SourceObject = {
    filename: key.split('/').at(-1) ?? '',
    sizeBytes: MIB,
    fitsUrl,
    presignedUrl,
    fingerprint: 'f',
    content: 's3:c',
    read: () => {
      throw new Error('nothing is read');
    },
  };
  const provider = withRealLimits();
  const deps = dependencies({ provider, objects: { resolve: async () => object } });
  const source = { type: 's3', bucket: 'media', key } as const;
  const { signal } = new AbortController();
  const { content } = await prepareSubmission(deps, provider, { input: inputOf(source, method), source, signal });
  return (await content()).route;
};

test('an object that no URL can name goes in parts, or is refused with what helps', async () => {
  expect(await objectWay('a/clip.mp4', true)).toBe('url');
  expect(await objectWay('a/../clip.mp4', false)).toBe('parts');
  for (const refused of [objectWay('../notes.pdf', false), objectWay('../clip.mp4', false, 'direct')]) {
    await expect(refused).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining('copy the object to another key'),
    });
  }
});
