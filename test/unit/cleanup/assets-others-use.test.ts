import type { DescribedRun } from '../../../src/contracts/runs';
import type { LifecycleRuns } from '../../../src/activities/lifecycle-runs';
import { deleteAsset } from '../../../src/activities/cleanup/delete-asset';
import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import type { RemoveResourcesInput } from '../../../src/contracts/activities';
import type { ReceiptEntry } from '../../../src/contracts/lifecycle-status';
import { claimOf, releaseFields, tagFields, type LedgerTag, type Resource } from '../../../src/contracts/resource';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const tag: LedgerTag = { key: 'k', workflowId: 'w', runId: 'r1', owner: OWNER, onCancel: 'delete', onFailure: 'keep' };
const since = '2020-01-01T00:00:00.000Z';
const adopter: DescribedRun = { workflowId: 'adopter', runId: 'r2', key: 'adopting', open: true, assetId: 'a' };

let provider: MemoryProvider;
beforeEach(() => {
  provider = new MemoryProvider();
});

const own = (marks: Record<string, unknown> = {}) =>
  provider.addAsset({ id: 'a', filename: 'a.mp4', metadata: { ...tagFields(tag), ...marks } });
const asset = (changes: object = {}): Resource => ({
  kind: 'asset',
  id: 'a',
  adopted: false,
  tag,
  filename: 'a.mp4',
  since,
  ...changes,
});
const entity: Resource = { kind: 'entity', branch: 'entity', id: 'ours', in: 'c', name: 'Ada', assetId: 'a' };
const withEntity = (id: string, assetIds: string[]) =>
  provider.entities.set(id, { name: id, metadata: id === 'ours' ? tagFields(tag) : {}, assetIds });

function remove(
  resources: Resource[],
  changes: Partial<RemoveResourcesInput> = {},
  runs: Partial<LifecycleRuns> = {},
): Promise<ReceiptEntry[]> {
  const activity = createRemoveResources(dependencies({ provider, runs }));
  const input = { provider: 'twelvelabs', resources, policy: 'delete', ...changes } as const;
  return activityEnvironment().run(() => activity(input));
}

test('an asset in an entity of others is kept, and all who hold it are named', async () => {
  own();
  withEntity('theirs', ['a', 'x']);
  provider.references.set('a', [{ indexId: 'films', indexedAssetId: 'ix' }]);
  expect(await remove([asset()])).toMatchObject([
    { id: 'a', result: 'kept', referrers: ['entity theirs in collection c', 'indexed asset ix in index films'] },
  ]);
  expect(provider.calls).not.toContain('assets.remove');
});

test('by force it is deleted all the same', async () => {
  own();
  withEntity('theirs', ['a', 'x']);
  expect(await remove([asset()], { policy: 'force-delete' })).toMatchObject([{ id: 'a', result: 'deleted' }]);
});

test('an entity of its own is no reason to keep the asset, also while the provider still lists it', async () => {
  own();
  withEntity('ours', ['a']);
  const before = await provider.assets.referrers('a');
  provider.assets.referrers = async () => before;
  expect(await remove([entity, asset()])).toMatchObject([
    { id: 'ours', result: 'deleted' },
    { id: 'a', result: 'deleted' },
  ]);
});

test('nor is one that an earlier attempt has deleted', async () => {
  own();
  withEntity('ours', ['a']);
  const before = await provider.assets.referrers('a');
  provider.assets.referrers = async () => before;
  provider.entities.clear();
  expect(await remove([entity, asset()])).toMatchObject([{ result: 'deleted' }, { id: 'a', result: 'deleted' }]);
});

test('an entity of its own that others joined is kept with its asset, and the others are named', async () => {
  own();
  withEntity('ours', ['a', 'x', 'y']);
  expect(await remove([entity, asset()])).toMatchObject([
    { id: 'ours', result: 'kept', referrers: ['asset x', 'asset y'] },
    { id: 'a', result: 'kept', referrers: ['entity ours in collection c'] },
  ]);
  expect(await remove([entity, asset()], { policy: 'force-delete' })).toMatchObject([
    { id: 'ours', result: 'deleted' },
    { id: 'a', result: 'deleted' },
  ]);
});

test('a surplus asset that somebody indexed is noted as kept, and does not end the removal', async () => {
  own();
  provider.addAsset({ id: 'b', filename: 'a.mp4', metadata: tagFields(tag) });
  provider.references.set('b', [{ indexId: 'films', indexedAssetId: 'ix' }]);
  expect(await remove([asset()], { policy: 'keep' })).toMatchObject([
    { id: 'a', result: 'kept' },
    { id: 'b', result: 'kept', referrers: ['indexed asset ix in index films'] },
  ]);
});

describe('an asset that another lifecycle has adopted', () => {
  test('is kept by the cleanup of the lifecycle that made it', async () => {
    own(releaseFields('kept', 'run-of-adopter'));
    expect(await remove([asset()])).toMatchObject([{ id: 'a', result: 'kept' }]);
    expect(provider.held.has('a')).toBe(true);
  });

  test('is kept while its adopter is open, though nothing marks it', async () => {
    own();
    const entries = await remove([asset()], {}, { wantedBy: async () => [adopter] });
    expect(entries).toMatchObject([{ id: 'a', result: 'kept', referrers: ['lifecycle "adopting"'] }]);
  });

  test('is kept once its adopter has completed, and deleted by force', async () => {
    own();
    const wantedBy = async () => [{ ...adopter, open: false, ended: 'completed' } as const];
    const kept = { id: 'a', result: 'kept', because: 'another lifecycle has adopted it' };
    expect(await remove([asset()], {}, { wantedBy })).toMatchObject([kept]);
    expect(await remove([asset()], { policy: 'force-delete' }, { wantedBy })).toMatchObject([{ result: 'deleted' }]);
  });

  test('is left to its open adopter by the force-delete of a closed lifecycle', async () => {
    own();
    const changes = { policy: 'force-delete', unlessOpen: 'w' } as const;
    const kept = await remove([asset()], changes, { wantedBy: async () => [adopter] });
    expect(kept).toMatchObject([{ id: 'a', result: 'kept', referrers: ['lifecycle "adopting"'] }]);
    expect(await remove([asset()], changes)).toMatchObject([{ id: 'a', result: 'deleted' }]);
  });

  test('keeps its adopter’s mark when the lifecycle that made it keeps it, too', async () => {
    own(releaseFields('kept', 'run-of-adopter'));
    expect(await remove([asset()], { policy: 'keep' })).toMatchObject([{ id: 'a', result: 'kept' }]);
    expect(provider.held.get('a')?.metadata).toMatchObject({ asset_lifecycle_released_by: 'run-of-adopter' });
  });
});

test('an asset with which its own lifecycle had completed makes room for other content of the key', async () => {
  own(releaseFields('completed', 'r1'));
  const completed: DescribedRun = {
    ...adopter,
    workflowId: 'w',
    runId: 'r1',
    key: 'k',
    open: false,
    ended: 'completed',
  };
  const deps = dependencies({ provider, runs: { wantedBy: async () => [completed] } });
  const { signal } = new AbortController();
  expect(await deleteAsset('a', { deps, provider, replaces: true, signal })).toMatchObject({ result: 'deleted' });
});

test('an asset that was taken up after the sweep had judged it is left alone', async () => {
  own(releaseFields('kept', 'run-of-adopter'));
  const claim = claimOf({ ...tag });
  const entries = await remove([asset({ tag: undefined, claim })], { policy: 'force-delete', unlessOpen: 'w' });
  expect(entries).toMatchObject([{ id: 'a', result: 'kept', because: 'another lifecycle has taken it up since' }]);
});

test('where visibility does not answer, a cleanup goes on', async () => {
  own();
  const wantedBy = async (): Promise<never> => {
    throw new Error('visibility is down');
  };
  expect(await remove([asset()], {}, { wantedBy })).toMatchObject([{ id: 'a', result: 'deleted' }]);
});
