import path from 'node:path';
import type { RetryOutcome } from '../../src/cli/commands/lifecycles/retry-many';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import type { LifecycleSummary } from '../../src/temporal/runs/run-status';
import { cli, type CliResult } from '../support/cli';
import { SAMPLES, System } from '../support/system/system';

jest.setTimeout(120_000);
const WRONG = '0'.repeat(24);
let system: System;
let indexId: string;
beforeAll(async () => {
  system = await System.start({ processing: { baseMs: 50, msPerMegabyte: 0 } });
  const models = [{ model_name: 'marengo3.0', model_options: ['visual'] }];
  ({ _id: indexId } = await system.provider<{ _id: string }>('POST', '/indexes', { index_name: 'films', models }));
});
afterAll(() => system?.close());

const call = (...args: string[]): Promise<CliResult> => cli(args, system.environment);
const jsonOf = <T>({ stdout }: CliResult): T => JSON.parse(stdout) as T;
const clip = path.join(SAMPLES, 'clip.mp4');
const fail = (key: string) =>
  call('start', clip, '--key', key, '--branch', 'index', '--index', WRONG, '--wait', '--json');
const creates = async () => (await system.control.counters())['POST /assets']?.requests ?? 0;

test('several branches are given by repeating --branch, each with its own flags', async () => {
  const both = ['--branch', 'embed', '--branch', 'index', '--index', indexId];
  const answer = await call('start', clip, '--key', 'both', ...both, '--wait', '--json');
  expect(jsonOf<LifecycleStatus>(answer).branches).toMatchObject([{ type: 'embed' }, { type: 'index' }]);
  const model = JSON.stringify({ type: 'embed', model: 'marengo3.5' });
  const third = jsonOf<LifecycleStatus>(
    await call('start', clip, '--key', 'both', '--branch', model, '--wait', '--json'),
  );
  expect(third.branches?.map(({ input }) => input.model ?? input.indexId)).toEqual([
    'marengo3.0',
    indexId,
    'marengo3.5',
  ]);
  const { stdout } = await call('status', 'both');
  expect(stdout.match(/^branch /gm)).toHaveLength(3);
  const listed = jsonOf<LifecycleSummary[]>(await call('list', '--branch', 'index', '--key', 'both', '--json'));
  expect(listed).toMatchObject([{ key: 'both', branch: 'embed+index' }]);
});

test('retry takes up one failed key with the right index, and uploads nothing', async () => {
  expect((await fail('one')).code).toBe(1);
  const before = await creates();
  const answer = await call('retry', 'one', '--branch', 'index', '--index', indexId, '--wait', '--json');
  expect(answer.code).toBe(0);
  expect(jsonOf<LifecycleStatus>(answer)).toMatchObject({ outcome: 'completed', branch: { type: 'index' } });
  expect(await creates()).toBe(before);
});

/** Visibility lags behind a terminate. */
async function untilListed(key: string): Promise<void> {
  for (;;) for await (const one of system.lifecycles.list({ outcome: 'failed', key })) if (one.key === key) return;
}

test('retry --failed takes up all that failed, each key once, and no key whose last run completed', async () => {
  const quota = { code: 'usage_limit_exceeded', message: 'The quota is used up.' };
  await system.control.addFault({ route: 'POST /indexes/{index_id}/indexed-assets', status: 400, body: quota });
  const start = (key: string) =>
    call('start', clip, '--key', key, '--branch', 'index', '--index', indexId, '--wait', '--json');
  for (const key of ['all/1', 'all/2', 'all/2', 'all/mended']) expect((await start(key)).code).toBe(1);
  await system.control.clearFaults();
  expect((await call('retry', 'all/mended', '--wait', '--json')).code).toBe(0);
  const terminated = await system.start('all/terminated', { source: { type: 'file', path: clip } });
  await terminated.terminate();
  await untilListed('all/terminated');
  const narrowed = ['retry', '--failed', '--since', '1d', '--key', 'all/'];
  const { code, stdout } = await call(...narrowed, '--json');
  expect(code).toBe(0);
  const outcomes = JSON.parse(stdout) as RetryOutcome[];
  expect(outcomes.find(({ key }) => key === 'all/mended')).toMatchObject({ result: 'overtaken' });
  const retried = outcomes.filter(({ result }) => result === 'retried').map(({ key }) => key);
  expect(retried.toSorted()).toEqual(['all/1', 'all/2', 'all/terminated']);
  for (const key of retried) expect(await system.lifecycles.result(key)).toMatchObject({ outcome: 'completed' });
  const again = jsonOf<RetryOutcome[]>(await call(...narrowed, '--json'));
  expect(again.map(({ result }) => result)).toEqual(Array.from({ length: 4 }, () => 'overtaken'));
});

test.each<[string, string[], number, RegExp]>([
  ['an unknown key', ['nobody'], 2, /no lifecycle has the key "nobody"/],
  ['a completed key', ['both'], 1, /has completed; there is nothing to retry/],
  ['no key', [], 2, /give either <key...> or --failed/],
  ['a key and --failed', ['both', '--failed'], 2, /give either <key...> or --failed/],
  ['a wrong branch', ['one', '--branch', 'transcode'], 1, /nothing to retry/],
  ['an age that is none', ['--failed', '--since', 'soon'], 2, /--since: must be a duration/],
  ['an age before all times', ['--failed', '--since', '99999999d'], 2, /--since: must be a duration/],
])('retry refuses %s in one line', async (_what, args, code, words) => {
  const answer = await call('retry', ...args, '--json');
  expect(answer).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(words) });
  expect(answer.stderr.trim().split('\n')).toHaveLength(1);
});
