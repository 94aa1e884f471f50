import { removeSurplus } from '../../../src/activities/cleanup/delete-asset';
import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import { createReleaseAsset } from '../../../src/activities/ownership/release-asset';
import { createSubmitSource } from '../../../src/activities/submit-source';
import { createFindOrphans } from '../../../src/activities/sweep/find-orphans';
import type { CleanupPolicy } from '../../../src/contracts/cleanup-policy';
import type { FoundOrphans, PendingSubmission, SubmittedAsset } from '../../../src/contracts/activities';
import { failure } from '../../../src/contracts/failures';
import type { ReceiptEntry } from '../../../src/contracts/lifecycle-status';
import { readTag, tagFields, type AssetResource, type LedgerTag, type ReadTag } from '../../../src/contracts/resource';
import type { DescribedRun } from '../../../src/contracts/runs';
import type { SourceFile } from '../../../src/storage/files/source-file';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

/** The key's first run completed with the asset, and the provider refused its release mark. */
const workflowId = 'asset-lifecycle:twelvelabs:k';
const LONG_AGO = '2026-01-01T00:00:00Z';
const first: LedgerTag = {
  ...{ key: 'k', workflowId, runId: 'first', owner: OWNER, onCancel: 'delete', onFailure: 'keep' },
  content: 'file:10 AAA',
};
const second: LedgerTag = { ...first, runId: 'second' };

let provider: MemoryProvider;
let runs: DescribedRun[];
beforeEach(() => {
  provider = new MemoryProvider();
  provider.addAsset({ id: 'a', filename: 'a.mp4', status: 'ready', createdAt: LONG_AGO, metadata: tagFields(first) });
  runs = [{ workflowId, runId: 'first', key: 'k', open: false, closedAt: LONG_AGO, ended: 'completed', assetId: 'a' }];
});

const deps = () => {
  const file: SourceFile = {
    ...{
      path: '/a.mp4',
      filename: 'a.mp4',
      sizeBytes: 10,
      fingerprint: 'f',
      content: 'file:10 AAA',
      modifiedAt: LONG_AGO,
    },
    read: () => {
      throw new Error('nothing is sent');
    },
  };
  const find = async (id: string, runId?: string) =>
    runs.find((run) => run.workflowId === id && (runId === undefined || run.runId === runId));
  const overview = async () => runs.map(({ status: _unknown, ...seen }) => seen);
  const none = { namesOf: async () => [], has: async () => false, remove: async () => false };
  const results = { ...none, write: () => Promise.reject(new Error('nothing is stored')) };
  return dependencies({ provider, results, sources: { resolve: async () => file }, runs: { find, overview } });
};

/** A raw start has no memo that could tell of the run before. */
const submitSecond = async (): Promise<SubmittedAsset | PendingSubmission> => {
  const submitSource = createSubmitSource(deps());
  const source = { type: 'file', path: '/a.mp4' } as const;
  const upload = { method: 'auto', concurrency: 4 } as const;
  const common = { provider: 'twelvelabs', source, filename: 'a.mp4', metadata: {}, fields: {}, upload, branches: [] };
  const input = { ...common, preflight: false, tag: second, since: new Date().toISOString() };
  return activityEnvironment().run(async () => submitSource(input));
};
const cleanUpSecond = async (
  policy: CleanupPolicy = 'delete',
  known: Partial<AssetResource> = {},
): Promise<ReceiptEntry[]> => {
  const remove = createRemoveResources(deps());
  const resource = { kind: 'asset', id: 'a', adopted: false, tag: second, filename: 'a.mp4', ...known } as const;
  return activityEnvironment().run(async () => remove({ provider: 'twelvelabs', resources: [resource], policy }));
};
async function releaseSecond(): Promise<void> {
  const release = createReleaseAsset(deps());
  const asCompleted = { provider: 'twelvelabs', assetId: 'a', as: 'completed', tag: second } as const;
  await activityEnvironment().run(async () =>
    release({ ...asCompleted, filename: 'a.mp4', since: LONG_AGO, isAlone: true }),
  );
}
const tagOfAsset = (): ReadTag | undefined => readTag(provider.asset('a').metadata);
const KEPT = [
  { id: 'a', result: 'kept', because: expect.stringContaining('an earlier run of the key completed with it') },
];

test('a second run hears from Temporal that the key had completed, and keeps it in mind', async () => {
  expect(await submitSecond()).toMatchObject({ id: 'a', completedBefore: true });
  expect(tagOfAsset()).toMatchObject({ runId: 'second', completedBy: 'first' });
  expect(await cleanUpSecond()).toMatchObject(KEPT);
  expect(tagOfAsset()).toMatchObject({ released: 'completed' });
});

test('it keeps the asset also when it is cancelled once it has set its own mark', async () => {
  const { completedBefore } = (await submitSecond()) as SubmittedAsset;
  await releaseSecond();
  expect(tagOfAsset()).toMatchObject({ runId: 'second', released: 'completed', completedBy: 'first' });
  expect(await cleanUpSecond('delete', { completedBefore })).toMatchObject(KEPT);
  expect(tagOfAsset()).toMatchObject({ released: 'completed' });
  expect(await cleanUpSecond('force-delete', { completedBefore })).toMatchObject([{ id: 'a', result: 'deleted' }]);
});

test('nothing else that carries its tag is taken for it', async () => {
  const { completedBefore } = (await submitSecond()) as SubmittedAsset;
  provider.addAsset({ id: 'b', filename: 'a.mp4', metadata: tagFields(second) });
  const entries = await cleanUpSecond('delete', { completedBefore });
  expect(entries.map(({ id, result }) => [id, result])).toEqual([
    ['a', 'kept'],
    ['b', 'deleted'],
  ]);
});

test('a surplus that two runs completed with goes, as one does that a single run completed with', async () => {
  const marks = { asset_lifecycle_released: 'completed', asset_lifecycle_released_by: 'second' };
  const metadata = { ...tagFields(second), ...marks };
  provider.addAsset({ id: 'once', filename: 'b.mp4', metadata });
  provider.addAsset({
    id: 'twice',
    filename: 'b.mp4',
    metadata: { ...metadata, asset_lifecycle_completed_by: 'first' },
  });
  const { signal } = new AbortController();
  const entries: ReceiptEntry[] = await activityEnvironment().run(async () =>
    removeSurplus({ deps: deps(), provider, workflowId, signal }, ['once', 'twice', 'a']),
  );
  expect(entries.map(({ id, result }) => [id, result])).toEqual([
    ['once', 'deleted'],
    ['twice', 'deleted'],
    ['a', 'kept'], // its run could set no mark
  ]);
});

test('it keeps the asset also where the provider refused to note that it took it up', async () => {
  provider.failNext('assets.annotate', failure('ProviderRejected', 'no'));
  expect(await submitSecond()).toMatchObject({ id: 'a', completedBefore: true });
  expect(tagOfAsset()).toMatchObject({ runId: 'first', released: undefined });
  expect(await cleanUpSecond()).toMatchObject(KEPT);
});

test('so does one that was cancelled before it came to the asset', async () => {
  expect(await cleanUpSecond()).toMatchObject(KEPT);
  expect([...provider.held.keys()]).toEqual(['a']);
});

test('what the earlier run did not complete with goes as the policy says, and force takes all', async () => {
  runs = runs.map((run) => ({ ...run, ended: 'failed' }));
  expect(await cleanUpSecond()).toMatchObject([{ id: 'a', result: 'deleted' }]);
  provider.addAsset({ id: 'a', filename: 'a.mp4', createdAt: LONG_AGO, metadata: tagFields(first) });
  runs = runs.map((run) => ({ ...run, ended: 'completed', assetId: 'another' }));
  expect(await cleanUpSecond()).toMatchObject([{ id: 'a', result: 'deleted' }]);
  provider.addAsset({ id: 'a', filename: 'a.mp4', createdAt: LONG_AGO, metadata: tagFields(first) });
  runs = runs.map((run) => ({ ...run, assetId: 'a' }));
  expect(await cleanUpSecond('force-delete')).toMatchObject([{ id: 'a', result: 'deleted' }]);
});

const SECOND = { workflowId, runId: 'second', key: 'k', open: false, closedAt: LONG_AGO, assetId: 'a' } as const;

type Swept = Pick<FoundOrphans, 'orphans'> & { entries: ReceiptEntry[]; wanted: number };

async function swept(): Promise<Swept> {
  const findOrphans = createFindOrphans(deps());
  const sweep = { provider: 'twelvelabs', graceMs: 0, limit: 10, setMarks: true };
  const { orphans, seen }: FoundOrphans = await activityEnvironment().run(async () => findOrphans(sweep));
  const remove = createRemoveResources(deps());
  const resources = orphans[0]?.made ?? [];
  const removal = { provider: 'twelvelabs', resources, policy: 'delete', unlessOpen: workflowId } as const;
  const entries: ReceiptEntry[] = await activityEnvironment().run(async () => remove(removal));
  return { orphans, entries, wanted: seen.wanted };
}

test('a sweep after the second run was terminated keeps it, too', async () => {
  runs.unshift({ ...SECOND, ended: 'stopped' });
  const { orphans, entries } = await swept();
  expect(orphans).toMatchObject([{ assetId: 'a', cause: 'stopped', policy: 'delete' }]);
  expect(entries).toMatchObject(KEPT);
  expect(tagOfAsset()).toMatchObject({ released: 'completed' });
});

test('so does one after the second run had set its mark, was cancelled then, and could not clean up', async () => {
  await submitSecond();
  await releaseSecond();
  const leftOver = { resource: 'asset', id: 'a', result: 'leftover', because: 'the provider refused', at: LONG_AGO };
  const receipt = { policy: 'delete', entries: [leftOver] };
  const status = { key: 'k', outcome: 'failed', asset: { id: 'a' }, receipt } as unknown as DescribedRun['status'];
  runs.unshift({ ...SECOND, ended: 'failed', status });
  expect(await swept()).toEqual({ orphans: [], entries: [], wanted: 1 });
  provider.addAsset({ id: 'a', filename: 'a.mp4', createdAt: LONG_AGO, metadata: tagFields(second) });
  expect(await swept()).toMatchObject({ orphans: [{ assetId: 'a', cause: 'unfinished', policy: 'delete' }] });
  expect([...provider.held.keys()]).toEqual([]);
});

test('the first run stays in mind where taking up was refused, and what was refused then is not later', async () => {
  provider.failNext('assets.annotate', failure('ProviderRejected', 'no'));
  const { completedBefore } = (await submitSecond()) as SubmittedAsset;
  expect(await cleanUpSecond('delete', { completedBefore })).toMatchObject(KEPT);
  expect(tagOfAsset()).toMatchObject({ runId: 'second', released: 'completed', completedBy: 'first' });
  expect(await cleanUpSecond('keep', { completedBefore })).toMatchObject([{ result: 'kept' }]);
  expect(tagOfAsset()).toMatchObject({ runId: 'second', released: 'completed', completedBy: 'first' });
});

test('what an earlier run kept on purpose stays, where the second was cancelled before it came to it', async () => {
  const metadata = { ...tagFields(first), asset_lifecycle_released: 'kept', asset_lifecycle_released_by: 'first' };
  provider.addAsset({ id: 'a', filename: 'a.mp4', status: 'ready', createdAt: LONG_AGO, metadata });
  runs = runs.map((run) => ({ ...run, ended: 'failed' }));
  const unknown = { id: undefined, since: LONG_AGO };
  expect(await cleanUpSecond('delete', unknown)).toEqual([]);
  expect([...provider.held.keys()]).toEqual(['a']);
  expect(await cleanUpSecond('force-delete', unknown)).toMatchObject([{ id: 'a', result: 'deleted' }]);
});
