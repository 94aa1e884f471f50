import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createSubmitSource } from '../../../src/activities/submit-source';
import { SourceCheck } from '../../../src/cli/source-check';
import { loadConfig } from '../../../src/config';
import { acceptInput } from '../../../src/providers/registry';
import { routeOf } from '../../../src/providers/twelvelabs/intake/route';
import { createFileSources } from '../../../src/storage/files/file-sources';
import { activityEnvironment, dependencies } from '../../support/activity-dependencies';
import { fragments, mp4 } from '../../support/media/mp4';
import { jpeg } from '../../support/media/pictures';
import { wav } from '../../support/media/sounds';
import { sampleBytes } from '../../support/media/sources';
import { MemoryProvider } from '../../support/memory-provider';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-check-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const EMBED = { type: 'embed' };
const ENTITY = { type: 'entity', collectionId: 'c1' };
const INDEX = { type: 'index', indexId: 'i1' };
const video = (width: number, height: number, durationSec: number): Buffer =>
  mp4({ tracks: [{ kind: 'video', width, height, durationSec }] });

/** What `check` says of a file, what `start` fails with, and how often a provider was called. */
async function bothSay(name: string, content: Buffer, branch: unknown, more: object = {}) {
  const file = path.join(folder, name);
  await writeFile(file, content);
  const input = acceptInput({ source: { type: 'file', path: file }, branch, ...more });
  const check = new SourceCheck(loadConfig({ ASSET_LIFECYCLE_SOURCE_ROOTS: folder }));
  const { refusal, verdict } = await check.check(input);
  await check.close();
  const provider = new MemoryProvider();
  provider.intake.route = routeOf;
  const sources = createFileSources({ roots: [folder], restMs: 0 });
  const submit = createSubmitSource(dependencies({ provider, sources }));
  const tag = { key: 'k', workflowId: 'w', runId: 'r', onCancel: 'delete', onFailure: 'keep' } as const;
  const since = '2026-01-01T00:00:00Z';
  const failed = await activityEnvironment()
    .run(() => submit({ ...input, tag, since }))
    .then(
      () => undefined,
      (error: Error) => error,
    );
  return { refusal, verdict, failed, calls: provider.calls };
}

test.each<[string, string, () => Buffer, unknown, string]>([
  [
    'a file whose name says video and whose content is an image',
    'a.mp4',
    () => jpeg(640, 480),
    EMBED,
    'content is an image',
  ],
  ['the same without a branch', 'b.mp4', () => jpeg(640, 480), undefined, 'a.mp4'.replace('a', 'b')],
  ['text that is named as an image', 'a.jpg', () => Buffer.from('no picture at all'), undefined, 'content is text'],
  [
    'a video that is too short',
    'short.mp4',
    () => video(640, 360, 2),
    EMBED,
    'videos of 4 s to 4 h; short.mp4 lasts 2 s',
  ],
  ['a video that is too long', 'long.mp4', () => video(640, 360, 15_000), INDEX, 'lasts 4 h 10 min 0 s'],
  [
    'a video that is too small',
    'small.mp4',
    () => video(320, 240, 10),
    EMBED,
    '360x360 to 5184x2160 pixels; small.mp4 is 320x240',
  ],
  [
    'a video that is too wide',
    'wide.mp4',
    () => video(1000, 400, 10),
    INDEX,
    'aspect ratio of 1:2.4 to 2.4:1; wide.mp4 is 1000x400 (2.5:1)',
  ],
  ['a short sound', 'short.wav', () => wav(1), EMBED, 'audio of 4 s to 4 h; short.wav lasts 1 s'],
  [
    'an image that is too small',
    'small.jpg',
    () => jpeg(100, 300),
    ENTITY,
    '128x128 pixels or more; small.jpg is 100x300',
  ],
  [
    'a video as an entity',
    'face.mp4',
    () => video(640, 360, 10),
    ENTITY,
    'an entity takes images; face.mp4 is video (MPEG-4)',
  ],
  ['what one of two branches refuses', 'two.mp4', () => video(640, 360, 3), [ENTITY, EMBED], 'lasts 3 s'],
  ['an empty file', 'empty.mp4', () => Buffer.alloc(0), undefined, 'empty'],
])(
  '%s: check and start refuse it in the same words, and no request goes out',
  async (_what, name, content, branch, words) => {
    const { refusal, failed, calls } = await bothSay(name, content(), branch);
    expect(refusal).toContain(words);
    expect(failed).toMatchObject({ message: refusal, nonRetryable: true });
    expect(calls).toEqual([]);
  },
);

test.each<[string, string, () => Buffer, unknown]>([
  [
    'a fragmented file without a duration',
    'live.mp4',
    () => fragments({ kind: 'video', width: 640, height: 360, durationSec: 0 }, 3),
    EMBED,
  ],
  [
    'a video that another tool has not uploaded to its end',
    'cut.mp4',
    () => sampleBytes('clip.mp4').subarray(0, 200_000),
    EMBED,
  ],
  ['an unknown format', 'film.xyz', () => Buffer.from([1, 2, 3, 0, 255]), EMBED],
  ['a fitting video', 'fits.mp4', () => sampleBytes('clip.mp4'), [EMBED, INDEX]],
  ['a fitting image', 'fits.jpg', () => sampleBytes('portrait-1.jpg'), [EMBED, ENTITY]],
  ['a fitting sound', 'fits.mp3', () => sampleBytes('melody.mp3'), EMBED],
])('%s is let through', async (_what, name, content, branch) => {
  const { verdict, calls } = await bothSay(name, content(), branch);
  expect(verdict).toBe('fits');
  expect(calls).toContain('intake.submit of one');
});

test('what would be refused goes out when the preflight is turned off', async () => {
  const { verdict, calls } = await bothSay('off.mp4', jpeg(640, 480), EMBED, { preflight: false });
  expect(verdict).toBe('fits');
  expect(calls).toContain('intake.submit of one');
});
