import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LifecycleSummary } from '../../src/temporal/runs/run-status';
import type { SweepReport } from '../../src/contracts/ledger/sweep';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { cli, run, type CliResult } from '../support/cli';
import { SAMPLES, System, untilStatus } from '../support/system/system';
import { testTools } from '../support/system/test-tools';

jest.setTimeout(120_000);
let system: System;
beforeAll(async () => {
  system = await System.start();
});
afterAll(() => system?.close());

const call = (...args: string[]): Promise<CliResult> => cli(args, system.environment);
const jsonOf = <T>({ stdout }: CliResult): T => JSON.parse(stdout) as T;
const clip = path.join(SAMPLES, 'clip.mp4');

test('start --wait --json ends with a result file whose sha256 matches', async () => {
  const answer = await call('start', clip, '--branch', 'embed', '--wait', '--json');
  expect(answer.code).toBe(0);
  const status = jsonOf<LifecycleStatus>(answer);
  expect(status).toMatchObject({ key: clip, outcome: 'completed', branch: { type: 'embed', status: 'ready' } });
  const { uri = '', sha256 } = status.branch?.result ?? {};
  const stored = await readFile(fileURLToPath(uri));
  expect(createHash('sha256').update(stored).digest('hex')).toBe(sha256);

  const again = await call('start', clip, '--branch', 'embed', '--wait', '--json');
  expect(jsonOf<LifecycleStatus>(again).asset?.id).toBe(status.asset?.id);
  const joined = jsonOf<{ joined: boolean }>(await call('start', clip, '--branch', 'embed', '--json'));
  expect(joined.joined).toBe(true);
});

test('start warns of what the joined run began with differently, and --again runs a completed key anew', async () => {
  const start = ['start', path.join(SAMPLES, 'portrait-2.png'), '--key', 'anew'];
  const first = jsonOf<LifecycleStatus>(await call(...start, '--wait', '--json'));
  const joined = await call(...start, '--metadata', 'a=1');
  expect(joined.code).toBe(0);
  expect(joined.stderr).toMatch(
    /^joined .*\nwarning: the lifecycle that was joined began with another metadata; .*--again/,
  );
  expect(jsonOf(await call(...start, '--metadata', 'a=1', '--json'))).toMatchObject({ differs: ['metadata'] });
  const again = await call(...start, '--again', '--wait', '--json');
  expect(jsonOf<LifecycleStatus>(again)).toMatchObject({ outcome: 'completed', asset: { id: first.asset?.id } });
  expect(jsonOf<LifecycleStatus>(again).timings.startedAt).not.toBe(first.timings.startedAt);
});

test('the same input through Temporal’s own command line behaves the same', async () => {
  const input = { source: { type: 'file', path: clip }, branch: { type: 'embed' } };
  const address = ['--address', system.temporal.address];
  const temporal = (...args: string[]) => run(testTools().temporalCli, [...args, ...address, '-o', 'json']);
  const id = ['--workflow-id', 'asset-lifecycle:twelvelabs:raw'];
  const started = await temporal(
    ...['workflow', 'start', '--type', 'assetLifecycle', '--task-queue', 'asset-lifecycle'],
    ...[...id, '--input', JSON.stringify(input)],
  );
  expect(started.code).toBe(0);
  expect((await temporal('workflow', 'result', ...id)).code).toBe(0);
  const status = jsonOf<LifecycleStatus>(await call('status', 'raw', '--json'));
  expect(status).toMatchObject({ key: 'raw', outcome: 'completed', branch: { result: { dimensions: 512 } } });

  const bad = await temporal(
    ...['workflow', 'execute', '--type', 'assetLifecycle', '--task-queue', 'asset-lifecycle'],
    ...['--workflow-id', 'asset-lifecycle:twelvelabs:bad', '--input', '{"sauce":1}'],
  );
  expect(bad.code).not.toBe(0);
  const refused = jsonOf<LifecycleStatus>(await call('status', 'bad', '--json'));
  expect(refused).toMatchObject({ outcome: 'failed', error: { type: 'InvalidRequest' } });
  expect(refused.error?.message).toContain('source');
});

test('cancel --wait ends with the receipt, and a cancelled lifecycle is exit code 1 for who watches it', async () => {
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  await call('start', path.join(SAMPLES, 'portrait-1.jpg'), '--key', 'stop-me');
  const watching = call('watch', 'stop-me', '--json');
  const answer = await call('cancel', 'stop-me', '--reason', 'wrong file', '--wait', '--json');
  expect(answer.code).toBe(0);
  expect(jsonOf<LifecycleStatus>(answer)).toMatchObject({ outcome: 'cancelled', reason: 'wrong file' });
  const watched = await watching;
  expect(watched.code).toBe(1);
  const lines = watched.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LifecycleStatus);
  expect(lines.at(-1)?.outcome).toBe('cancelled');
  const again = await call('cancel', 'stop-me');
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('has ended') });
  const shown = await call('status', 'stop-me');
  expect(shown.stdout).toMatch(/receipt +policy "delete"/);
});

test('force-delete removes what is running', async () => {
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  await call('start', path.join(SAMPLES, 'portrait-2.png'), '--key', 'away');
  const answer = await call('force-delete', 'away', '--wait', '--json');
  expect(answer.code).toBe(0);
  const { asset, receipt } = jsonOf<LifecycleStatus>(answer);
  const own = (await system.control.state()).assets.filter((one) => one.user_metadata?.asset_lifecycle_key === 'away');
  expect(own).toEqual([]);
  if (asset) expect(receipt?.entries).toMatchObject([{ id: asset.id, result: 'deleted' }]);
});

test('force-delete of a closed lifecycle shows its receipt as a table; of an unknown one it is bad input', async () => {
  await system.control.setProcessing({ baseMs: 0, msPerMegabyte: 0 });
  await call('start', path.join(SAMPLES, 'portrait-2.png'), '--key', 'done', '--wait');
  const answer = await call('force-delete', 'done', '--wait');
  expect(answer.code).toBe(0);
  expect(answer.stdout).toMatch(/receipt +policy "force-delete"\n.*\n│ resource │ id +│ result +│ because/);
  expect(answer.stdout).toMatch(/│ asset +│ \w{24} │ deleted │ deleted, and then not found/);
  const unknown = await call('force-delete', 'no-such-key');
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('there is nothing to delete') });
});

test('setup creates the Schedule of the sweep, and changes it when repeated', async () => {
  const first = jsonOf<object>(await call('setup', '--json'));
  expect(first).toMatchObject({ scheduleId: 'orphan-sweep:twelvelabs', created: true, searchAttributesAdded: [] });
  const second = jsonOf<object>(await call('setup', '--sweep-every', '30m', '--grace', '1h', '--json'));
  expect(second).toMatchObject({ created: false });
  const schedule = await system.client.schedule.getHandle('orphan-sweep:twelvelabs').describe();
  expect(schedule.spec.intervals).toMatchObject([{ every: 1_800_000 }]);
  expect(schedule.action).toMatchObject({
    workflowType: 'orphanSweep',
    args: [{ provider: 'twelvelabs', grace: '1h' }],
  });
  expect(await call('setup', '--sweep-every', 'often')).toMatchObject({ code: 2 });
});

test('sweep prints what it would do, and then what it did', async () => {
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  await call('start', path.join(SAMPLES, 'portrait-1.jpg'), '--key', 'orphan');
  const handle = system.client.workflow.getHandle('asset-lifecycle:twelvelabs:orphan');
  const { asset } = await untilStatus(handle, (status) => !!status.asset);
  await handle.terminate();
  const dry = await call('sweep', '--dry-run', '--grace', '0s');
  expect(dry).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(new RegExp(`would: delete .*asset ${asset?.id}`)),
  });
  const swept = jsonOf<SweepReport>(await call('sweep', '--grace', '0s', '--json'));
  expect(swept.orphans).toMatchObject([{ assetId: asset?.id, cause: 'stopped', entries: [{ result: 'deleted' }] }]);
  expect(await call('sweep', '--grace', 'soon')).toMatchObject({ code: 2, stderr: expect.stringContaining('grace') });
});

test('list and assets print JSON arrays, and assets are read and deleted', async () => {
  await system.control.setProcessing({ baseMs: 0, msPerMegabyte: 0 });
  const started = await call('start', path.join(SAMPLES, 'portrait-3.jpg'), '--key', 'listed', '--wait', '--json');
  const id = jsonOf<LifecycleStatus>(started).asset?.id ?? '';
  for (;;) {
    const found = jsonOf<LifecycleSummary[]>(await call('list', '--query', "AssetKey = 'listed'", '--json'));
    if (found[0]?.outcome === 'completed') break; // visibility follows within about a second
  }
  const listed = jsonOf<{ id: string }[]>(await call('assets', 'list', '--id', id, '--json'));
  expect(listed.map((asset) => asset.id)).toEqual([id]);
  expect(jsonOf<{ id: string }>(await call('assets', 'get', id, '--json')).id).toBe(id);
  expect((await call('assets', 'delete', id, '--json')).code).toBe(0);
  const gone = await call('assets', 'get', id, '--json');
  expect(gone).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('resource_not_exist') });
});

test('an unknown key is bad input', async () => {
  expect(await call('status', 'nobody')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no lifecycle has the key "nobody"'),
  });
});
