import { copyFile, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cliInProcess } from '../../support/cli-in-process';
import { sampleBytes } from '../../support/media/sources';

const VI = ['--provider', 'datature-vi', '--dataset', 'demo'];
const MEBIBYTE = 1024 ** 2;
const GIBIBYTE = 1024 ** 3;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-bad-'));
  await copyFile('samples/portrait-1.jpg', path.join(folder, 'good.jpg'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function written(name: string, content: Buffer | string | { sizeBytes: number }): Promise<string> {
  const file = path.join(folder, name);
  if (typeof content === 'string' || Buffer.isBuffer(content)) await writeFile(file, content);
  else {
    const handle = await open(file, 'w');
    await handle.truncate(content.sizeBytes); // takes no space
    await handle.close();
  }
  return file;
}

/** What `start` says before it looks for a server, and that it is one line. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cliInProcess(['start', ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  return stderr;
}

test.each<[string, string, Buffer | string | { sizeBytes: number }, RegExp]>([
  [
    'an unsupported kind',
    'a.svg',
    '<svg/>',
    /source\.path: a\.svg: the provider takes images \(.*\.png.*\) and videos \(.*\.mp4.*\)/,
  ],
  ['sound', 'a.mp3', sampleBytes('melody.mp3'), /source\.path: a\.mp3: the provider takes images/],
  [
    'an image over 256 MiB',
    'large.png',
    { sizeBytes: 256 * MEBIBYTE + 1 },
    /large\.png has 268435457 bytes; the limit for an image is 256 MiB/,
  ],
  [
    'a video over 512 GiB',
    'large.mp4',
    { sizeBytes: 512 * GIBIBYTE + 1 },
    /large\.mp4 has 549755813889 bytes; the limit for a video is 512 GiB/,
  ],
  ['an empty file', 'empty.jpg', '', /empty\.jpg.*is empty/],
  [
    'text called .png',
    'text.png',
    'no picture',
    /text\.png is named as an image, but its content is a document \(text\); give it the name/,
  ],
  [
    'a video called .jpg',
    'film.jpg',
    sampleBytes('clip.mp4'),
    /film\.jpg is named as an image, but its content is a video \(MPEG-4\)/,
  ],
  [
    'a picture called .mp4',
    'still.mp4',
    sampleBytes('portrait-1.jpg'),
    /still\.mp4 is named as a video, but its content is an image \(JPEG\)/,
  ],
  [
    'sound called .mp4',
    'song.mp4',
    sampleBytes('melody.mp3'),
    /song\.mp4 is named as a video, but its content is audio \(MPEG Audio\)/,
  ],
  [
    'a picture without a picture in it',
    'hollow.png',
    Buffer.concat([sampleBytes('portrait-2.png').subarray(0, 8), Buffer.alloc(5000, 3)]),
    /hollow\.png is named as an image, but it holds no picture/,
  ],
  ['noise called .jpg', 'noise.jpg', Buffer.alloc(5000, 3), /noise\.jpg is named as an image, but it holds no picture/],
])('%s is refused before a server is looked for', async (_what, name, content, because) => {
  const file = await written(name, content);
  expect(await refusal(file, ...VI)).toMatch(because);
  const { code, stdout } = await cliInProcess(['check', file, ...VI, '--json']);
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({ verdict: 'refused', refusal: expect.stringMatching(because) }),
  ]);
});

test.each<[string, string[], RegExp]>([
  ['no dataset', ['--provider', 'datature-vi'], /datasetId/],
  ['a dataset that is no id', ['--provider', 'datature-vi', '--dataset', 'a/b'], /datasetId: must be a dataset id/],
  ['a name with a slash', [...VI, '--filename', 'a/b.jpg'], /filename: must be a bare name without a path separator/],
  ['nested metadata', [...VI, '--metadata', '{"a":{"b":1}}'], /metadata\.a/],
  ['a list in the metadata', [...VI, '--metadata', '{"a":[1]}'], /metadata\.a/],
  ['a branch', [...VI, '--branch', 'embed'], /branch/],
  ['an overwrite mode that there is not', [...VI, '--on-asset-overwritten', 'Overwrite'], /onAssetOverwritten/],
  ['a provider that there is not', ['--provider', 'vi', '--dataset', 'demo'], /"twelvelabs"\|"datature-vi"/],
])('%s is refused, and the field is named', async (_what, flags, because) => {
  expect(await refusal(path.join(folder, 'good.jpg'), ...flags)).toMatch(because);
});

test('a URL is no source of a dataset', async () => {
  expect(await refusal('https://media.example/a.png', ...VI)).toMatch(/source.*"file" or "s3"/);
});

test('a good picture is taken, whatever extension of its kind it has', async () => {
  for (const name of ['good.jpeg', 'good.JFIF']) {
    const file = await written(name, sampleBytes('portrait-1.jpg'));
    expect(await cliInProcess(['check', file, ...VI])).toMatchObject({ code: 0 });
  }
});

describe('a worker', () => {
  const environment = { ...process.env };
  const KEY = `dtvi_${'k'.repeat(98)}`;
  beforeEach(() => {
    for (const name of ['TWELVE_LABS_API_KEY', 'TWELVELABS_BASE_URL']) delete process.env[name];
  });
  afterEach(() => {
    process.env = { ...environment };
  });

  test.each<[string, NodeJS.ProcessEnv, RegExp]>([
    [
      'without any credentials',
      {},
      /^error: no provider to serve; .*TWELVE_LABS_API_KEY: not set.*DATATURE_VI_SECRET_KEY: not set/,
    ],
    [
      'without an organization',
      { DATATURE_VI_SECRET_KEY: KEY },
      /^error: DATATURE_VI_ORGANIZATION_ID: not set; set it to/,
    ],
    [
      'with a key of the wrong length',
      { DATATURE_VI_SECRET_KEY: `${KEY}k`, DATATURE_VI_ORGANIZATION_ID: 'org', TWELVE_LABS_API_KEY: 'tlk_OTHER' },
      /^error: DATATURE_VI_SECRET_KEY: is no secret key: .* 103 characters, this one has 104$/m,
    ],
  ])('%s says in one line what to set, before it connects to anything', async (_what, set, because) => {
    Object.assign(process.env, { TEMPORAL_ADDRESS: '127.0.0.1:1', ...set });
    const { code, stdout, stderr } = await cliInProcess(['worker']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(because);
    expect(stderr.split('\n')).toHaveLength(2);
    expect(stderr).not.toContain('kkkk');
  });
});
