import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BatchStatus } from '../../src/contracts/batch/batch-status';
import { writeAtRest } from '../support/media/files-at-rest';
import { cli, inherited, type CliResult } from '../support/cli';
import { MAIN, SAMPLES, System } from '../support/system/system';
import { until } from '../support/until';

jest.setTimeout(240_000);
let system: System;
beforeAll(async () => {
  system = await System.start({ processing: { baseMs: 100, msPerMegabyte: 0 } });
});
afterAll(() => system?.close());

const call = (...args: string[]): Promise<CliResult> => cli(args, system.environment);
const jsonOf = <T>({ stdout }: CliResult): T => JSON.parse(stdout) as T;
const linesOf = <T>({ stdout }: CliResult): T[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

/** A folder below the worker's roots with pictures, each another one. */
async function pictures(name: string, count: number): Promise<string> {
  const folder = path.join(system.folder, name);
  await mkdir(folder);
  const picture = await readFile(path.join(SAMPLES, 'portrait-2.png'));
  for (let nth = 0; nth < count; nth++) {
    await writeAtRest(path.join(folder, `${nth}.png`), Buffer.concat([picture, Buffer.from(`${name} ${nth}`)]));
  }
  return folder;
}

test('the samples are ingested with their branch; what is no media is refused; a second run makes nothing', async () => {
  const samples = path.join(system.folder, 'samples');
  await cp(SAMPLES, samples, { recursive: true, preserveTimestamps: true });
  const first = await call('ingest', samples, '--branch', 'embed', '--wait', '--batch-id', 'samples');
  expect(first.code).toBe(0);
  expect(first.stdout).toMatch(/items +6: 6 completed\nrefused +2\n/);
  expect(first.stderr).toMatch(/^started asset-batch:samples\n/);
  expect(first.stderr).toContain('samples: completed, 6 of 6 items (100 %), 6 completed, 2 refused');
  const made = async (): Promise<number> => {
    const counters = await system.control.counters();
    const creates = Object.entries(counters).filter(([route]) => route.startsWith('POST '));
    return creates.reduce((sum, [, { requests }]) => sum + requests, 0);
  };
  const before = await made();
  const second = await call('ingest', samples, '--branch', 'embed', '--wait', '--json');
  expect(second.code).toBe(0);
  expect(linesOf<BatchStatus>(second).at(-1)).toMatchObject({ outcome: 'completed', counts: { by: { completed: 6 } } });
  expect(await made()).toBe(before);
  const refused = await call('batch', 'report', 'samples', '--only', 'refused', '--json');
  expect(jsonOf<object[]>(refused)).toMatchObject([
    { name: path.join(samples, 'README.md'), refused: 'InvalidRequest' },
    { name: path.join(samples, 'make-samples.sh'), refused: 'InvalidRequest' },
  ]);
  expect(jsonOf(await call('status', path.join(samples, 'clip.mp4'), '--json'))).toMatchObject({
    ...{ outcome: 'completed', branch: { type: 'embed', status: 'ready' }, batch: { item: 1 } },
  });
});

test('failures are grouped by cause in the report, a spreadsheet gets CSV, and a retry takes up what failed', async () => {
  const folder = await pictures('mixed', 2);
  const broken = path.join(folder, '=1+1, "x".mp4');
  await writeFile(broken, 'no video');
  expect((await call('ingest', folder, '--batch-id', 'mixed', '--wait')).code).toBe(1);
  const { stdout } = await call('batch', 'report', 'mixed', '--only', 'failed');
  expect(stdout).toMatch(/│ 1 +│ InvalidRequest │ source\.path: … is named as a video, but/);
  const csv = await call('batch', 'report', 'mixed', '--csv');
  const [head, ...rows] = csv.stdout.split('\r\n');
  expect(head).toBe('item,key,state,asset,branch,result,size_bytes,why');
  expect(rows[0]).toMatch(/^0,\S+0\.png,completed,[0-9a-f]{24},,,\d+,$/);
  expect(rows[2]).toContain(`"${broken.replaceAll('"', '""')}",failed`);
  expect(await call('batch', 'report', 'mixed', '--csv', '--json')).toMatchObject({ code: 2 });
  await rm(broken);
  const retried = await call('batch', 'retry', 'mixed', '--wait');
  expect(retried.code).toBe(1);
  expect(retried.stdout).toContain(`failed ${broken}: InvalidRequest: source.path: ${broken}: no such file`);
});

test('Ctrl-C leaves the batch running, and says how to come back', async () => {
  const folder = await pictures('left', 3);
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  const args = [MAIN, 'ingest', folder, '--batch-id', 'left', '--wait'];
  const child = spawn(process.execPath, args, { env: { ...inherited(), ...system.environment } });
  let told = '';
  let isLeft = false;
  child.stderr.on('data', (chunk: Buffer) => {
    told += chunk.toString();
    if (isLeft || !told.includes('left: running')) return;
    isLeft = true;
    child.kill('SIGINT');
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  expect(code).toBe(130);
  expect(told).toContain('"asset-lifecycle batch watch left" follows it again');
  expect(jsonOf(await call('batch', 'status', 'left', '--json'))).toMatchObject({ phase: 'running' });
  expect(jsonOf(await call('batch', 'pause', 'left', '--json'))).toMatchObject({ phase: 'paused' });
  expect(jsonOf(await call('batch', 'resume', 'left', '--json'))).toMatchObject({ phase: 'running' });
  expect(jsonOf(await call('batch', 'in-flight', 'left', '7', '--json'))).toMatchObject({ inFlight: 7 });
  const item = await call('cancel', path.join(folder, '0.png'), '--wait', '--json');
  expect(jsonOf(item)).toMatchObject({ outcome: 'cancelled', batch: { batchId: 'left', item: 0 } });
  const forced = await call('force-delete', path.join(folder, '1.png'), '--wait', '--json');
  expect(jsonOf(forced)).toMatchObject({ outcome: 'deleted', receipt: { entries: [{ result: 'deleted' }] } });
  const stopped = await call('batch', 'cancel', 'left', '--reason', 'enough', '--wait', '--json');
  expect(stopped.code).toBe(0);
  expect(linesOf<BatchStatus>(stopped).at(-1)).toMatchObject({ outcome: 'cancelled', reason: 'enough' });
  await system.control.setProcessing({ baseMs: 100, msPerMegabyte: 0 });
  expect(await call('batch', 'cancel', 'left')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('has ended'),
  });
  const all = jsonOf<{ batchId: string }[]>(await call('batch', 'list', '--json'));
  expect(all.map(({ batchId }) => batchId)).toContain('left');
});

test('a batch is watched, told of in words, listed, and removed by force', async () => {
  const folder = await pictures('forced', 2);
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  expect((await call('ingest', folder, '--batch-id', 'forced')).code).toBe(0);
  const isCreated = async (): Promise<boolean> => {
    const { assets } = await system.control.state();
    return (
      assets.filter(({ user_metadata }) => String(user_metadata.asset_lifecycle_key).startsWith(folder)).length === 2
    );
  };
  await until(isCreated);
  const watching = call('batch', 'watch', 'forced');
  const open = await call('batch', 'status', 'forced');
  expect(open.stdout).toMatch(/^batch +forced\nprovider +twelvelabs\nphase +running\nitems +2: 2 \w+\n/);
  expect(open.stdout).toMatch(/\nwindow +1000 items at once, 1 groups open\n/);
  expect((await call('batch', 'list')).stdout).toMatch(/│ forced +│ running +│/);
  const forced = await call('batch', 'force-delete', 'forced', '--reason', 'a mistake', '--wait');
  expect(forced).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nphase +deleted\nitems +2: 2 deleted\n/) });
  const watched = await watching;
  expect(watched).toMatchObject({ code: 1, stderr: expect.stringContaining('forced: deleted, 2 of 2 items (100 %)') });
  const closed = await call('batch', 'status', 'forced');
  expect(closed.stdout).toMatch(/\nphase +deleted\n(.*\n)*reason +a mistake\n(.*\n)*closed +20/);
  expect((await call('batch', 'list')).stdout).toMatch(/│ forced +│ (?!running)\w+ +│/);
  expect(await isCreated()).toBe(false);
  await system.control.setProcessing({ baseMs: 100, msPerMegabyte: 0 });
  expect((await call('batch', 'retry', 'forced', '--wait')).code).toBe(0);
  expect(await isCreated()).toBe(true);
  expect(await call('batch', 'force-delete', 'forced')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('"force-delete" with all (--all) of all'),
  });
  const removed = await call(
    'batch',
    'force-delete',
    'forced',
    '--all',
    '--reason',
    'the wrong folder',
    '--wait',
    '--json',
  );
  expect(removed.code).toBe(0);
  expect(linesOf<BatchStatus>(removed).at(-1)).toMatchObject({ outcome: 'deleted', counts: { by: { deleted: 2 } } });
  expect(await isCreated()).toBe(false);
});

const empty = async (): Promise<string[]> => [await pictures('empty', 0)];
const globs = async (): Promise<string[]> => [await pictures('globs', 1), '--include', '*.mov'];
const manifest = (name: string, content: string) => async (): Promise<string[]> => {
  const file = path.join(system.folder, name);
  await writeFile(file, content);
  return [file];
};

test.each([
  ['an empty folder', empty, 'InvalidRequest: items.path: FOLDER: holds no file that is not hidden'],
  ['globs that match nothing', globs, 'InvalidRequest: items.include: no file of FOLDER is asked for (1 left out)'],
  [
    'a manifest without items',
    manifest('none.csv', 'path\n'),
    'InvalidRequest: items.uri: FOLDER: the manifest names no items',
  ],
  ['a CSV with an open quote', manifest('open.csv', 'path\n"a.png\n'), 'InvalidRequest: '],
])('%s fails the batch in words', async (_name, make, words) => {
  const [target = '', ...flags] = await make();
  const { code, stdout, stderr } = await call('ingest', target, ...flags, '--wait');
  expect(code).toBe(1);
  expect(stderr).toContain(words.replace('FOLDER', target));
  expect(stdout).toMatch(/phase +failed\nerror +InvalidRequest: /);
});

test('a manifest of Windows is read, and its bad lines are in the report by their numbers', async () => {
  const folder = await pictures('windows', 2);
  const lines = ['\ufeffpath,metadata.note', '0.png,"two\nlines"', 'gone.png,x', '1.png,', '0.png,again', ''];
  const list = path.join(folder, 'list.csv');
  await writeFile(list, lines.join('\r\n'));
  const { code, stdout } = await call('ingest', list, '--batch-id', 'windows', '--wait', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ refused: 2, counts: { items: 2 } });
  const report = jsonOf<{ line: number; reason: string }[]>(
    await call('batch', 'report', 'windows', '--only', 'refused', '--json'),
  );
  expect(report.map(({ line }) => line)).toEqual([4, 6]);
  const assets = await system.assetsOf(path.join(folder, '0.png'));
  expect(assets[0]?.user_metadata).toMatchObject({ note: 'two\nlines' });
});

test('bad usage is refused before anything is started', async () => {
  const folder = await pictures('usage', 1);
  for (const [args, words] of [
    [[folder, '--in-flight', '0'], '--in-flight: must be a whole number from 1'],
    [[folder, '--branch', 'none', '--model', 'x'], '--model: goes with --branch embed'],
    [[folder, '--batch-id', 'x'.repeat(101)], 'batchId: must have at most 100 characters'],
    [[path.join(folder, 'no')], 'no such folder or manifest'],
    [[folder, '--failure-mode', 'Never'], 'FailAfterAll'],
  ] as const) {
    const { code, stderr } = await call('ingest', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
  }
  expect(await call('batch', 'status', 'nobody')).toMatchObject({
    ...{ code: 2, stderr: 'error: no batch has the id "nobody"\n' },
  });
});
