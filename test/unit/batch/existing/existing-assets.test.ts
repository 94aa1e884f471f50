import type { MockActivityEnvironment } from '@temporalio/testing';
import { createBatchSteps } from '../../../../src/activities/batch/batch-steps';
import { createGroupSteps } from '../../../../src/activities/batch/group-steps';
import type { ActivityDependencies } from '../../../../src/activities/dependencies';
import { acceptBatch } from '../../../../src/batch/accept-batch';
import type { FoundAssets, GroupNews, GroupStepInput } from '../../../../src/contracts/batch/groups';
import { tagFields } from '../../../../src/contracts/resource';
import type { ItemOutcome } from '../../../../src/contracts/batch/item-outcome';
import type { LifecycleStatus } from '../../../../src/contracts/lifecycle-status';
import { createItemOutcomes } from '../../../../src/storage/batches/item-outcomes';
import { createFolderResultStore } from '../../../../src/storage/results/folder-result-store';
import { activityEnvironment, OWNER } from '../../../support/activity-dependencies';
import { BatchPlace } from '../../../support/batches/batch-place';
import type { MemoryProvider } from '../../../support/memory-provider';

let place: BatchPlace;
let provider: MemoryProvider;
let deps: ActivityDependencies;
beforeEach(async () => {
  place = await BatchPlace.make();
  ({ provider, deps } = place);
  readyAtOnce(provider);
});
afterEach(() => place.close());

/** Assets are ready as soon as they are made. */
function readyAtOnce({ intake, assets }: MemoryProvider): void {
  const submit = intake.submit.bind(intake);
  intake.submit = async (...args) => {
    const outcomes = await submit(...args);
    for (const one of outcomes) {
      if ('value' in one && 'asset' in one.value) (await assets.get(one.value.asset.id)).status = 'ready';
    }
    return outcomes;
  };
}

const inActivity = <T>(
  work: () => Promise<T>,
  environment: MockActivityEnvironment = activityEnvironment(),
): Promise<T> => environment.run(work) as Promise<T>;

async function listed(batchId: string, each: object = {}): Promise<Omit<GroupStepInput, 'found'>> {
  const input = { items: { type: 'folder', path: place.listing.media }, each: { preflight: false, ...each } };
  const batch = { ...acceptBatch({ batchId, ...input }), batchId };
  const start = `start-of-${batchId}`;
  const { storeId, items } = await inActivity(() => createBatchSteps(deps).listItems({ batch, start }));
  const group = { workflowId: `asset-group:${batchId}:0`, runId: `run-of-${batchId}`, stopsAtFailure: false };
  return { ...group, batchWorkflowId: 'b', batchId, storeId, start, provider: 'twelvelabs', from: 0, end: items };
}

const walked = (input: GroupStepInput): Promise<FoundAssets | null> =>
  inActivity(() => createBatchSteps(deps).findExisting(input));

async function ingest(batchId: string, each: object = {}): Promise<{ input: GroupStepInput; news: GroupNews }> {
  const input = await listed(batchId, each);
  const found = (await walked(input)) ?? undefined;
  const news = await inActivity(() => createGroupSteps(deps).submitItems({ ...input, found }));
  return { input: { ...input, found }, news };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, nth) => `${nth}.mp4`);
const callsOf = (name: string): number => provider.calls.filter((call) => call.startsWith(name)).length;
const createsMade = (): number => callsOf('intake.submit');

/** Temporal says that every group run has ended by itself now. */
const allEnded = (): void => {
  const end = new Date().toISOString();
  deps = { ...deps, runs: { ...deps.runs, endOf: async () => ({ at: end }) } };
};
const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test('an account without assets is asked once for a whole batch', async () => {
  await place.put(names(60));
  const { news } = await ingest('first');
  expect(news.due).toMatchObject({ submit: 0, settle: 0, release: 60 });
  expect([callsOf('assets.list'), callsOf('intake.find'), provider.held.size]).toEqual([1, 0, 60]);
});

test('a second batch over the same items makes nothing, and asks for the list once', async () => {
  await place.put(names(120));
  const { input } = await ingest('first');
  await inActivity(() => createGroupSteps(deps).releaseItems(input));
  allEnded();
  await aMoment();
  const [lists, creates] = [callsOf('assets.list'), createsMade()];
  const { news } = await ingest('second');
  expect(news.due).toMatchObject({ submit: 0, settle: 0, release: 120 });
  expect(callsOf('assets.list') - lists).toBe(Math.ceil(120 / 50));
  expect([callsOf('intake.find'), createsMade() - creates, provider.held.size]).toEqual([0, 0, 120]);
});

test('a key that somebody had until after the walk is asked for', async () => {
  await place.put(['a.mp4', 'b.mp4']);
  const input = await listed('late');
  const found = await walked(input);
  const key = `${place.listing.media}/a.mp4`;
  await aMoment();
  await deps.batches.claims.claim({ owner: OWNER, provider: 'twelvelabs', key }, { workflowId: 'a single one' });
  const policies = { onCancel: 'delete', onFailure: 'keep' } as const;
  const metadata = tagFields({ key, workflowId: 'a single one', runId: 'its run', owner: OWNER, ...policies });
  provider.addAsset({ filename: 'a.mp4', status: 'ready', metadata });
  allEnded();
  await inActivity(() => createGroupSteps(deps).submitItems({ ...input, found: found ?? undefined }));
  expect(callsOf('intake.find')).toBe(1);
  expect(provider.held.size).toBe(2);
});

test('an asset that was deleted since the walk is made again', async () => {
  await place.put(['a.mp4']);
  await ingest('first');
  allEnded();
  await aMoment();
  const input = await listed('second');
  const found = await walked(input);
  provider.held.clear();
  const news = await inActivity(() => createGroupSteps(deps).submitItems({ ...input, found: found ?? undefined }));
  expect(news.due).toMatchObject({ submit: 0, release: 1 });
  expect(provider.held.size).toBe(1);
});

test('a walk under which an asset was deleted is not relied on for what it did not see', async () => {
  for (let nth = 0; nth < 120; nth++) {
    const createdAt = new Date(Date.now() - 1000 * (1000 - nth)).toISOString();
    provider.addAsset({ filename: `other-${nth}.mp4`, createdAt });
  }
  await place.put(names(130));
  const input = await listed('moved');
  expect(await walked(input)).toMatchObject({ complete: true });
  const newest = [...provider.held.keys()].at(-1) ?? '';
  const list = provider.assets.list.bind(provider.assets);
  provider.assets.list = async (query, options) => {
    const page = await list(query, options);
    provider.held.delete(newest);
    return page;
  };
  expect(await walked(input)).toBeNull(); // it found nothing, and could not see everything
});

test('a list that is longer than the batch is not walked', async () => {
  for (let nth = 0; nth < 120; nth++) provider.addAsset({ filename: `other-${nth}.mp4` });
  await place.put(['a.mp4', 'b.mp4']);
  const { news } = await ingest('short');
  expect(news.due).toMatchObject({ submit: 0, release: 2 });
  expect([callsOf('assets.list'), callsOf('intake.find')]).toEqual([1, 2]);
});

test('what a batch has completed needs no walk', async () => {
  await place.put(['a.mp4']);
  const { input } = await ingest('again');
  await inActivity(() => createGroupSteps(deps).releaseItems(input));
  expect(await walked({ ...input, start: 'another start' })).toBeNull();
  expect(callsOf('assets.list')).toBe(1);
});

describe('branches that the asset of a key has already', () => {
  const embed = { branch: { type: 'embed' } };
  const both = { branch: [{ type: 'embed' }, { type: 'index', indexId: 'i' }] };

  beforeEach(() => {
    deps = { ...deps, results: createFolderResultStore(`${place.listing.media}/../results`) };
  });

  async function embedded(): Promise<void> {
    const { input } = await ingest('first', embed);
    const steps = createGroupSteps(deps);
    await inActivity(() => steps.branchItems(input));
    await inActivity(() => steps.collectItems(input));
    await inActivity(() => steps.releaseItems(input));
    allEnded();
    await aMoment();
  }

  async function outcomeOf(batchId: string): Promise<ItemOutcome | undefined> {
    return createItemOutcomes(deps.batches.files, { owner: OWNER, batchId }).ofItem(0);
  }

  test('another batch does not take them again, and has their results', async () => {
    await place.put(['a.mp4', 'b.mp4']);
    await embedded();
    const { input } = await ingest('second', embed);
    const news = await inActivity(() => createGroupSteps(deps).branchItems(input));
    expect(news.due).toMatchObject({ branch: 0, collect: 0, release: 2 });
    await inActivity(() => createGroupSteps(deps).releaseItems(input));
    expect(callsOf('embed.start')).toBe(2);
    const [first, second] = [await outcomeOf('first'), await outcomeOf('second')];
    expect(second).toMatchObject({ outcome: 'completed', branches: first?.branches });
    expect(second?.branches?.[0]?.result?.uri).toMatch(/^file:/);
  });

  test('of many keys the outcomes of a group are read once, for claims and for branches', async () => {
    await place.put(names(30));
    await embedded();
    const isOpen = async (): Promise<boolean> => true; // as of a group that goes on for other items
    const { files } = deps.batches;
    const read: string[] = [];
    const reading = {
      ...files,
      read: (name: string) => {
        read.push(name);
        return files.read(name);
      },
    };
    deps = { ...deps, runs: { ...deps.runs, isOpen }, batches: { ...deps.batches, files: reading } };
    const readsOfFirst = (): string[] => read.filter((name) => /first.*outcomes/.test(name));
    const { input } = await ingest('second', embed);
    expect(readsOfFirst()).not.toEqual([]);
    expect(readsOfFirst()).toEqual([...new Set(readsOfFirst())]);
    read.length = 0;
    const news = await inActivity(() => createGroupSteps(deps).branchItems(input));
    expect(news.due).toMatchObject({ branch: 0, release: 30 });
    expect(readsOfFirst()).not.toEqual([]);
    expect(readsOfFirst()).toEqual([...new Set(readsOfFirst())]);
  });

  test('only those are taken that it does not have', async () => {
    await place.put(['a.mp4']);
    await embedded();
    const { input } = await ingest('second', both);
    await inActivity(() => createGroupSteps(deps).branchItems(input));
    expect([callsOf('embed.start'), callsOf('index.start')]).toEqual([1, 1]);
  });

  test('other options make another branch', async () => {
    await place.put(['a.mp4']);
    await embedded();
    const { input } = await ingest('second', { branch: { type: 'embed', scopes: ['asset'] } });
    await inActivity(() => createGroupSteps(deps).branchItems(input));
    expect(callsOf('embed.start')).toBe(2);
  });

  test('those of a single lifecycle count as well', async () => {
    await place.put(['a.mp4']);
    const key = `${place.listing.media}/a.mp4`;
    const { input } = await ingest('first');
    await inActivity(() => createGroupSteps(deps).releaseItems(input));
    allEnded();
    await aMoment();
    const claims = deps.batches.claims;
    const holder = await claims.holderOf({ owner: OWNER, provider: 'twelvelabs', key });
    if (!holder) throw new Error('nobody has the key');
    await claims.takeOver(holder, { workflowId: 'a single one', runId: 'its run' });
    const [assetId = ''] = provider.held.keys();
    const status: LifecycleStatus = {
      ...{ key, provider: 'twelvelabs', phase: 'completed', outcome: 'completed' },
      asset: { id: assetId, status: 'ready' },
      branch: {
        type: 'embed',
        status: 'ready',
        result: { uri: 'file:///r', sha256: '', bytes: 1, count: 1, dimensions: 2 },
      },
      timings: { startedAt: new Date().toISOString() },
    };
    const run = { runId: 'its run', status, earlier: undefined };
    const source = { type: 'file', path: key };
    const lastClosed = async () => ({ ...run, input: { key, source, ...embed } });
    deps = { ...deps, runs: { ...deps.runs, lastClosed } };
    const second = await ingest('second', embed);
    const news = await inActivity(() => createGroupSteps(deps).branchItems(second.input));
    expect(news.due).toMatchObject({ branch: 0, collect: 0, release: 1 });
    expect(callsOf('embed.start')).toBe(0);
    expect((await outcomeOf('second'))?.branches).toMatchObject([{ status: 'ready', result: { uri: 'file:///r' } }]);
  });
});
