import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DownloadResult } from '../../../../src/client/transfers/download-assets';
import type { UploadResult } from '../../../../src/client/transfers/upload-assets';
import { cliInProcess } from '../../../support/cli-in-process';
import { uniqueJpeg } from '../../../support/media/unique-jpeg';
import { ORGANIZATION, SECRET_KEY, ViApi } from '../../../support/servers/vi-emulator';

const VARIABLES = ['DATATURE_VI_SECRET_KEY', 'DATATURE_VI_ORGANIZATION_ID', 'DATATURE_VI_API_ENDPOINT'] as const;
const LONG_AGO = new Date('2026-01-01');
const before = { ...process.env };
let api: ViApi;
let folder: string;

beforeEach(async () => {
  api = await ViApi.start();
  folder = await mkdtemp(path.join(tmpdir(), 'transfers-'));
  await mkdir(path.join(folder, 'in'));
  process.env.DATATURE_VI_SECRET_KEY = SECRET_KEY;
  process.env.DATATURE_VI_ORGANIZATION_ID = ORGANIZATION;
  process.env.DATATURE_VI_API_ENDPOINT = api.emulator.url;
});
afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});
afterAll(() => {
  for (const name of VARIABLES) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

const AT = ['--provider', 'datature-vi', '--dataset', 'demo'];
const assets = (...args: string[]) => cliInProcess(['assets', ...args, ...AT]);
const jsonOf = <T>({ stdout }: { stdout: string }): T => JSON.parse(stdout) as T;
const at = (...names: string[]): string => path.join(folder, ...names);

async function write(files: Record<string, Buffer>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(at('in', name), bytes);
    await utimes(at('in', name), LONG_AGO, LONG_AGO); // a file that was just written is waited for
  }
}

test('a folder goes up and comes back as it was; lines on a pipe tell how far it is', async () => {
  const names = Array.from({ length: 12 }, (_, number) => `${number}.jpg`);
  await write(Object.fromEntries(names.map((name) => [name, uniqueJpeg(name)])));
  const up = await assets('upload', at('in'));
  expect([up.code, up.stdout]).toEqual([
    0,
    expect.stringMatching(/^12 of 12 files uploaded \(100.0 %\), sessions: \S+\n$/),
  ]);
  expect(up.stderr).toMatch(/^upload: .* of .* sent, \d+ of 12 files done$/m);

  const down = await assets('download', at('out'));
  expect([down.code, down.stdout]).toEqual([0, `12 of 12 assets downloaded to ${at('out')}\n`]);
  expect(down.stderr.trim().split('\n').at(-1)).toMatch(/^download: 12 of 12, /);
  expect(down.stderr.trim().split('\n').length).toBeLessThanOrEqual(11);
  expect((await readdir(at('out'))).toSorted()).toEqual(names.toSorted());

  const again = await assets('download', at('out'), '--json');
  expect([again.code, again.stderr]).toEqual([0, '']);
  expect(jsonOf<DownloadResult>(again)).toMatchObject({ total: 12, downloaded: 0, present: 12, failed: 0, bytes: 0 });
  await writeFile(at('out', '3.jpg'), 'mine');
  expect((await assets('download', at('out'))).code).toBe(1);
  expect(jsonOf<DownloadResult>(await assets('download', at('out'), '--overwrite', '--json'))).toMatchObject({
    downloaded: 12,
  });
  const some = await assets('download', at('some'), '--filter', 'filename == "7.jpg"', '--json');
  expect(jsonOf<DownloadResult>(some)).toMatchObject({ total: 1, downloaded: 1 });
});

test('files that fail are a table with their codes, and exit code 1', async () => {
  await write({ 'a.jpg': uniqueJpeg('a'), 'bad.png': Buffer.from('no picture') });
  const { code, stdout } = await assets('upload', at('in'));
  expect(code).toBe(1);
  expect(stdout).toMatch(/│ \S+bad\.png +│ EBADMIME │ bad\.png: EBADMIME, invalid MIME type/);
  expect(stdout).toMatch(/^1 of 2 files uploaded \(50\.0 %\), 1 failed, sessions: \S+$/m);
});

test('modes, metadata and no wait go to the provider', async () => {
  await write({ 'a.jpg': uniqueJpeg('a') });
  const flags = ['--failure-mode', 'FailAfterOne', '--overwrite', 'RemoveLinkedResource', '--metadata', 'shift=early'];
  await api.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
  const result = jsonOf<UploadResult>(await assets('upload', at('in'), ...flags, '--no-wait', '--json'));
  expect(result).toMatchObject({ totalProcessing: 1, isComplete: false });
  const [id = ''] = result.sessionIds;
  const waited = await cliInProcess(['sessions', 'wait', id, ...AT, '--json']);
  expect(jsonOf(waited)).toMatchObject({
    failureMode: 'FailAfterOne',
    overwriteMode: 'RemoveLinkedResource',
    state: 'ended',
  });
  expect((await api.assets())[0]?.metadata.customMetadata).toEqual({ shift: 'early' });
});

test.each<[string[], string]>([
  [['upload', '/nowhere/a.jpg'], 'paths: /nowhere/a.jpg: no such file or folder'],
  [['upload', __filename, '--failure-mode', 'x'], 'failureMode: must be FailAfterAll or FailAfterOne, not "x"'],
  [['upload', __filename, '--within', 'x'], '--within: must be a duration'],
  [['download', ''], '<folder>: must name a folder'],
  [['download', __filename], 'ENOTDIR'],
  [['download', '/x', '--concurrency', '65'], '--concurrency: must be a whole number from 1 to 64'],
])('%j is refused in one line', async (args, words) => {
  const answer = await assets(...args);
  expect([answer.code, answer.stdout]).toEqual([2, '']);
  expect(answer.stderr).toContain(words);
  expect(answer.stderr.trim().split('\n')).toHaveLength(1);
});
