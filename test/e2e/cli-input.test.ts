import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cli, run } from '../support/cli';
import { MAIN, SAMPLES } from '../support/system/system';

jest.setTimeout(60_000);
const NOWHERE = { TEMPORAL_ADDRESS: '127.0.0.1:1', TWELVELABS_BASE_URL: 'http://127.0.0.1:1/v1.3' };
const clip = path.join(SAMPLES, 'clip.mp4');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-e2e-'));
  await writeFile(path.join(folder, 'empty.mp4'), '');
  await writeFile(path.join(folder, 'large.mp4'), '');
  await truncate(path.join(folder, 'large.mp4'), 10 * 1024 ** 3 + 1);
  await writeFile(path.join(folder, 'large.jpg'), '');
  await truncate(path.join(folder, 'large.jpg'), 32 * 1024 ** 2 + 1);
  await symlink('/etc/hostname', path.join(folder, 'link.mp4'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** All of these end before a connection is tried: the addresses lead nowhere, which would be exit code 3. */
test.each<[string, () => string[], RegExp]>([
  ['no source', () => [], /missing <file\|url\|s3>/],
  ['a missing file of this folder', () => ['none.mp4'], /source\.path: .*none\.mp4: no such file/],
  ['a presigned URL', () => ['https://b.s3.amazonaws.com/k?X-Amz-Signature=secret'], /source\.url: is a presigned URL/],
  ['a URL that the parser refuses', () => ['http://[::1'], /source\.url: must be a valid URL/],
  ['a folder', () => [folder], /source\.path: .*is a folder/],
  ['an empty file', () => [path.join(folder, 'empty.mp4')], /source\.path: .*is empty/],
  ['a link that leads out', () => [path.join(folder, 'link.mp4')], /source\.path: .*symlink that leads out/],
  ['a video over 10 GB', () => [path.join(folder, 'large.mp4')], /source\.path: .*limit .* is 10 GB/],
  [
    'a video over 200 MB that is to go in one request',
    () => [path.join(folder, 'large.mp4'), '--upload-method', 'direct'],
    /source\.path: .*limit .* is 200 MB/,
  ],
  ['an unknown upload method', () => ['samples/clip.mp4', '--upload-method', 'ftp'], /upload\.method: /],
  ['an image over 32 MB', () => [path.join(folder, 'large.jpg')], /source\.path: .*limit .* is 32 MB/],
  ['a file: URL', () => ['file:///etc/passwd'], /source\.url: must start with http/],
  ['a URL with credentials', () => ['http://user:secret@example.com/a'], /source\.url: must not carry a user name/],
  ['an S3 URI without a key', () => ['s3://media'], /source\.key: /],
  ['a bucket that cannot be', () => ['s3://Media/a.mp4'], /source\.bucket: must be a bucket name/],
  ['an unknown branch', () => [clip, '--branch', 'transcode'], /branch\.type: must be "embed"/],
  ['an entity without a collection', () => [clip, '--branch', 'entity'], /branch\.collectionId/],
  ['a filename that is too long', () => [clip, '--filename', 'x'.repeat(256)], /filename: /],
  ['a filename with a separator', () => [clip, '--filename', 'a/b.mp4'], /filename: must be a bare name/],
  ['nested metadata', () => [clip, '--metadata', '{"a":{"b":1}}'], /metadata\.a: must be a string/],
  ['metadata that is no pair', () => [clip, '--metadata', 'colour'], /--metadata: "colour" is not name=value/],
  ['an unknown field', () => ['--input', '{"source":{"type":"asset","assetId":"a"},"colour":1}'], /"colour"/],
  ['input that is not JSON', () => ['--input', '{'], /--input: is not JSON/],
  ['an unknown flag', () => [clip, '--colour'], /unknown option '--colour'/],
  ['two sources', () => [clip, '--asset', 'a1'], /not both/],
  ['a deadline that is none', () => [clip, '--ready-within', 'soon'], /deadlines\.ready: must be a duration/],
])('start refuses %s with exit code 2 and one line', async (_name, args, message) => {
  const { code, stdout, stderr } = await cli(['start', ...args(), '--json'], NOWHERE);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).not.toContain('secret');
});

test.each([
  'demo',
  'dev',
  'worker',
  'emulator',
  'start',
  'status',
  'watch',
  'list',
  'cancel',
  'force-delete',
  'assets',
  'sweep',
  'setup',
])('%s explains itself with an example', async (command) => {
  const { code, stdout } = await cli([command, '--help']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/Example/);
});

test('a build leaves a program that a shell can run, whether or not npm has linked it', async () => {
  expect(await run(MAIN, ['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
});

test('a file that only another host has is started with a warning', async () => {
  const file = path.join(folder, 'of-the-worker.mp4');
  const { code, stdout, stderr } = await cli(['start', file, '--json'], NOWHERE);
  const [warning, error] = stderr.trim().split('\n');
  expect(warning).toBe(`warning: ${file}: no such file on this host; started for a worker whose host has it`);
  expect(error).toMatch(/no Temporal server answers/); // so it was not refused
  expect(stdout).toBe('');
  expect(code).toBe(3);
});

test('an unreachable Temporal server is exit code 3 and one line that says what to do', async () => {
  const { code, stdout, stderr } = await cli(['status', 'k', '--json'], NOWHERE);
  expect(code).toBe(3);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^error: no Temporal server answers at 127\.0\.0\.1:1 .*asset-lifecycle dev/);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('an unreachable provider is exit code 3 and one line', async () => {
  const { code, stderr } = await cli(['assets', 'list'], { ...NOWHERE, TWELVE_LABS_API_KEY: 'tlk_E2E0SECRET' });
  expect(code).toBe(3);
  expect(stderr).toMatch(/^error: GET \/assets: no answer/);
  expect(stderr).not.toContain('tlk_E2E0SECRET');
});

test('a worker without a key refuses to start, and says why', async () => {
  const { code, stderr } = await cli(['worker'], NOWHERE);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^error: no provider to serve; TwelveLabs: TWELVE_LABS_API_KEY: not set, and 127\.0\.0\.1:1 is no emulator/,
  );
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('a mistake in the environment names the variable', async () => {
  const { code, stderr } = await cli(['assets', 'list'], { ASSET_LIFECYCLE_POLL_INTERVAL_MIN: 'often' });
  expect(code).toBe(2);
  expect(stderr).toMatch(/ASSET_LIFECYCLE_POLL_INTERVAL_MIN: must be a duration/);
});
