import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { MockActivityEnvironment } from '@temporalio/testing';
import { createBatchSteps } from '../../../src/activities/batch/batch-steps';
import { createGroupSteps } from '../../../src/activities/batch/group-steps';
import type { ActivityDependencies } from '../../../src/activities/dependencies';
import type { GroupNews, GroupStepInput } from '../../../src/contracts/batch/groups';
import { failure } from '../../../src/contracts/failures';
import { tagFields } from '../../../src/contracts/resource';
import { activityEnvironment, OWNER } from '../../support/activity-dependencies';
import { createItemOutcomes } from '../../../src/storage/batches/item-outcomes';
import type { KeyClaims } from '../../../src/storage/batches/key-claims';
import { createFolderResultStore } from '../../../src/storage/results/folder-result-store';
import { BatchPlace } from '../../support/batches/batch-place';
import { listedGroup } from '../../support/batches/listed-group';
import type { MemoryProvider } from '../../support/memory-provider';
import { until } from '../../support/until';

let place: BatchPlace;
let provider: MemoryProvider;
let deps: ActivityDependencies;
beforeEach(async () => {
  place = await BatchPlace.make();
  ({ provider, deps } = place);
});
afterEach(() => place.close());

const inActivity = <T>(
  work: () => Promise<T>,
  environment: MockActivityEnvironment = activityEnvironment(),
): Promise<T> => environment.run(work) as Promise<T>;

const listed = (files: readonly string[], each: object = {}, batchId = 'b'): Promise<GroupStepInput> =>
  listedGroup(place, files, { each, batchId });

async function toTheEnd(input: GroupStepInput): Promise<GroupNews> {
  const steps = createGroupSteps(deps);
  let news = await inActivity(() => steps.submitItems(input));
  news = await inActivity(() => steps.settleItems(input));
  if (news.due.branch > 0) news = await inActivity(() => steps.branchItems(input));
  return inActivity(() => steps.releaseItems(input));
}

test('items become assets of the group, and are let go of', async () => {
  const input = await listed(['a.mp4', 'b.mp4', 'c.mp4']);
  expect(await toTheEnd(input)).toMatchObject({ counts: { items: 3, by: { completed: 3 } }, failures: [] });
  expect(provider.held.size).toBe(3);
});

test('groups that an earlier start has left running are found, from an item on', async () => {
  const input = await listed(['a.mp4', 'b.mp4']);
  await toTheEnd(input);
  const { batchId, end } = input;
  const running = { ...deps, runs: { ...deps.runs, isOpen: async (id: string) => id === 'asset-group:b:0' } };
  const find = (its: ActivityDependencies, from: number) =>
    inActivity(() => createBatchSteps(its).findEarlierGroups({ batchId, provider: 'twelvelabs', from }));
  expect(await find(running, 0)).toEqual([{ from: 0, end }]);
  expect([await find(running, end), await find(deps, 0)]).toEqual([[], []]);
});

test('of groups that may run, sixteen at a time are looked at', async () => {
  const { batchId, storeId, start } = await listed(Array.from({ length: 40 }, (_, nth) => `${nth}.mp4`));
  const ref = { batchId, storeId, start, provider: 'twelvelabs' };
  const groups = Array.from({ length: 40 }, (_, nth) => ({ from: nth, end: nth + 1 }));
  const outcomes = createItemOutcomes(deps.batches.files, { owner: OWNER, batchId });
  for (const group of groups) await outcomes.begin(group);
  let asked = 0;
  const askedAtOnce: number[] = [];
  const isOpen = async (): Promise<boolean> => {
    askedAtOnce.push(++asked);
    await new Promise(setImmediate);
    asked -= 1;
    return true;
  };
  const steps = createBatchSteps({ ...deps, runs: { ...deps.runs, isOpen } });
  const found = await inActivity(() => steps.findEarlierGroups({ ...ref, from: 1 }));
  expect([found, Math.max(...askedAtOnce)]).toEqual([groups.slice(1), 16]);
  askedAtOnce.length = 0;
  const looks = await inActivity(() => steps.lookAtGroups({ ...ref, groups }));
  expect(looks.map(({ from, end, open }) => ({ from, end, open }))).toEqual(
    groups.map((group) => ({ ...group, open: true })),
  );
  expect(Math.max(...askedAtOnce)).toBe(16);
});

test('what has become of the items of an earlier start’s group is taken over, and only that', async () => {
  const { batchId, storeId, end } = await listed(['a.mp4', 'b.mp4', 'c.mp4', 'd.mp4']);
  const slice = { from: 0, end };
  const outcomes = createItemOutcomes(deps.batches.files, { owner: OWNER, batchId });
  const failed = { key: 'k', phase: 'failed', outcome: 'failed' } as const;
  await outcomes.write(slice, [
    { ...failed, item: 0, of: 'start-2' },
    { ...failed, item: 1, of: 'start-1' },
    { key: 'k', item: 2, of: 'start-2', phase: 'creating' },
  ]);
  const ref = { batchId, storeId, provider: 'twelvelabs', start: 'start-3' };
  const steps = createBatchSteps(deps);
  const groups = [{ ...slice, start: 'start-2' }];
  await inActivity(() => steps.takeOverOutcomes({ ...ref, groups }));
  await inActivity(() => steps.takeOverOutcomes({ ...ref, groups }));
  const starts = [...(await outcomes.read(slice)).values()].map(({ item, of }) => [item, of]);
  expect(starts).toEqual([
    [0, 'start-3'],
    [1, 'start-1'],
    [2, 'start-2'],
  ]);
  const [look] = await inActivity(() => steps.lookAtGroups({ ...ref, groups: [slice] }));
  expect(look?.counts.by).toEqual({ failed: 1, pending: 3 });
});

test('the close tells what had completed of items that the start has not come to', async () => {
  const { batchId, storeId } = await listed(['a.mp4', 'b.mp4', 'c.mp4', 'd.mp4', 'e.mp4', 'f.mp4']);
  const outcomes = createItemOutcomes(deps.batches.files, { owner: OWNER, batchId });
  const completed = { key: 'k', phase: 'completed', outcome: 'completed', of: 'start-1', sizeBytes: 5 } as const;
  const failed = { key: 'k', phase: 'failed', outcome: 'failed', of: 'start-1' } as const;
  const all = [0, 1, 2].map((item) => ({ ...completed, item }));
  await outcomes.write({ from: 0, end: 2 }, all.slice(0, 2));
  await outcomes.write({ from: 2, end: 4 }, [...all.slice(2), { ...failed, item: 3 }]);
  await outcomes.write({ from: 4, end: 6 }, [{ ...completed, item: 4 }]);
  const ref = { batchId, storeId, provider: 'twelvelabs', start: 'start-2' };
  const steps = createBatchSteps(deps);
  const close = (rest?: { from: number; end: number }[]) => inActivity(() => steps.closeBatch({ ...ref, rest }));
  expect(await close([{ from: 1, end: 4 }])).toEqual({ items: 2, by: { completed: 2 }, bytes: 10 });
  expect(
    await close([
      { from: 0, end: 1 },
      { from: 4, end: 6 },
    ]),
  ).toMatchObject({ by: { completed: 2 } });
  expect(await close()).toBeUndefined();
});

test('a step that is repeated makes nothing twice', async () => {
  const input = await listed(['a.mp4', 'b.mp4']);
  const steps = createGroupSteps(deps);
  await inActivity(() => steps.submitItems(input));
  const news = await inActivity(() => steps.submitItems(input));
  expect(news.due).toMatchObject({ submit: 0, settle: 2 });
  expect(provider.held.size).toBe(2);
});

test('an attempt after one that was killed adopts what that one made', async () => {
  const input = await listed(['a.mp4', 'b.mp4']);
  const steps = createGroupSteps(deps);
  const lost = { ...deps, batches: { ...deps.batches, files: forgetful(deps.batches.files) } };
  await inActivity(() => createGroupSteps(lost).submitItems(input));
  expect(provider.held.size).toBe(2);
  const news = await inActivity(() => steps.submitItems(input), activityEnvironment({ attempt: 2 }));
  expect(news.due).toMatchObject({ submit: 0, settle: 2 });
  expect(provider.held.size).toBe(2);
});

test('a stop also cleans up after a killed attempt where the next one was stopped before it came to the items', async () => {
  const input = await listed(['a.mp4', 'b.mp4']);
  const lost = { ...deps, batches: { ...deps.batches, files: forgetful(deps.batches.files) } };
  await inActivity(() => createGroupSteps(lost).submitItems(input));
  expect(provider.held.size).toBe(2);
  const again = activityEnvironment({ attempt: 2 });
  const { files } = deps.batches;
  const create = (name: string, content: string): Promise<boolean> => {
    if (name.includes('/outcomes/')) again.cancel(); // it has begun the items, and taken none
    return files.create(name, content);
  };
  const stopped = { ...deps, batches: { ...deps.batches, files: { ...files, create } } };
  await expect(inActivity(() => createGroupSteps(stopped).submitItems(input), again)).rejects.toThrow();
  const { counts } = await inActivity(() => createGroupSteps(deps).stopItems({ ...input, outcome: 'cancelled' }));
  expect(counts.by).toEqual({ cancelled: 2 });
  expect(provider.held.size).toBe(0);
});

test('after a death only those items are looked for that had begun', async () => {
  const files = Array.from({ length: 40 }, (_, nth) => `${nth}.mp4`);
  const input = await listed(files);
  const found = { name: 'walk', since: new Date().toISOString(), complete: true };
  provider.assets.list = () => Promise.reject(new Error('the walk has told what there was'));
  const { claims } = deps.batches;
  const begun = 16;
  const asked: ((error: Error) => void)[] = [];
  const claim = (): Promise<never> => new Promise((_, reject) => asked.push(reject)); // as if killed here
  const claimNew = async (): Promise<Set<number>> => new Set();
  const batches = { ...deps.batches, claims: { ...claims, claim, claimNew } };
  const killed = inActivity(() => createGroupSteps({ ...deps, batches }).submitItems({ ...input, found }));
  await until(() => asked.length === begun);
  const outcomes = createItemOutcomes(deps.batches.files, { owner: OWNER, batchId: 'b' });
  expect((await outcomes.read(input)).size).toBe(begun);
  provider.calls.length = 0;
  const again = activityEnvironment({ attempt: 2 });
  const news = await inActivity(() => createGroupSteps(deps).submitItems({ ...input, found }), again);
  expect(news.due).toMatchObject({ submit: 0, settle: 40 });
  expect(provider.calls.filter((call) => call === 'intake.find')).toHaveLength(begun);
  expect(provider.held.size).toBe(40);
  for (const reject of asked) reject(failure('WorkerStopping', 'it was alive after all'));
  await expect(killed).rejects.toMatchObject({ type: 'WorkerStopping' });
  expect(provider.held.size).toBe(40);
});

test('keys that nobody ever had are claimed together, before the first of their assets is made', async () => {
  const { claims } = deps.batches;
  const keys = Array.from({ length: 40 }, (_, nth) => `${place.listing.media}/${nth}.mp4`);
  const keyed = keys.map((key) => ({ owner: OWNER, provider: 'twelvelabs' as const, key }));
  const [had] = keyed;
  if (had) await claims.claim(had, { workflowId: 'has ended' });
  const input = await listed(keys.map((key) => path.basename(key)));
  const alone: string[] = [];
  const madeBefore: number[] = [];
  const watched: KeyClaims = {
    ...claims,
    claim: (key, by) => {
      alone.push(key.key);
      return claims.claim(key, by);
    },
    claimNew: (items, by) => {
      madeBefore.push(provider.held.size);
      return claims.claimNew(items, by);
    },
  };
  const batches = { ...deps.batches, claims: watched };
  const news = await inActivity(() => createGroupSteps({ ...deps, batches }).submitItems(input));
  expect(news.due).toMatchObject({ submit: 0, settle: 40 });
  expect(alone).toEqual(keys.slice(0, 1));
  expect(madeBefore[0]).toBe(0);
  expect(madeBefore.length).toBeLessThanOrEqual(40 / 4);
  const holders = await Promise.all(keyed.map((key) => claims.holderOf(key)));
  expect(new Set(holders.map((claim) => claim?.by.item)).size).toBe(40);
  expect(new Set(holders.map((claim) => claim?.by.workflowId))).toEqual(new Set([input.workflowId]));
});

test('an attempt that another one has followed ends before it makes more', async () => {
  const input = await listed(['a.mp4', 'b.mp4']);
  const outcomes = createItemOutcomes(deps.batches.files, { owner: OWNER, batchId: 'b' });
  const first = await outcomes.open(input);
  const second = await outcomes.open(input);
  const record = { item: 0, key: 'a', phase: 'creating' as const };
  await second.write([record]);
  await expect(first.write([{ ...record, item: 1 }])).rejects.toMatchObject({ type: 'WorkerStopping' });
  await second.write([{ ...record, item: 1 }]);
});

test('the final failure of one is its own, and what can be tried again stays due', async () => {
  const input = await listed(['a.mp4', 'b.mp4', 'c.mp4']);
  provider.failNext('intake.submit of one', failure('ProviderRejected', 'not this one'));
  provider.failNext('intake.submit of one', failure('RateLimited', 'not so fast'));
  const news = await inActivity(() => createGroupSteps(deps).submitItems(input));
  expect(news.due).toMatchObject({ submit: 1, settle: 1, clean: 0 });
  expect(news.failures).toMatchObject([{ error: { type: 'ProviderRejected', message: 'not this one' } }]);
});

test('a key of somebody who is at work is left alone', async () => {
  const input = await listed(['a.mp4', 'b.mp4']);
  const key = `${place.listing.media}/a.mp4`;
  await deps.batches.claims.claim({ owner: OWNER, provider: 'twelvelabs', key }, { workflowId: 'the other' });
  deps = { ...deps, runs: { ...deps.runs, isOpen: async (id) => id === 'the other' } };
  await inActivity(() => createGroupSteps(deps).submitItems(input));
  const news = await inActivity(() => createGroupSteps(deps).cleanItems(input));
  expect(news.failures).toMatchObject([{ key, error: { type: 'KeyInUse' } }]);
  expect(provider.held.size).toBe(1);
});

test('what the holder of a key has made stays, however the item that came second is to clean up', async () => {
  const input = await listed(['a.mp4'], { cleanup: { onFailure: 'force-delete' } });
  const key = `${place.listing.media}/a.mp4`;
  const by = { workflowId: 'the other', runId: 'its run' };
  await deps.batches.claims.claim({ owner: OWNER, provider: 'twelvelabs', key }, by);
  const tag = { key, ...by, owner: OWNER, onCancel: 'delete', onFailure: 'delete' } as const;
  provider.addAsset({ id: 'of the other', metadata: tagFields(tag) });
  deps = { ...deps, runs: { ...deps.runs, isOpen: async (id) => id === 'the other' } };
  const news = await inActivity(() => createGroupSteps(deps).submitItems(input));
  expect(news).toMatchObject({ due: { clean: 0 }, failures: [{ key, error: { type: 'KeyInUse' } }] });
  expect([...provider.held.keys()]).toEqual(['of the other']);
});

test('an item that was begun and never claimed its key removes nothing of the key', async () => {
  const input = await listed(['a.mp4']);
  const key = `${place.listing.media}/a.mp4`;
  const { runId, workflowId, start } = input;
  const own = { key, workflowId, runId, onCancel: 'delete', onFailure: 'delete' } as const;
  const work = { runId, since: '2026-01-01T00:00:00Z', made: [{ kind: 'asset', adopted: false, tag: own } as const] };
  const outcomes = createItemOutcomes(deps.batches.files, { owner: OWNER, batchId: 'b' });
  await outcomes.write({ from: 0, end: 1 }, [{ item: 0, key, of: start, phase: 'creating', work }]);
  const by = { workflowId: 'the other', runId: 'its run' };
  await deps.batches.claims.claim({ owner: OWNER, provider: 'twelvelabs', key }, by);
  provider.addAsset({ id: 'of the other', metadata: tagFields({ ...own, ...by, owner: OWNER }) });
  const news = await inActivity(() =>
    createGroupSteps(deps).stopItems({ ...input, outcome: 'deleted', policy: 'force-delete' }),
  );
  expect(news.counts.by).toEqual({ deleted: 1 });
  expect([...provider.held.keys()]).toEqual(['of the other']);
});

test('what is under way is removed by a stop, and the receipt is in the outcome', async () => {
  const input = await listed(['a.mp4', 'b.mp4']);
  const steps = createGroupSteps(deps);
  await inActivity(() => steps.submitItems(input));
  const news = await inActivity(() => steps.stopItems({ ...input, outcome: 'cancelled' }));
  expect(news.counts.by).toEqual({ cancelled: 2 });
  expect(provider.held.size).toBe(0);
});

test('of those that are named only they end, also one that was never begun', async () => {
  const input = await listed(['a.mp4', 'b.mp4', 'c.mp4']);
  const steps = createGroupSteps(deps);
  await inActivity(() => steps.submitItems({ ...input, end: 2 }));
  const stop = { ...input, outcome: 'cancelled', reason: 'a test' } as const;
  const news = await inActivity(() => steps.stopItems({ ...stop, end: 2, items: [0] }));
  expect(news).toMatchObject({ counts: { by: { cancelled: 1, processing: 1 } }, due: { settle: 1 } });
  const third = { from: 2, end: 3, items: [2] };
  expect((await inActivity(() => steps.stopItems({ ...stop, ...third }))).counts.by).toEqual({ cancelled: 1 });
  expect(provider.held.size).toBe(1);
});

test('a stop that could not end an item is tried again, though it ended the others', async () => {
  const input = await listed(['a.mp4', 'b.mp4']);
  const steps = createGroupSteps(deps);
  await inActivity(() => steps.submitItems(input));
  provider.failNext('assets.remove', failure('ProviderUnavailable', '503'));
  const stop = () => inActivity(() => steps.stopItems({ ...input, outcome: 'cancelled' }));
  await expect(stop()).rejects.toMatchObject({ type: 'ProviderUnavailable' });
  expect((await stop()).counts.by).toEqual({ cancelled: 2 });
  expect(provider.held.size).toBe(0);
});

test('each item has a result of its own', async () => {
  const folder = `${place.listing.media}/../results`;
  deps = { ...deps, results: createFolderResultStore(folder) };
  const input = await listed(['a.mp4', 'b.mp4'], { branch: { type: 'embed' } });
  const steps = createGroupSteps(deps);
  await inActivity(() => steps.submitItems(input));
  await inActivity(() => steps.settleItems(input));
  await inActivity(() => steps.branchItems(input));
  const collected = await inActivity(() => steps.collectItems(input));
  expect(collected.due).toMatchObject({ branch: 0, collect: 0, release: 2, clean: 0 });
  expect(await readdir(folder)).toHaveLength(2);
});

test('a branch that an item of an earlier batch has ready is not taken again, and one with another input is', async () => {
  deps = { ...deps, results: createFolderResultStore(`${place.listing.media}/../results`) };
  const run = async (batchId: string, branch: object): Promise<void> => {
    const input = await listed(['a.mp4', 'b.mp4'], { branch }, batchId);
    const steps = createGroupSteps(deps);
    await inActivity(() => steps.submitItems(input));
    await inActivity(() => steps.settleItems(input));
    const branched = await inActivity(() => steps.branchItems(input));
    if (branched.due.collect > 0) await inActivity(() => steps.collectItems(input));
    expect((await inActivity(() => steps.releaseItems(input))).counts.by).toEqual({ completed: 2 });
  };
  const started = (): number => provider.tasks.size;
  await run('first', { type: 'embed' });
  expect(started()).toBe(2);
  await run('second', { type: 'embed' });
  expect(started()).toBe(2);
  await run('third', { type: 'embed', scopes: ['asset'] });
  expect(started()).toBe(4);
  await run('fourth', { type: 'embed' });
  expect(started()).toBe(4);
});

test('a worker with another store refuses the group', async () => {
  const input = await listed(['a.mp4']);
  const elsewhere = inActivity(() => createGroupSteps(deps).submitItems({ ...input, storeId: 'another' }));
  await expect(elsewhere).rejects.toMatchObject({ type: 'InvalidRequest', message: /is another store/ });
});

/** Files of which the second write of outcomes is lost, as a kill may lose it. */
function forgetful(files: ActivityDependencies['batches']['files']): typeof files {
  let writes = 0;
  return {
    ...files,
    create: async (name, content) => {
      if (!name.includes('/outcomes/')) return files.create(name, content);
      writes += 1;
      return writes === 1 ? files.create(name, content) : true;
    },
  };
}
