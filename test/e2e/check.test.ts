import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SourceVerdict } from '../../src/cli/source-check';
import { cli } from '../support/cli';
import { jpeg } from '../support/media/pictures';
import { SAMPLES } from '../support/system/system';

jest.setTimeout(60_000);
const NOWHERE = { TEMPORAL_ADDRESS: '127.0.0.1:1', TWELVELABS_BASE_URL: 'http://127.0.0.1:1/v1.3' };
let folder: string;
let picture: string;
const clip = path.join(SAMPLES, 'clip.mp4');
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-e2e-'));
  picture = path.join(folder, 'picture.mp4');
  await writeFile(picture, jpeg(640, 480));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('check looks at many files, prints JSON alone, and exits with 2 because of those that are refused', async () => {
  const { code, stdout } = await cli(
    ['check', clip, picture, folder, path.join(folder, 'none.mp4'), '--branch', 'embed', '--json'],
    NOWHERE,
  );
  const verdicts = JSON.parse(stdout) as SourceVerdict[];
  expect(verdicts).toMatchObject([
    { source: clip, verdict: 'fits', sizeBytes: 229_267, media: { kind: 'video', durationSec: 10 } },
    { source: picture, verdict: 'refused', refusal: expect.stringContaining('content is an image') },
    { source: folder, verdict: 'refused', refusal: expect.stringContaining('is a folder') },
    { verdict: 'refused', type: 'InvalidRequest' },
  ]);
  expect(code).toBe(2);
});

test('start refuses the same file in the same words, before a connection is tried', async () => {
  const [verdict] = JSON.parse((await cli(['check', picture, '--json'], NOWHERE)).stdout) as SourceVerdict[];
  const started = await cli(['start', picture], NOWHERE);
  expect(started).toMatchObject({ code: 2, stdout: '', stderr: `error: ${verdict?.refusal}\n` });
  const unseen = await cli(['start', picture, '--no-preflight'], NOWHERE);
  expect(unseen.code).toBe(3); // it went on to connect
});

test('check of what fits exits with 0, for people as a table', async () => {
  const { code, stdout, stderr } = await cli(['check', clip], NOWHERE);
  expect(code).toBe(0);
  expect(stdout).toMatch(/clip\.mp4 .* fits .* MPEG-4 .* 10 s, 640x360/);
  expect(stderr).toBe('1 looked at, 0 refused\n');
});

test('a wrong flag is said of each file; an S3 that does not answer is no verdict', async () => {
  const wrong = await cli(['check', clip, '--branch', 'transcode', '--json'], NOWHERE);
  expect(JSON.parse(wrong.stdout)).toMatchObject([
    { refusal: expect.stringContaining('branch.type: must be "embed"') },
  ]);
  const aws = { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1', AWS_REGION: 'us-east-1' };
  const keys = { AWS_ACCESS_KEY_ID: 'made', AWS_SECRET_ACCESS_KEY: 'up', AWS_MAX_ATTEMPTS: '1' };
  const { code, stdout } = await cli(['check', 's3://media/a.mp4'], { ...NOWHERE, ...aws, ...keys });
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
});
