import type { LifecycleClient } from '../../src/client/lifecycle-client';
import { lifecycleWorkflowId } from '../../src/contracts/ids';
import { forget, sample, System, untilStatus } from '../support/system/system';

jest.setTimeout(120_000);
const HOUR_MS = 3_600_000;
let system: System;
let client: LifecycleClient;
beforeAll(async () => {
  system = await System.start();
  client = system.lifecycles;
});
afterAll(() => system.close());
beforeEach(() => system.control.setProcessing({ baseMs: 100, msPerMegabyte: 0 }));

const assetsOf = (key: string) => system.assetsOf(key);
const complete = (key: string, input: object) => system.complete(key, input);

const terminated = (key: string, input?: object) => system.terminateWaiting(key, input);

const sweep = async (options = {}) => {
  const report = await client.sweep({ grace: '0s', ...options });
  return { ...report, keys: report.orphans.map(({ key }) => key) };
};

describe('force-delete after the run has closed', () => {
  test('finds the asset and its index entry, and removes them, dependents first', async () => {
    const { _id: indexId } = await system.provider<{ _id: string }>('POST', '/indexes', {
      index_name: 'films',
      models: [{ model_name: 'marengo3.0', model_options: ['visual'] }],
    });
    const { asset } = await complete('indexed', { source: sample('clip.mp4'), branch: { type: 'index', indexId } });
    const deletion = await client.forceDelete('indexed', { reason: 'rights' });
    expect(deletion).toMatchObject({ by: 'assetDeletion', known: true });
    const status = await deletion.result();
    expect(status).toMatchObject({ outcome: 'deleted', reason: 'rights', receipt: { policy: 'force-delete' } });
    expect(status.receipt?.entries.map(({ resource, result }) => `${resource} ${result}`)).toEqual([
      'indexed-asset deleted',
      'asset deleted',
    ]);
    expect(status.receipt?.entries.at(-1)?.id).toBe(asset?.id);
    const { assets, indexedAssets } = await system.control.state();
    expect(assets.map(({ _id }) => _id)).not.toContain(asset?.id);
    expect(indexedAssets).toEqual([]);
  });

  test('removes stored embeddings too, and repeating it is harmless', async () => {
    await complete('embedded', { source: sample('clip.mp4'), branch: { type: 'embed' } });
    const first = await (await client.forceDelete('embedded')).result();
    expect(first.receipt?.entries).toMatchObject([
      { resource: 'result', because: 'the stored file is removed' },
      { resource: 'asset', result: 'deleted' },
    ]);
    const again = await (await client.forceDelete('embedded')).result();
    expect(again).toMatchObject({ outcome: 'deleted', known: true });
    expect(again.receipt?.entries).toEqual([]); // there is nothing any more that it could be about
  });

  test('a create that takes effect after the run has closed is found and removed', async () => {
    await system.control.addFault({ route: 'POST /assets', drop: 'before', lateMs: 1200, times: 1 });
    const handle = await system.start('late', { source: sample('portrait-2.png') });
    for (;;) if ((await system.control.counters())['POST /assets']?.byStatus.dropped) break;
    await handle.terminate('before the create took effect');
    const status = await (await client.forceDelete('late')).result();
    expect(status.receipt?.entries).toMatchObject([{ resource: 'asset', result: 'deleted' }]);
    expect(await assetsOf('late')).toEqual([]);
  });

  test('a key that nobody knows has nothing to delete', async () => {
    const deletion = await client.forceDelete('nobody');
    expect(deletion.known).toBe(false);
    expect(await deletion.result()).toMatchObject({ outcome: 'deleted', known: false, receipt: { entries: [] } });
  });

  test('a raw start for a key whose lifecycle runs is refused: the lifecycle does it itself', async () => {
    await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    const running = await system.start('running', { source: sample('portrait-1.jpg') });
    await untilStatus(running, ({ phase }) => phase === 'processing');
    const deletion = system.client.workflow.execute('assetDeletion', {
      taskQueue: 'asset-lifecycle',
      workflowId: 'raw-deletion',
      args: [{ key: 'running' }],
    });
    await expect(deletion).rejects.toMatchObject({ cause: { type: 'InvalidRequest' } });
    expect(await client.forceDelete('running')).toMatchObject({ by: 'assetLifecycle' });
    expect(await client.result('running')).toMatchObject({ outcome: 'deleted' });
  });
});

describe('the sweep', () => {
  test('removes what a terminated lifecycle left, as its policy says, and reports it', async () => {
    const removed = await terminated('terminated');
    await terminated('terminated-keep', { cleanup: { onCancel: 'keep' } });
    const dry = await sweep({ dryRun: true });
    expect(dry.keys.toSorted()).toEqual(['terminated', 'terminated-keep']);
    expect(dry).toMatchObject({ dryRun: true, deleted: 0 });
    expect(dry.orphans.find(({ key }) => key === 'terminated')).toMatchObject({
      ...{ entries: [], would: [{ resource: 'asset', id: removed }] },
    });
    expect(await assetsOf('terminated')).toHaveLength(1);

    const report = await sweep();
    expect(report).toMatchObject({ found: 2, deleted: 1, kept: 1, leftover: 0 });
    expect(report.orphans.find(({ key }) => key === 'terminated')).toMatchObject({
      assetId: removed,
      cause: 'stopped',
      policy: 'delete',
    });
    expect(await assetsOf('terminated')).toEqual([]);
    expect(await assetsOf('terminated-keep')).toHaveLength(1);
    expect((await sweep()).found).toBe(0);
  });

  test('leaves alone what is young, open, wanted, kept on purpose or nobody’s', async () => {
    await complete('wanted', { source: sample('portrait-2.png') });
    await terminated('young');
    const open = await system.start('open', { source: sample('portrait-3.jpg') });
    await untilStatus(open, ({ phase }) => phase === 'processing');
    const kept = await system.start('kept', { source: sample('portrait-3.jpg') });
    await untilStatus(kept, ({ phase }) => phase === 'processing');
    await kept.signal('cancel', { cleanup: 'keep' });
    await kept.result();
    const form = new FormData();
    form.set('method', 'url');
    form.set('url', 'http://127.0.0.1:1/other.mp4');
    await fetch(`${system.emulator.url}/assets`, { method: 'POST', headers: { 'x-api-key': 'other' }, body: form });
    const before = (await system.control.state()).assets;
    expect(await sweep({ grace: '1h' })).toMatchObject({ found: 0 });
    const report = await sweep();
    expect(report.keys).toEqual(['young']);
    const after = (await system.control.state()).assets.map(({ _id }) => _id);
    expect(
      before.filter(({ _id }) => !after.includes(_id)).map((one) => one.user_metadata.asset_lifecycle_key),
    ).toEqual(['young']);
    await open.terminate();
    expect((await sweep()).keys).toEqual(['open']);
  });

  test('of lifecycles that Temporal has forgotten, only reports what was let go of by none and keeps the rest', async () => {
    await complete('forgotten-complete', { source: sample('portrait-2.png') });
    await terminated('forgotten');
    for (const key of ['forgotten-complete', 'forgotten']) {
      await forget(system, lifecycleWorkflowId('twelvelabs', key));
    }
    const report = await sweep();
    expect(report).toMatchObject({ found: 0, vanished: [{ key: 'forgotten' }], seen: { vanished: 1 } });
    expect(await assetsOf('forgotten')).toHaveLength(1);
    expect(await assetsOf('forgotten-complete')).toHaveLength(1);
  });

  test('finishes what a revoked key kept a cleanup from', async () => {
    await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    const handle = await system.start('revoked', { source: sample('portrait-1.jpg') });
    await untilStatus(handle, ({ phase }) => phase === 'processing');
    await system.control.addFault({ route: 'DELETE /assets/{asset_id}', status: 401 });
    await handle.signal('cancel');
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'ProviderAuth' } });
    expect((await client.status('revoked')).receipt?.entries).toMatchObject([{ result: 'leftover' }]);
    await expect(client.sweep({ grace: '0s' })).resolves.toMatchObject({ leftover: 1 });
    await system.control.clearFaults();
    const report = await sweep();
    expect(report.orphans).toMatchObject([{ key: 'revoked', cause: 'unfinished', entries: [{ result: 'deleted' }] }]);
    expect(await assetsOf('revoked')).toEqual([]);
  });

  test('removes the surplus of a create that took effect after its lifecycle was complete', async () => {
    await system.control.addFault({ route: 'POST /assets', drop: 'before', lateMs: 12000, times: 1 });
    const { asset } = await complete('surplus', { source: sample('portrait-1.jpg') });
    while ((await assetsOf('surplus')).length < 2);
    const report = await sweep();
    expect(report.orphans).toMatchObject([{ key: 'surplus', cause: 'surplus', policy: 'delete' }]);
    expect((await assetsOf('surplus')).map(({ _id }) => _id)).toEqual([asset?.id]);
  });

  test.each([{ grace: 'soon' }, { grace: '1h', extra: 1 }])('refuses %j', async (input) => {
    await expect(client.sweep(input)).rejects.toMatchObject({ name: 'InvalidInput' });
  });
});
