import { Readable } from 'node:stream';
import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import { createSubmitSource } from '../../../src/activities/submit-source';
import type { PendingSubmission, SubmitSourceInput, SubmittedAsset } from '../../../src/contracts/activities';
import { readTag, releaseFields, tagFields, type LedgerTag, type ReadTag } from '../../../src/contracts/resource';
import type { ProviderAsset } from '../../../src/providers/assets';
import { only } from '../../../src/providers/outcome';
import type { SourceFile } from '../../../src/storage/files/source-file';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

type Submitted = SubmittedAsset | PendingSubmission;

const KEY = 'movies/a.mp4';
const tag: LedgerTag = {
  key: KEY,
  workflowId: `asset-lifecycle:twelvelabs:${KEY}`,
  runId: 'this-run',
  owner: OWNER,
  onCancel: 'delete',
  onFailure: 'keep',
};
const since = '2026-11-25T12:00:00.000Z';
const source = { type: 'file', path: '/media/a.mp4' } as const;
const input: SubmitSourceInput = {
  provider: 'twelvelabs',
  source,
  filename: 'a.mp4',
  metadata: {},
  fields: {},
  upload: { method: 'auto', concurrency: 4 },
  branches: [],
  preflight: false,
  tag,
  since,
};
const file = (content: string): SourceFile => ({
  ...{ path: source.path, filename: 'a.mp4', sizeBytes: 10, fingerprint: 'f', content, modifiedAt: since },
  read: () => {
    reads += 1;
    return Readable.from([Buffer.alloc(10)]);
  },
});

let provider: MemoryProvider;
let reads: number;
beforeEach(() => {
  provider = new MemoryProvider();
  reads = 0;
});
/** The content is only read to be sent; what the provider fetches by its URL is not read at all. */
afterEach(() =>
  expect(reads).toBeLessThanOrEqual(provider.calls.filter((call) => call === 'intake.submit of one').length),
);

/** What an earlier run has kept. */
function kept(changes: Partial<LedgerTag> = {}, asset: Partial<ProviderAsset> = {}): ProviderAsset {
  const its = { ...tag, runId: 'earlier-run', content: 'file:10 AAA', ...changes };
  const metadata = { ...tagFields(its), ...releaseFields('kept', 'earlier-run') };
  return provider.addAsset({ filename: 'a.mp4', status: 'ready', metadata, ...asset });
}

async function submit(content = 'file:10 AAA', changes: Partial<SubmitSourceInput> = {}): Promise<SubmittedAsset> {
  const runs = { overview: async () => [], find: async () => undefined, wantedBy: async () => [] };
  const deps = dependencies({ provider, sources: { resolve: async () => file(content) }, runs });
  const submitSource = async (): Promise<Submitted> => createSubmitSource(deps)({ ...input, ...changes });
  const submitted: Submitted = await activityEnvironment().run<[], Submitted, typeof submitSource>(submitSource);
  if ('pending' in submitted) throw new Error('this provider tells the asset at once');
  return submitted;
}

const tagOf = (id: string): ReadTag | undefined => readTag(provider.held.get(id)?.metadata ?? {});

test('a new key costs one look, and its asset says what its content is', async () => {
  const { id, source: facts } = await submit();
  expect(provider.calls).toEqual(['intake.find', 'intake.submit', 'intake.submit of one']);
  expect(tagOf(id)).toMatchObject({ runId: 'this-run', content: 'file:10 AAA' });
  expect(facts).toEqual({ sizeBytes: 10, modifiedAt: since });
});

test('what an earlier run has kept with the same content is taken up, and is this run’s from then on', async () => {
  const { id } = kept();
  const submitted = await submit();
  expect(submitted).toMatchObject({ id });
  expect(submitted.adoptedUnchecked).toBeUndefined();
  expect(tagOf(id)).toMatchObject({ runId: 'this-run', released: undefined, releasedBy: undefined });
  expect(provider.calls).not.toContain('intake.submit');
});

test('what has other content is replaced, with what its run made of it, and the receipt says so', async () => {
  const { id } = kept();
  const { entity, index } = provider.branches;
  const entityItem = { branch: { type: 'entity', collectionId: 'c' }, assetId: id, name: 'A', tag };
  const { id: entityId } = only(await entity.start([entityItem]));
  const indexItem = { branch: { type: 'index', indexId: 'films' }, assetId: id, tag };
  const { id: indexedAssetId } = only(await index.start([indexItem]));
  const { id: made, abandoned } = await submit('file:10 BBB');
  expect(made).not.toBe(id);
  expect([...provider.held.keys()]).toEqual([made]);
  expect(abandoned).toMatchObject([
    { resource: 'indexed-asset', id: indexedAssetId, result: 'deleted' },
    { resource: 'entity', id: entityId, result: 'deleted' },
    { resource: 'asset', id, result: 'deleted', because: expect.stringMatching(/^made from other content/) },
  ]);
});

test('what has other content and others refer to stays without the tag, and its holders are named', async () => {
  const { id } = kept({}, { metadata: { ...kept().metadata, title: 'mine' } });
  provider.held.delete('asset-1');
  provider.references.set(id, [{ indexId: 'others', indexedAssetId: 'ix-1' }]);
  const { id: made, abandoned } = await submit('file:10 BBB');
  expect(made).not.toBe(id);
  expect(provider.held.get(id)?.metadata).toEqual({ title: 'mine' });
  expect(abandoned).toMatchObject([
    { resource: 'asset', id, result: 'kept', referrers: ['indexed asset ix-1 in index others'] },
  ]);
});

test('what an earlier attempt of the run made of a source that has changed since is replaced as well', async () => {
  const { id } = kept({}, { metadata: tagFields({ ...tag, content: 'file:10 AAA' }) });
  const { id: made } = await submit('file:10 BBB');
  expect([...provider.held.keys()]).toEqual([made]);
  expect(made).not.toBe(id);
});

test.each<[string, Partial<LedgerTag>]>([
  ['tells no content', { content: undefined }],
  ['comes from another type of source', { content: 's3:xyz' }],
])('what %s is taken up, and every attempt says that it was not compared', async (_name, changes) => {
  const { id } = kept(changes);
  expect(await submit()).toMatchObject({ id, adoptedUnchecked: true });
  expect(tagOf(id)).toMatchObject({ runId: 'this-run', content: changes.content });
  expect(await submit()).toMatchObject({ id, adoptedUnchecked: true });
});

test('what failed in an earlier run makes room, though the provider’s clock is an hour ahead', async () => {
  const { id } = kept({}, { status: 'failed', createdAt: '2026-11-25T12:55:00.000Z' });
  const { id: made } = await submit();
  expect(made).not.toBe(id);
  expect([...provider.held.keys()]).toEqual([made]);
});

test('what failed in this run is its result, though the provider’s clock is an hour behind', async () => {
  const { id } = kept({ runId: 'this-run' }, { status: 'failed', createdAt: '2026-11-25T11:00:01.000Z' });
  expect(await submit()).toMatchObject({ id, status: 'failed' });
});

test('an asset that an earlier run made under another filename is found by what the client knows of that run', async () => {
  const { id } = kept({}, { filename: 'other.mp4' });
  expect(await submit('file:10 AAA', { earlier: { assetId: id } })).toMatchObject({ id });
  expect(provider.calls).toEqual(['intake.find', 'assets.get', 'assets.annotate']);
});

test('of two with the same content the one that the earlier run completed with is taken up, and the other is removed', async () => {
  const [surplus, completed] = [kept(), kept()];
  expect(await submit('file:10 AAA', { earlier: { assetId: completed.id } })).toMatchObject({ id: completed.id });
  expect([...provider.held.keys()]).toEqual([completed.id]);
  expect(surplus.id).not.toBe(completed.id);
});

test('where the earlier run’s asset is not known, all since its start are looked at', async () => {
  const { id } = kept({}, { filename: 'other.mp4' });
  expect(await submit('file:10 AAA', { earlier: { startedAt: since } })).toMatchObject({ id });
});

test('a foreign asset that the memo names is not taken up', async () => {
  const { id } = provider.addAsset({ filename: 'other.mp4' });
  expect((await submit('file:10 AAA', { earlier: { assetId: id } })).id).not.toBe(id);
  expect(provider.held.has(id)).toBe(true);
});

test('a URL that was signed anew is the same content', async () => {
  const at = (url: string) => submit('', { source: { type: 'url', url } });
  const { id } = await at('https://example.com/a.mp4?X-Amz-Signature=1');
  const metadata = { ...provider.held.get(id)?.metadata, ...releaseFields('kept', 'this-run') };
  provider.held.set(id, { ...(provider.held.get(id) as ProviderAsset), metadata });
  const next = { tag: { ...tag, runId: 'next-run' } };
  const again = await submit('', {
    ...next,
    source: { type: 'url', url: 'https://example.com/a.mp4?X-Amz-Signature=2' },
  });
  expect(again).toMatchObject({ id });
  const other = await submit('', {
    ...next,
    tag: { ...tag, runId: 'third' },
    source: { type: 'url', url: 'https://example.com/b.mp4' },
  });
  expect(other.id).not.toBe(id);
  expect(JSON.stringify([...provider.held.values()])).not.toContain('Signature');
});

test('a cleanup finds what its run has taken up under another filename, and leaves what it has not', async () => {
  const { id } = kept({}, { filename: 'other.mp4' });
  const cleanUp = () => {
    const activity = createRemoveResources(dependencies({ provider }));
    const resource = { kind: 'asset', adopted: false, tag, filename: 'a.mp4', since, earlierId: id } as const;
    const input = { provider: 'twelvelabs', resources: [resource], policy: 'delete' } as const;
    return activityEnvironment().run(() => activity(input));
  };
  expect(await cleanUp()).toEqual([]);
  await submit('file:10 AAA', { earlier: { assetId: id } });
  expect(await cleanUp()).toMatchObject([{ resource: 'asset', id, result: 'deleted' }]);
});

describe('where a place holds one asset of a name', () => {
  const uniqueNames = async (filename: string): Promise<{ id: string; outcome: Promise<SubmittedAsset> }> => {
    provider = new MemoryProvider({ uniqueNames: true });
    const { id } = kept({}, { filename });
    return { id, outcome: submit('file:10 BBB', { earlier: { assetId: id } }) };
  };

  test('other content under the asset’s name is left to the submission, and nothing is deleted before', async () => {
    const { id, outcome } = await uniqueNames('a.mp4');
    await outcome;
    expect(provider.calls).not.toContain('assets.remove');
    expect(provider.held.has(id)).toBe(true);
  });

  test('other content under another name is refused, and the asset stays', async () => {
    const { id, outcome } = await uniqueNames('old.mp4');
    await expect(outcome).rejects.toMatchObject({
      type: 'AssetExists',
      message: expect.stringContaining(id) as string,
    });
    expect(provider.held.has(id)).toBe(true);
    expect(provider.calls).not.toContain('intake.submit');
  });
});
