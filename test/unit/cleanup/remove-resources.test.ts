import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import { failure } from '../../../src/contracts/failures';
import type { CleanupPolicy } from '../../../src/contracts/cleanup-policy';
import type { ReceiptEntry } from '../../../src/contracts/lifecycle-status';
import { joinedField, tagFields, type LedgerTag, type Resource } from '../../../src/contracts/resource';
import { only, succeeded } from '../../../src/providers/outcome';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const tag: LedgerTag = {
  key: 'movies/a.mp4',
  workflowId: 'asset-lifecycle:twelvelabs:movies/a.mp4',
  runId: 'r1',
  owner: OWNER,
  onCancel: 'delete',
  onFailure: 'keep',
};
const since = '2020-01-01T00:00:00.000Z';
const asset = (id?: string): Resource => ({ kind: 'asset', id, adopted: false, tag, filename: 'a.mp4', since });

let provider: MemoryProvider;
let removed: string[];
beforeEach(() => {
  provider = new MemoryProvider();
  removed = [];
});

const remove = (resource: Resource, policy: CleanupPolicy = 'delete'): Promise<ReceiptEntry[]> => {
  const results = {
    write: async () => ({ uri: '', sha256: '', bytes: 0, count: 0 }),
    has: async () => true,
    remove: async (name: string) => removed.push(name) > 0,
    namesOf: async () => [],
  };
  const activity = createRemoveResources(dependencies({ provider, results }));
  return activityEnvironment().run(() => activity({ provider: 'twelvelabs', resources: [resource], policy }));
};

test('deletes an asset and proves that it is gone', async () => {
  const { id } = provider.addAsset();
  const because = 'deleted, and then not found';
  expect(await remove(asset(id))).toMatchObject([{ resource: 'asset', id, result: 'deleted', because }]);
  expect(provider.calls).toEqual(['intake.find', 'assets.get', 'assets.referrers', 'assets.remove', 'assets.get']);
});

test('an asset that is gone already counts as deleted', async () => {
  expect(await remove(asset('asset-9'))).toMatchObject([{ id: 'asset-9', result: 'deleted' }]);
});

describe.each<CleanupPolicy>(['delete', 'keep'])('an adopted asset, by %s,', (policy) => {
  const adopted = (id: string): Resource => ({ kind: 'asset', id, adopted: true, tag, since });

  test('is kept', async () => {
    const { id } = provider.addAsset();
    expect(await remove(adopted(id), policy)).toMatchObject([{ id, result: 'kept' }]);
    expect(provider.held.has(id)).toBe(true);
  });

  test('is not called kept when it is gone', async () => {
    const because = 'the provider does not know it (any more)';
    expect(await remove(adopted('asset-9'), policy)).toMatchObject([{ id: 'asset-9', result: 'deleted', because }]);
  });

  test('holds up no cleanup when nobody can be asked', async () => {
    const { id } = provider.addAsset();
    provider.assets.get = () => Promise.reject(failure('ProviderUnavailable', 'GET: no connection'));
    expect(await remove(adopted(id), policy)).toMatchObject([{ id, result: 'kept' }]);
  });
});

test('an asset that is still shown after its deletion is not called deleted', async () => {
  const { id } = provider.addAsset();
  provider.assets.remove = async () => [succeeded(undefined)];
  await expect(remove(asset(id))).rejects.toMatchObject({ type: 'ProviderUnavailable' });
});

test('never forces: an indexed asset is kept, and its referrers are named', async () => {
  const { id } = provider.addAsset();
  provider.references.set(id, [{ indexId: 'films', indexedAssetId: 'ix-1' }]);
  const [entry] = await remove(asset(id));
  expect(entry).toMatchObject({ id, result: 'kept', referrers: ['indexed asset ix-1 in index films'] });
  expect(provider.held.has(id)).toBe(true);
});

test('force-delete removes an indexed asset', async () => {
  const { id } = provider.addAsset();
  provider.references.set(id, [{ indexId: 'films', indexedAssetId: 'ix-1' }]);
  expect(await remove(asset(id), 'force-delete')).toMatchObject([{ id, result: 'deleted' }]);
  expect(provider.calls).toContain('assets.remove by force');
});

test('finds by its tag what was made though nobody heard of it, and nothing else', async () => {
  const own = provider.addAsset({ filename: 'a.mp4', metadata: tagFields(tag) });
  const other = provider.addAsset({ filename: 'a.mp4', metadata: tagFields({ ...tag, key: 'other' }) });
  expect(await remove(asset())).toMatchObject([{ id: own.id, result: 'deleted' }]);
  expect([...provider.held.keys()]).toEqual([other.id]);
});

test('waits out a late commit before it says that there was nothing', async () => {
  const activity = createRemoveResources(dependencies({ provider, settleWindowMs: 5000 }));
  const find = provider.intake.find.bind(provider.intake);
  let looks = 0;
  provider.intake.find = async (queries, options) => {
    if (++looks === 2) provider.addAsset({ id: 'late', filename: 'a.mp4', metadata: tagFields(tag) });
    return find(queries, options);
  };
  const entries = await activityEnvironment().run(() =>
    activity({ provider: 'twelvelabs', resources: [asset()], policy: 'delete' }),
  );
  expect(entries).toMatchObject([{ id: 'late', result: 'deleted' }]);
});

test('of a run that made none, force ends at once what an earlier run of the key left', async () => {
  const resource: Resource = { kind: 'asset', adopted: false, tag, filename: 'a.mp4', since, ofEarlierRuns: true };
  const { id } = provider.addAsset({ filename: 'a.mp4', metadata: tagFields({ ...tag, runId: 'r0' }) });
  expect(await remove(resource, 'force-delete')).toMatchObject([{ id, result: 'deleted' }]);

  const activity = createRemoveResources(dependencies({ provider, settleWindowMs: 3_600_000 }));
  const input = { provider: 'twelvelabs', resources: [resource], policy: 'force-delete' } as const;
  expect(await activityEnvironment().run(() => activity(input))).toEqual([]); // nobody waits for a late create
});

test('says nothing of a resource that never came to be', async () => {
  expect(await remove(asset())).toEqual([]);
});

test('under "keep" names what it finds and deletes nothing', async () => {
  const own = provider.addAsset({ filename: 'a.mp4', metadata: tagFields(tag) });
  expect(await remove(asset(), 'keep')).toMatchObject([{ id: own.id, result: 'kept' }]);
  expect(provider.held.get(own.id)?.metadata).toMatchObject({ asset_lifecycle_released: 'kept' });
});

test('takes the asset out of an entity, but cannot take its last one', async () => {
  provider.entities.set('e1', { name: 'Ada', metadata: {}, assetIds: ['x', 'y'] });
  const membership = (assetId: string): Resource => ({
    kind: 'entity-membership',
    branch: 'entity',
    id: 'e1',
    in: 'c',
    assetId,
  });
  expect(await remove(membership('x'))).toMatchObject([{ id: 'e1', result: 'deleted' }]);
  expect(await remove(membership('y'))).toMatchObject([{ id: 'e1', result: 'kept' }]);
});

test('a membership that nothing shows to be ours stays, unless the asset notes it or force was asked for', async () => {
  const join = () => provider.entities.set('e1', { name: 'Ada', metadata: {}, assetIds: ['x', 'y'] });
  const membership: Resource = {
    kind: 'entity-membership',
    branch: 'entity',
    id: 'e1',
    in: 'c',
    assetId: 'x',
    unproven: true,
  };
  join();
  provider.addAsset({ id: 'x', metadata: {} });
  expect(await remove(membership)).toMatchObject([{ id: 'e1', result: 'kept' }]);
  expect(provider.entities.get('e1')?.assetIds).toEqual(['x', 'y']);
  expect(await remove(membership, 'force-delete')).toMatchObject([{ id: 'e1', result: 'deleted' }]);
  join();
  provider.addAsset({
    id: 'x',
    metadata: { ...tagFields(tag), ...joinedField({ in: 'c', id: 'e1', runId: 'r1' }) },
  });
  expect(await remove(membership)).toMatchObject([{ id: 'e1', result: 'deleted' }]);
});

test('removes besides the known asset what else carries the tag', async () => {
  const own = provider.addAsset({ filename: 'a.mp4', metadata: tagFields(tag) });
  const surplus = provider.addAsset({ filename: 'a.mp4', metadata: tagFields(tag) });
  const entries = await remove(asset(own.id));
  expect(entries.map(({ id }) => id)).toEqual([own.id, surplus.id]);
  expect(provider.held.size).toBe(0);
});

test('another namespace’s asset of the same key is not ours', async () => {
  provider.addAsset({ filename: 'a.mp4', metadata: tagFields({ ...tag, owner: 'another' }) });
  expect(await remove(asset())).toEqual([]);
});

test('leaves to an open lifecycle what it owns', async () => {
  const { id } = provider.addAsset();
  const runs = { find: async () => ({ workflowId: tag.workflowId, runId: 'r', key: tag.key, open: true }) };
  const activity = createRemoveResources(dependencies({ provider, runs }));
  const entries = await activityEnvironment().run(() =>
    activity({ provider: 'twelvelabs', resources: [asset(id)], policy: 'force-delete', unlessOpen: tag.workflowId }),
  );
  expect(entries).toMatchObject([{ id, result: 'kept' }]);
  expect(provider.held.has(id)).toBe(true);
});

test('removes an entity found by its tag, an index entry found by its asset, and a stored result', async () => {
  provider.addAsset({ id: 'x' });
  const { entity, index } = provider.branches;
  only(await entity.start([{ branch: { type: 'entity', collectionId: 'c' }, assetId: 'x', name: 'Ada', tag }]));
  only(await index.start([{ branch: { type: 'index', indexId: 'films' }, assetId: 'x', tag }]));
  const found = { kind: 'entity', branch: 'entity', in: 'c', name: 'Ada', assetId: 'x', tag };
  expect(await remove(found)).toMatchObject([{ result: 'deleted' }]);
  expect(provider.entities.size).toBe(0);
  expect(await remove({ kind: 'indexed-asset', branch: 'index', in: 'films', assetId: 'x', tag })).toMatchObject([
    { result: 'deleted' },
  ]);
  expect(provider.references.get('x')).toEqual([]);
  expect(await remove({ kind: 'result', id: 'r1' })).toMatchObject([{ result: 'deleted' }]);
  expect(removed).toEqual(['r1']);
});

test('under "keep" keeps its own asset and deletes what a create made twice', async () => {
  const own = provider.addAsset({ filename: 'a.mp4', metadata: tagFields(tag) });
  const surplus = provider.addAsset({ filename: 'a.mp4', metadata: tagFields(tag) });
  expect(await remove(asset(own.id), 'keep')).toMatchObject([
    { id: own.id, result: 'kept' },
    { id: surplus.id, result: 'deleted' },
  ]);
  expect([...provider.held.keys()]).toEqual([own.id]);
});

describe('several resources', () => {
  const removeAll = (resources: Resource[]): Promise<ReceiptEntry[]> => {
    const activity = createRemoveResources(dependencies({ provider }));
    return activityEnvironment().run(() => activity({ provider: 'twelvelabs', resources, policy: 'delete' }));
  };
  const entityOf = (assetId: string): Resource => ({
    kind: 'entity',
    branch: 'entity',
    id: 'e1',
    in: 'c',
    name: 'Ada',
    assetId,
  });

  const refused = failure('ProviderRejected', 'DELETE: not this one');

  test('end in the order given, and one that is refused for good does not keep the next from its turn', async () => {
    const { id } = provider.addAsset();
    provider.failNext('index.remove', refused);
    const entry: Resource = { kind: 'indexed-asset', branch: 'index', id: 'i1', in: 'films', assetId: id };
    expect(await removeAll([entry, asset(id)])).toMatchObject([
      { resource: 'indexed-asset', id: 'i1', result: 'leftover', because: 'DELETE: not this one' },
      { resource: 'asset', id, result: 'deleted' },
    ]);
  });

  test('leave the asset of an entity that is left over: a sweep finds the entity by it', async () => {
    const { id } = provider.addAsset();
    provider.entities.set('e1', { name: 'Ada', metadata: {}, assetIds: [id] });
    provider.failNext('entity.remove', refused);
    expect(await removeAll([entityOf(id), asset(id)])).toMatchObject([
      { resource: 'entity', id: 'e1', result: 'leftover' },
      { resource: 'asset', id, result: 'leftover', errorType: 'ProviderRejected' },
    ]);
    expect(provider.held.has(id)).toBe(true);
  });

  test('are tried again from the one that could not be reached, and the failure says what is done', async () => {
    provider.addAsset({ id: 'asset-1' });
    provider.entities.set('e1', { name: 'Ada', metadata: {}, assetIds: ['asset-1'] });
    provider.failNext('assets.remove', failure('ProviderUnavailable', 'DELETE /assets/{id}: 503'));
    await expect(removeAll([entityOf('asset-1'), asset('asset-1')])).rejects.toMatchObject({
      type: 'ProviderUnavailable',
      details: [{ done: [{ resource: 'entity', id: 'e1', result: 'deleted' }] }],
    });
  });
});

test('a refused key is no deletion', async () => {
  provider.addAsset({ id: 'asset-1' });
  provider.failNext('assets.remove', failure('ProviderAuth', 'DELETE /assets/{id}: the key was refused'));
  expect(await remove(asset('asset-1'))).toMatchObject([{ result: 'leftover', errorType: 'ProviderAuth' }]);
  expect(provider.held.has('asset-1')).toBe(true);
});
