import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { LifecycleClient } from '../../../src/client/lifecycle-client';
import { lifecycleWorkflowId } from '../../../src/contracts/ids';
import type { SweepReport } from '../../../src/contracts/ledger/sweep';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import { cli } from '../../support/cli';
import { DATASET, PROVIDER, ViSystem } from '../../support/system/vi-system';
import { until } from '../../support/until';

jest.setTimeout(120_000);
let system: ViSystem;
let client: LifecycleClient;

beforeAll(async () => {
  system = await ViSystem.start();
  const { client: temporal } = system;
  const { address, namespace } = system.temporal;
  client = await LifecycleClient.connect({ provider: PROVIDER, temporal: { client: temporal, address, namespace } });
});
beforeEach(async () => {
  await system.control.reset();
  await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
  await rm(marksFolder(), { recursive: true, force: true });
});
afterAll(() => system?.close());

const marksFolder = (): string => path.join(system.folder, 'results/marks');

/** What lies beside the results about an asset; none where nothing does. */
async function markOf(assetId: string | undefined): Promise<Record<string, unknown> | undefined> {
  const files = await readdir(marksFolder(), { recursive: true }).catch(() => []);
  const file = files.find((name) => name.includes(`_${assetId}.json/`));
  if (file === undefined) return undefined;
  return (JSON.parse(await readFile(path.join(marksFolder(), file), 'utf8')) as { fields: Record<string, unknown> })
    .fields;
}

const idsIn = async (datasetId = DATASET): Promise<string[]> =>
  (await system.control.state()).assets.filter((one) => one.datasetId === datasetId).map(({ assetId }) => assetId);

/** A lifecycle that was terminated while its file was processed; its asset comes all the same. */
async function terminated(key: string, input: object = {}): Promise<string> {
  await system.control.setProcessing({ baseMs: 3000, msPerMegabyte: 0 });
  const handle = await system.start(key, { source: await system.picture(`${key}.jpg`), ...input });
  await until(async () => ((await handle.query<LifecycleStatus>('status')).phase === 'processing' ? true : undefined));
  await handle.terminate();
  const assetId = await until(async () => (await system.assetsOf(key))[0]?.assetId);
  await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
  return assetId;
}

const sweep = (changes: object = {}): Promise<SweepReport> =>
  client.sweep({ grace: '0s', datasetId: DATASET, ...changes });

const rawDeletion = (key: string, input: object): Promise<LifecycleStatus> =>
  system.client.workflow.execute('assetDeletion', {
    taskQueue: 'asset-lifecycle',
    workflowId: `raw-deletion-${key}-${Date.now()}`,
    args: [{ provider: PROVIDER, key, ...input }],
  }) as Promise<LifecycleStatus>;

test('the release mark lies beside the results, not on the asset, and goes with it by force', async () => {
  const { asset } = await system.complete('released', { source: await system.picture('released.jpg') });
  const mark = { asset_lifecycle_released: 'completed', asset_lifecycle_released_by: expect.any(String) };
  expect(await markOf(asset?.id)).toMatchObject(mark);
  const [at] = await system.assetsOf('released');
  expect(at?.customMetadata).not.toHaveProperty('asset_lifecycle_released');
  expect(at?.customMetadata).toHaveProperty('asset_lifecycle_marks');

  const deletion = await client.forceDelete('released');
  expect(deletion).toMatchObject({ by: 'assetDeletion', known: true });
  const status = await deletion.result();
  expect(status).toMatchObject({ outcome: 'deleted', receipt: { entries: [{ id: asset?.id, result: 'deleted' }] } });
  expect(await idsIn()).toEqual([]);
  expect(await markOf(asset?.id)).toBeUndefined();
});

test('a raw deletion has to name the dataset, and finds nothing in another', async () => {
  const { asset } = await system.complete('raw', { source: await system.picture('raw.jpg') });
  await system.control.addDataset('other');
  await expect(rawDeletion('raw', {})).rejects.toMatchObject({
    cause: { type: 'InvalidRequest', message: expect.stringContaining('datasetId: ') },
  });
  expect(await rawDeletion('raw', { datasetId: 'other' })).toMatchObject({ receipt: { entries: [] } });
  expect(await idsIn()).toEqual([asset?.id]);
  expect(await rawDeletion('raw', { datasetId: DATASET })).toMatchObject({ receipt: { entries: [{ id: asset?.id }] } });
});

test.each([
  ['with the mark beside the results', false],
  ['without it, by what Temporal knows', true],
])('a second run of a completed key that is cancelled keeps the asset, %s', async (_name, isMarkLost) => {
  const source = await system.picture('again.jpg');
  const { asset } = await system.complete('again', { source });
  if (isMarkLost) await rm(marksFolder(), { recursive: true });
  const second = await system.start('again', { source }); // a raw start: no memo tells of the first run
  await second.cancel();
  const receipt = await second.result().then(
    (status) => (status as LifecycleStatus).receipt,
    async () => (await client.status('again')).receipt,
  );
  for (const entry of receipt?.entries ?? []) expect(entry).toMatchObject({ id: asset?.id, result: 'kept' });
  expect(await idsIn()).toEqual([asset?.id]);
});

/** A lifecycle that was terminated while its session is open, and that nothing comes of for an hour. */
async function terminatedInSession(key: string): Promise<void> {
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  const handle = await system.start(key, { source: await system.picture(`${key}.jpg`) });
  await until(async () => ((await handle.query<LifecycleStatus>('status')).phase === 'processing' ? true : undefined));
  await handle.terminate();
}
const sessionEnds = async () => (await system.control.state()).sessions.map(({ ended, reason }) => ended && reason);

test('a deletion ends the session that a terminated lifecycle has left open', async () => {
  await terminatedInSession('open-deleted');
  const status = await (await client.forceDelete('open-deleted', { datasetId: DATASET })).result();
  expect(status).toMatchObject({
    outcome: 'deleted',
    receipt: { entries: [{ resource: 'upload-session', result: 'deleted' }] },
  });
  expect(await sessionEnds()).toEqual(['Cancelled']);
  expect(await idsIn()).toEqual([]);
});

describe('a sweep', () => {
  test('ends the session that a terminated lifecycle has left open, and tells of it once', async () => {
    await terminatedInSession('open-swept');
    expect(await sweep({ dryRun: true })).toMatchObject({ found: 1, deleted: 0 });
    expect(await sessionEnds()).toEqual([null]);
    expect(await sweep()).toMatchObject({
      ...{ found: 1, deleted: 1, leftover: 0 },
      orphans: [{ key: 'open-swept', cause: 'stopped', entries: [{ resource: 'upload-session', result: 'deleted' }] }],
    });
    expect(await sessionEnds()).toEqual(['Cancelled']);
    expect(await sweep()).toMatchObject({ found: 0 });
  });

  test('removes what a terminated lifecycle left in the datasets it is told, and nothing else', async () => {
    await system.control.addDataset('other');
    const here = await terminated('left');
    const there = await terminated('left-there', { datasetId: 'other' });
    const { asset } = await system.complete('wanted', { source: await system.picture('wanted.jpg') });
    expect(await sweep({ dryRun: true })).toMatchObject({ found: 1, deleted: 0, orphans: [{ assetId: here }] });
    const report = await sweep({ datasetId: [DATASET, 'other'] });
    expect(report).toMatchObject({
      places: [DATASET, 'other'],
      found: 2,
      deleted: 2,
      leftover: 0,
      seen: { wanted: 1 },
    });
    expect(report.orphans).toMatchObject([
      { assetId: here, place: DATASET, cause: 'stopped' },
      { assetId: there, place: 'other', cause: 'stopped' },
    ]);
    expect([await idsIn(), await idsIn('other')]).toEqual([[asset?.id], []]);
  });

  test('keeps what another key has adopted, also after that one has ended', async () => {
    const assetId = await terminated('maker');
    const source = { type: 'file', path: path.join(system.folder, 'maker.jpg') };
    const adopter = await system.complete('adopter', { source });
    expect(adopter).toMatchObject({ outcome: 'completed', asset: { id: assetId, adopted: true } });
    expect(await markOf(assetId)).toMatchObject({ asset_lifecycle_released: 'kept' });
    expect(await sweep()).toMatchObject({ found: 0, seen: { wanted: 1 } });
    expect(await idsIn()).toEqual([assetId]);
  });

  test('sets a mark that is missing, and removes that of an asset that somebody has deleted', async () => {
    const { asset } = await system.complete('unmarked', { source: await system.picture('unmarked.jpg') });
    await rm(marksFolder(), { recursive: true });
    expect(await sweep()).toMatchObject({ found: 0, marked: 1, seen: { wanted: 1 } });
    expect(await markOf(asset?.id)).toMatchObject({ asset_lifecycle_released: 'completed' });
    await system.deleteAsset(asset?.id ?? '');
    await sweep();
    expect(await markOf(asset?.id)).toBeUndefined();
  });

  test('only reports what Temporal has forgotten', async () => {
    const assetId = await terminated('forgotten');
    const { namespace } = system.temporal;
    const workflowExecution = { workflowId: lifecycleWorkflowId(PROVIDER, 'forgotten') };
    await system.client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
    const handle = system.client.workflow.getHandle(workflowExecution.workflowId);
    await until(async () =>
      handle.describe().then(
        () => false,
        () => true,
      ),
    );
    expect(await sweep()).toMatchObject({ found: 0, vanished: [{ assetId, key: 'forgotten', place: DATASET }] });
    expect(await idsIn()).toEqual([assetId]);
    expect(await sweep({ includeVanished: true })).toMatchObject({ found: 1, kept: 1 }); // onFailure says keep
  });

  test('has to name datasets; one that is gone keeps it from no other, and is told', async () => {
    await expect(client.sweep({ grace: '0s' })).rejects.toMatchObject({ name: 'InvalidInput' });
    const assetId = await terminated('behind');
    const report = await sweep({ datasetId: ['nowhere', DATASET] });
    expect(report).toMatchObject({ deleted: 1, orphans: [{ assetId, place: DATASET }] });
    expect(report.unread).toMatchObject([{ place: 'nowhere', type: 'ResourceGone' }]);
    expect(report.unread?.[0]?.message).toMatch(/dataset nowhere/);
  });
});

test('the command line sweeps datasets, and removes a closed key by force in its own dataset only', async () => {
  const { address, namespace } = system.temporal;
  const run = (...args: string[]) =>
    cli([...args, '--provider', PROVIDER, '--json'], { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });
  const assetId = await terminated('by-hand');
  const swept = await run('sweep', '--dataset', DATASET, '--dataset', 'nowhere', '--grace', '0s');
  expect(swept.code).toBe(1); // one could not be looked at
  expect(JSON.parse(swept.stdout)).toMatchObject({ orphans: [{ assetId }], unread: [{ place: 'nowhere' }] });
  expect(await run('sweep')).toMatchObject({ code: 2, stderr: expect.stringContaining('datasetId: must be one') });

  const { asset } = await system.complete('closed', { source: await system.picture('closed.jpg') });
  const elsewhere = await run('force-delete', 'closed', '--dataset', 'other', '--wait');
  expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining('is used with the datasetId "demo"') });
  const deleted = await run('force-delete', 'closed', '--dataset', DATASET, '--wait');
  expect(JSON.parse(deleted.stdout)).toMatchObject({ outcome: 'deleted', receipt: { entries: [{ id: asset?.id }] } });
  expect(await run('force-delete', 'nobody', '--wait')).toMatchObject({ code: 2 });
});

test('a policy keeps the asset of a cancelled lifecycle for good, and a force-delete of a running one removes it', async () => {
  const running = async (key: string) => {
    await system.control.setProcessing({ baseMs: 1500, msPerMegabyte: 0 });
    const handle = await system.start(key, { source: await system.picture(`${key}.jpg`) });
    await until(async () => (await handle.query<LifecycleStatus>('status')).phase === 'processing');
    return handle;
  };
  const kept = await running('kept');
  await kept.signal('cancel', { cleanup: 'keep' });
  const { receipt } = (await kept.result()) as LifecycleStatus;
  for (const { assetId } of await system.assetsOf('kept')) {
    expect(receipt?.entries).toContainEqual(expect.objectContaining({ id: assetId, result: 'kept' }));
    expect(await markOf(assetId)).toMatchObject({ asset_lifecycle_released: 'kept' });
  }
  const forced = await running('forced');
  await forced.signal('forceDelete', { reason: 'rights' });
  expect(await forced.result()).toMatchObject({ outcome: 'deleted', reason: 'rights' });
  expect(await system.assetsOf('forced')).toEqual([]);
});

test.each(['completed', 'failed', 'cancelled'])(
  'a raw start in another dataset is refused where the key has %s',
  async (end) => {
    await system.control.addDataset('other');
    const key = `raw-${end}`;
    const source = await system.picture(`${key}.jpg`);
    if (end === 'failed') await system.control.failFile({ filename: `${key}.jpg`, code: 'ECORRUPT', times: 5 });
    if (end === 'cancelled') await system.control.setProcessing({ baseMs: 3000, msPerMegabyte: 0 });
    const first = await system.start(key, { source });
    if (end === 'cancelled') {
      await until(async () => (await first.query<LifecycleStatus>('status')).phase === 'processing');
      await first.signal('cancel');
    }
    await first.result().catch(() => {});
    expect(await client.status(key)).toMatchObject({ outcome: end });
    const refused = {
      type: 'InvalidRequest',
      message: expect.stringMatching(/is used with the datasetId "demo", not "other"/),
    };
    await expect(system.complete(key, { source, datasetId: 'other' })).rejects.toMatchObject({ cause: refused });
    expect(await idsIn('other')).toEqual([]);
    // the refused run is no use of the other dataset
    const input = { provider: PROVIDER, key, source, datasetId: DATASET } as const;
    expect(await client.start(input, { again: true })).toMatchObject({ joined: false });
    await client.result(key);
  },
);

test('a key is of one dataset, until everything that it has is removed by force', async () => {
  await system.control.addDataset('other');
  const input = { provider: PROVIDER, source: await system.picture('one-place.jpg'), key: 'one-place' } as const;
  await client.start({ ...input, datasetId: DATASET });
  await expect(client.start({ ...input, datasetId: 'other' })).rejects.toMatchObject({ name: 'KeyInUse' });
  await client.result('one-place');
  await expect(client.start({ ...input, datasetId: 'other' })).rejects.toMatchObject({ name: 'KeyInUse' });
  await (await client.forceDelete('one-place', { datasetId: DATASET })).result();
  await client.start({ ...input, datasetId: 'other' });
  expect(await client.result('one-place')).toMatchObject({ outcome: 'completed' });
  expect([await idsIn(), (await idsIn('other')).length]).toEqual([[], 1]);
});
