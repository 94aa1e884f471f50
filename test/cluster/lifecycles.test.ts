import { InvalidInput } from '../../src/temporal/errors';
import type { LifecycleClient } from '../../src/client/lifecycle-client';
import { cli, type CliResult } from '../support/cli';
import { ClusterSystem } from '../support/system/cluster';
import { sample, untilStatus, type System } from '../support/system/system';

jest.setTimeout(240_000);
const HOUR_MS = 3_600_000;
/** Characters that mean something to SQL, to Temporal's list filters, to URLs or to a shell. */
const KEYS = [
  'movies/plain.mp4',
  'ends with a backslash\\',
  'asks?',
  'asks?twice?',
  "it's",
  "'",
  '"quoted"',
  '100%_of',
  '$1 :name @p #hash',
  'a;b--c/*d*/',
  '`tick` {curly} [square]',
  '%27%5C%3F',
  'ünïcode ß 日本 🎬',
  '\\',
];

let onCluster: ClusterSystem;
let system: System;
let client: LifecycleClient;
beforeAll(async () => {
  onCluster = await ClusterSystem.start();
  ({ system } = onCluster);
  client = system.lifecycles;
});
afterAll(() => onCluster?.close());
beforeEach(() => system.control.setProcessing({ baseMs: 100, msPerMegabyte: 0 }));

const call = (...args: string[]): Promise<CliResult> => cli(args, system.environment);
const source = sample('portrait-1.jpg');

async function keysListed(filter: Parameters<LifecycleClient['list']>[0]): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of client.list(filter)) keys.push(key);
  return keys.toSorted();
}

/** Visibility follows a moment later. */
async function untilListed(filter: Parameters<LifecycleClient['list']>[0], expected: readonly string[]): Promise<void> {
  const wanted = JSON.stringify(expected.toSorted());
  while (JSON.stringify(await keysListed(filter)) !== wanted) await new Promise((resolve) => setTimeout(resolve, 200));
}

/** A lifecycle that waits for its asset, terminated: it could not clean up. */
async function terminated(key: string): Promise<string> {
  const handle = await system.start(key, { source });
  const { asset } = await untilStatus(handle, (status) => status.phase === 'processing' && !!status.asset);
  await handle.terminate('a test');
  return asset?.id ?? '';
}

test('a prepared namespace is complete', async () => {
  const added = expect.stringContaining('search attributes: added AssetKey');
  expect(onCluster.prepared).toMatchObject({ code: 0, stdout: added });
  expect(await call('setup', '--check')).toMatchObject({
    code: 0,
    stdout: 'search attributes: all there\nschedule orphan-sweep:twelvelabs: there\n',
  });
});

test('keys of every character run, are found by status and in lists, and are deleted', async () => {
  for (const key of KEYS) await client.start({ key, source, branch: { type: 'none' } });
  for (const key of KEYS) expect([key, await client.result(key)]).toMatchObject([key, { key, outcome: 'completed' }]);
  await untilListed({ outcome: 'completed', branch: 'none' }, KEYS);
  for (const key of KEYS)
    expect([key, JSON.parse((await call('status', '--json', '--', key)).stdout)]).toMatchObject([key, { key }]);
  for (const key of KEYS) {
    const status = await (await client.forceDelete(key)).result();
    expect([key, status.receipt?.entries]).toMatchObject([key, [{ resource: 'asset', result: 'deleted' }]]);
  }
  await expect(client.start({ key: 'two\nlines', source })).rejects.toThrow(InvalidInput);
});

test('lists are filtered by outcome, branch, asset, size and time', async () => {
  await client.start({ key: 'embedded', source: sample('clip.mp4'), branch: { type: 'embed' } });
  const { asset } = await client.result('embedded');
  await untilListed({ branch: 'embed' }, ['embedded']);
  expect(await keysListed({ branch: 'embed', outcome: 'completed' })).toEqual(['embedded']);
  expect(await keysListed({ branch: 'embed', outcome: 'failed' })).toEqual([]);
  expect(await keysListed({ assetId: asset?.id })).toEqual(['embedded']);
  expect(await keysListed({ branch: 'embed', query: `AssetBytes >= ${asset?.sizeBytes}` })).toEqual(['embedded']);
  expect(await keysListed({ branch: 'embed', query: `AssetBytes > ${asset?.sizeBytes}` })).toEqual([]);
  const before = new Date(Date.now() - HOUR_MS).toISOString();
  expect(await keysListed({ branch: 'embed', query: `AssetReadyAt > '${before}'` })).toEqual(['embedded']);
});

test('a sweep removes what terminated lifecycles of such keys left, and nothing else', async () => {
  await client.start({ key: 'kept', source, branch: { type: 'none' } });
  const kept = await client.result('kept');
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  const keys = KEYS.map((key) => `left/${key}`);
  const left = await Promise.all(keys.map(terminated));
  const report = await client.sweep({ grace: '0s' });
  expect(report.orphans.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
  const ids = (await system.control.state()).assets.map(({ _id }) => _id);
  expect(ids.filter((id) => left.includes(id))).toEqual([]);
  expect(ids).toContain(kept.asset?.id);
});

test.each<[string, () => Promise<void>]>([
  ['the server', () => onCluster.cluster.restartServer()],
  ['the database', () => onCluster.cluster.restartDatabase()],
  ['the worker', () => onCluster.restartWorker()],
  [
    'all of them',
    async () => {
      await onCluster.cluster.restartDatabase();
      await onCluster.cluster.restartServer();
      await onCluster.restartWorker();
    },
  ],
])('a lifecycle goes on after %s was killed', async (what, kill) => {
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  const key = `after ${what} was killed`;
  const handle = await system.start(key, { source, branch: { type: 'none' } });
  const { asset } = await untilStatus(handle, (status) => status.phase === 'processing' && !!status.asset);
  await kill();
  await system.control.advanceClock(HOUR_MS);
  expect(await handle.result()).toMatchObject({ outcome: 'completed', asset: { id: asset?.id } });
  const { assets } = await system.control.state();
  expect(assets.filter(({ user_metadata }) => user_metadata?.asset_lifecycle_key === key)).toHaveLength(1);
});
