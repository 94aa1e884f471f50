import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { cli, run, type CliResult } from '../support/cli';
import { MAIN, SAMPLES, System } from '../support/system/system';

jest.setTimeout(180_000);
let system: System;
let indexId: string;
beforeAll(async () => {
  system = await System.start({ processing: { baseMs: 100, msPerMegabyte: 0 } });
  const models = [{ model_name: 'marengo3.0', model_options: ['visual', 'audio'] }];
  ({ _id: indexId } = await system.provider<{ _id: string }>('POST', '/indexes', { index_name: 'films', models }));
});
afterAll(() => system?.close());

const call = (...args: string[]): Promise<CliResult> => cli(args, system.environment);
const jsonOf = <T>({ stdout }: CliResult): T => JSON.parse(stdout) as T;
const clip = path.join(SAMPLES, 'clip.mp4');
const WRONG = ['--branch', 'index', '--index', '0'.repeat(24)];

async function fail(key: string): Promise<LifecycleStatus> {
  const status = jsonOf<LifecycleStatus>(await call('start', clip, '--key', key, ...WRONG, '--wait', '--json'));
  expect(status.outcome).toBe('failed');
  return status;
}

/** Visibility lags by about a second. */
async function untilListed(count: number, ...flags: string[]): Promise<void> {
  while (jsonOf<unknown[]>(await call('list', '--outcome', 'failed', ...flags, '--json')).length < count);
}

test('retry <key> with another branch adopts the asset; a running, a completed and an unknown key are refused', async () => {
  const failed = await fail('one');
  const retried = await call('retry', 'one', '--branch', 'index', '--index', indexId, '--wait', '--json');
  expect(retried.code).toBe(0);
  expect(jsonOf(retried)).toMatchObject({ outcome: 'completed', asset: { id: failed.asset?.id } });
  expect(await call('retry', 'one')).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('error: lifecycle "one" has completed; there is nothing to retry'),
  });
  expect(await call('retry', 'nobody')).toMatchObject({ code: 2, stderr: expect.stringContaining('"nobody"') });
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  await call('start', path.join(SAMPLES, 'portrait-1.jpg'), '--key', 'runs');
  expect(await call('retry', 'runs')).toMatchObject({ code: 1, stderr: expect.stringContaining('is running') });
  const both = await call('retry', 'runs', 'nobody');
  expect(both.code).toBe(1);
  expect(both.stdout.split('\n').sort()).toEqual([
    '',
    'refused nobody: no lifecycle has the key "nobody"',
    'refused runs: lifecycle "runs" is running; there is nothing to retry yet',
  ]);
  await call('force-delete', 'runs', '--wait');
  await system.control.setProcessing({ baseMs: 100, msPerMegabyte: 0 });
});

test('retry --failed takes up all that the list shows, and leaves alone what has gone on since', async () => {
  const keys = ['many/a', 'many/b', 'many/c'];
  const failed = new Map<string, LifecycleStatus>();
  for (const key of keys) failed.set(key, await fail(key));
  const narrowed = ['--key', 'many/', '--since', '1h', '--branch', 'index'];
  await untilListed(3, ...narrowed);
  const mended = await call('retry', 'many/c', '--branch', 'index', '--index', indexId, '--wait');
  expect(mended.code).toBe(0);

  const dry = await call('retry', '--failed', ...narrowed, '--dry-run');
  expect(dry).toMatchObject({ code: 0, stderr: '2 would be retried, 1 overtaken, 0 refused\n' });
  expect(dry.stdout.trim().split('\n').sort()).toEqual([
    'left alone many/c: its latest run is completed',
    'would retry many/a',
    'would retry many/b',
  ]);
  const uploads = async () => (await system.control.counters())['POST /assets']?.requests;
  const before = await uploads();
  const all = await call('retry', '--failed', ...narrowed, '--json');
  expect(all.code).toBe(0);
  const outcomes = jsonOf<{ key: string; result: string; runId?: string }[]>(all);
  expect(new Map(outcomes.map(({ key, result }) => [key, result]))).toEqual(
    new Map([
      ['many/a', 'retried'],
      ['many/b', 'retried'],
      ['many/c', 'overtaken'],
    ]),
  );
  for (const key of ['many/a', 'many/b']) {
    const status = await system.lifecycles.result(key);
    expect(status).toMatchObject({ outcome: 'failed', asset: { id: failed.get(key)?.asset?.id } }); // nothing was mended
  }
  expect(await uploads()).toBe(before);
  expect(await call('retry', '--failed', '--key', 'none of these')).toMatchObject({
    code: 0,
    stdout: '',
    stderr: '0 retried, 0 overtaken, 0 refused\n',
  });
});

test('a list that --limit has cut says so on standard error', async () => {
  await untilListed(3, '--key', 'many/');
  const cut = await call('list', '--key', 'many/', '--limit', '2', '--json');
  expect(jsonOf<unknown[]>(cut)).toHaveLength(2);
  expect(cut.stderr).toBe('there are more: the newest 2 are shown; --limit shows others\n');
});

test('watch ticks on a terminal, and says in a pipe how long each phase took', async () => {
  await system.control.setProcessing({ baseMs: 3000, msPerMegabyte: 0 });
  const start = ['start', path.join(SAMPLES, 'portrait-2.png'), '--wait', '--key'];
  const pipe = await call(...start, 'piped');
  expect(pipe.code).toBe(0);
  expect(pipe.stderr).toMatch(/^piped: completed, .*\((processing|branching) took \d+\.\d s\)$/m);

  const preload = path.join(system.folder, 'terminal.cjs');
  await writeFile(preload, 'process.stdout.isTTY = true; process.stderr.isTTY = true; process.stdout.columns = 120;');
  const live = await run(process.execPath, ['-r', preload, MAIN, ...start, 'live'], { ...system.environment, CI: '' });
  expect(live.code).toBe(0);
  const shown = new Set(live.stdout.match(/live: processing for \d+/g));
  expect(shown.size).toBeGreaterThanOrEqual(2); // it was drawn anew while nothing changed
});
