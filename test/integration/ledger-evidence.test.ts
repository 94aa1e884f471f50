import type { LifecycleClient } from '../../src/client/lifecycle-client';
import { lifecycleWorkflowId } from '../../src/contracts/ids';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { forget, sample, System, untilStatus } from '../support/system/system';

jest.setTimeout(120_000);
const HOUR_MS = 3_600_000;
const MARK = 'PATCH /assets/{asset_id}/user-metadata';
let system: System;
let client: LifecycleClient;
beforeAll(async () => {
  system = await System.start();
  client = system.lifecycles;
});
afterAll(() => system.close());
beforeEach(async () => {
  await system.control.clearFaults();
  await system.control.setProcessing({ baseMs: 100, msPerMegabyte: 0 });
});

const assetsOf = (key: string) => system.assetsOf(key);
const complete = (key: string, input: object) => system.complete(key, input);
const sweep = (options = {}) => client.sweep({ grace: '0s', ...options });

const terminated = (key: string, input?: object) => system.terminateWaiting(key, input);

describe('a release mark that was refused', () => {
  test.each([400, 401])('with %d stands in the receipt, and the sweep sets it', async (status) => {
    await system.control.addFault({ route: MARK, status, times: 1 });
    const key = `refused-${status}`;
    const { asset, outcome, receipt } = await complete(key, { source: sample('portrait-2.png') });
    expect(outcome).toBe('completed');
    expect(receipt?.entries).toMatchObject([{ id: asset?.id, result: 'kept' }]);
    expect(receipt?.entries[0]?.because).toContain('its release mark could not be set');
    expect(await sweep({ dryRun: true })).toMatchObject({ found: 0, marked: 0, unmarked: 1 });
    expect(await sweep()).toMatchObject({ found: 0, marked: 1, unmarked: 0 });
    expect((await assetsOf(key))[0]?.user_metadata).toMatchObject({ asset_lifecycle_released: 'completed' });
  });

  test('and whose run is forgotten: the asset is only reported, and ended when that is asked for', async () => {
    await system.control.addFault({ route: MARK, status: 400, times: 1 });
    const cleanup = { onCancel: 'delete', onFailure: 'delete' };
    const { asset } = await complete('vanished', { source: sample('portrait-2.png'), cleanup });
    const workflowId = lifecycleWorkflowId('twelvelabs', 'vanished');
    await forget(system, workflowId);
    const report = await sweep();
    expect(report).toMatchObject({ found: 0, seen: { vanished: 1 } });
    expect(report.vanished).toEqual([{ assetId: asset?.id, key: 'vanished', workflowId }]);
    expect(await assetsOf('vanished')).toHaveLength(1);
    expect(await sweep({ includeVanished: true })).toMatchObject({ found: 1, deleted: 1, vanished: [] });
    expect(await assetsOf('vanished')).toEqual([]);
  });
});

test('a Schedule cannot end what has vanished', async () => {
  const { schedule, workflow } = system.client;
  const handle = await schedule.create({
    scheduleId: 'careless',
    spec: {},
    action: {
      type: 'startWorkflow',
      workflowType: 'orphanSweep',
      workflowId: 'careless-sweep',
      taskQueue: 'asset-lifecycle',
      args: [{ includeVanished: true }],
    },
    state: { triggerImmediately: true },
  });
  let action;
  while (!action) action = (await handle.describe()).info.recentActions[0]?.action;
  const { workflowId } = action.workflow;
  await expect(workflow.getHandle(workflowId).result()).rejects.toMatchObject({ cause: { type: 'InvalidRequest' } });
});

test('keys with a backslash, a quotation mark and a question mark do not break a sweep', async () => {
  const keys = ['ends in \\', "it's", 's3://media/a.mp4?versionId=1', '"quoted"', '%_[x]'];
  for (const key of keys) await terminated(key);
  const report = await sweep();
  expect(report.orphans.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
  for (const key of keys) {
    expect(await assetsOf(key)).toEqual([]);
    const listed = [];
    for await (const one of client.list({ key })) listed.push(one.key);
    expect(listed).toEqual([key]);
  }
});

test('an adopted asset that carries the tag of a terminated lifecycle is its adopter’s, and nobody’s after', async () => {
  const assetId = await terminated('former');
  const adopter = await system.start('adopter', { source: { type: 'asset', assetId } });
  await untilStatus(adopter, ({ phase }) => phase === 'processing');
  expect(await sweep()).toMatchObject({ found: 0 });
  await adopter.signal('cancel');
  expect(await adopter.result()).toMatchObject({ receipt: { entries: [{ id: assetId, result: 'kept' }] } });
  expect(await sweep({ includeVanished: true })).toMatchObject({ found: 0 });
  expect(await assetsOf('former')).toHaveLength(1);
  expect((await (await client.forceDelete('former')).result()).receipt?.entries).toMatchObject([{ result: 'deleted' }]);
});

describe('entities', () => {
  let collectionId: string;
  let othersAsset: string;
  const path = () => `/entity-collections/${collectionId}/entities`;
  beforeAll(async () => {
    await system.control.setProcessing({ baseMs: 100, msPerMegabyte: 0 });
    ({ _id: collectionId } = await system.provider<{ _id: string }>('POST', '/entity-collections', { name: 'people' }));
    const { asset } = await complete('of-others', { source: sample('portrait-3.jpg') });
    othersAsset = asset?.id ?? '';
  });

  /** A lifecycle whose asset is ready, and which waits for its entity. */
  async function waiting(key: string, branch: object) {
    await system.control.setProcessing({ baseMs: 1000, msPerMegabyte: 0 });
    const handle = await system.start(key, {
      source: sample('portrait-1.jpg'),
      branch: { type: 'entity', collectionId, ...branch },
    });
    await untilStatus(handle, ({ phase, asset }) => phase === 'processing' && asset !== undefined);
    await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    const status = await untilStatus(handle, (one) => one.branch?.status === 'running');
    return { handle, assetId: status.asset?.id ?? '', entityId: status.branch?.id ?? '' };
  }

  test('that others joined stay with their asset, and the others are named', async () => {
    const { handle, assetId, entityId } = await waiting('joined', { name: 'Ada' });
    await system.provider('POST', `${path()}/${entityId}/assets`, { asset_ids: [othersAsset] });
    await handle.signal('cancel');
    expect(((await handle.result()) as LifecycleStatus).receipt?.entries).toMatchObject([
      { resource: 'entity', id: entityId, result: 'kept', referrers: [`asset ${othersAsset}`] },
      {
        resource: 'asset',
        id: assetId,
        result: 'kept',
        referrers: [`entity ${entityId} in collection ${collectionId}`],
      },
    ]);
    expect(await assetsOf('joined')).toHaveLength(1);
    expect(await sweep()).toMatchObject({ found: 0 });
  });

  test('of others that hold the asset keep it, and are named', async () => {
    const { handle, assetId, entityId } = await waiting('held', { name: 'Grace' });
    const body = { name: 'of others', asset_ids: [assetId] };
    const { _id: others } = await system.provider<{ _id: string }>('POST', path(), body);
    await handle.signal('cancel');
    expect(((await handle.result()) as LifecycleStatus).receipt?.entries).toMatchObject([
      { resource: 'entity', id: entityId, result: 'deleted' },
      { resource: 'asset', id: assetId, result: 'kept', referrers: [`entity ${others} in collection ${collectionId}`] },
    ]);
  });

  test('that a terminated lifecycle added its asset to lose it with the sweep', async () => {
    const body = { name: 'existing', asset_ids: [othersAsset] };
    const { _id: existing } = await system.provider<{ _id: string }>('POST', path(), body);
    const { handle } = await waiting('member', { entityId: existing });
    await handle.terminate('a test');
    expect((await sweep()).orphans).toMatchObject([
      { key: 'member', entries: [{ resource: 'entity-membership', result: 'deleted' }, { result: 'deleted' }] },
    ]);
    expect(await assetsOf('member')).toEqual([]);
  });
});
