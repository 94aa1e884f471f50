import { stopNamed } from '../../../src/activities/batch/clean-item';
import { createGroupSteps } from '../../../src/activities/batch/group-steps';
import type { ItemTurn } from '../../../src/activities/batch/item-step';
import type { GroupNews, GroupStepInput } from '../../../src/contracts/batch/groups';
import type { ItemOutcome } from '../../../src/contracts/batch/item-outcome';
import { failure } from '../../../src/contracts/failures';
import { createItemOutcomes } from '../../../src/storage/batches/item-outcomes';
import { activityEnvironment, OWNER } from '../../support/activity-dependencies';
import { BatchPlace } from '../../support/batches/batch-place';
import { listedGroup } from '../../support/batches/listed-group';

let place: BatchPlace;
let input: GroupStepInput;
beforeEach(async () => {
  place = await BatchPlace.make();
  input = await listedGroup(place, ['a.mp4', 'b.mp4']);
});
afterEach(() => place.close());

const steps = () => createGroupSteps(place.deps);
const inActivity = <T>(work: () => Promise<T>): Promise<T> => activityEnvironment().run(work) as Promise<T>;

async function complete(): Promise<void> {
  await inActivity(() => steps().submitItems(input));
  await inActivity(() => steps().settleItems(input));
  expect((await inActivity(() => steps().releaseItems(input))).counts.by).toEqual({ completed: 2 });
}

const stop = (how: { outcome: 'cancelled' | 'deleted' }): Promise<GroupNews> =>
  inActivity(() => steps().stopItems({ ...input, ...how, policy: 'force-delete', items: [0] }));

const outcomeOf = (item: number): Promise<ItemOutcome | undefined> =>
  createItemOutcomes(place.deps.batches.files, { owner: OWNER, batchId: 'b' }).ofItem(item);

test('force removes what an item has made that had completed, and the others keep theirs', async () => {
  await complete();
  expect((await stop({ outcome: 'deleted' })).counts.by).toEqual({ deleted: 1, completed: 1 });
  expect(await outcomeOf(0)).toMatchObject({ receipt: { policy: 'force-delete', entries: [{ result: 'deleted' }] } });
  expect(place.provider.held.size).toBe(1);
  expect((await stop({ outcome: 'deleted' })).counts.by).toEqual({ deleted: 1, completed: 1 });
});

test('a cancel leaves an item as it is that had ended', async () => {
  await complete();
  expect((await stop({ outcome: 'cancelled' })).counts.by).toEqual({ completed: 2 });
  expect(place.provider.held.size).toBe(2);
});

test('what could not be removed of it at once is removed by a later step', async () => {
  await complete();
  place.provider.failNext('assets.remove by force', failure('ProviderUnavailable', '503'));
  await expect(stop({ outcome: 'deleted' })).rejects.toThrow('503');
  const { counts } = await inActivity(() => steps().cleanItems(input));
  expect(counts.by).toEqual({ deleted: 1, completed: 1 });
  expect(place.provider.held.size).toBe(1);
});

test('an item whose key somebody else has by now stays as it was, with all that the key has', async () => {
  await complete();
  const key = { owner: OWNER, provider: 'twelvelabs', key: (await outcomeOf(0))?.key ?? '' } as const;
  const holder = await place.deps.batches.claims.holderOf(key);
  if (!holder) throw new Error('nobody has the key');
  await place.deps.batches.claims.takeOver(holder, { workflowId: 'the other', runId: 'its run' });
  expect((await stop({ outcome: 'deleted' })).counts.by).toEqual({ completed: 2 });
  expect(place.provider.held.size).toBe(2);
});

test('what force had left over is of whoever has the key by now, and fails no later removal', async () => {
  await complete();
  place.provider.failNext('assets.remove by force', failure('ProviderAuth', '401: the key was revoked'));
  expect(await stop({ outcome: 'deleted' })).toMatchObject({ leftOver: 1, counts: { by: { failed: 1 } } });
  const key = { owner: OWNER, provider: 'twelvelabs', key: (await outcomeOf(0))?.key ?? '' } as const;
  const holder = await place.deps.batches.claims.holderOf(key);
  if (!holder) throw new Error('nobody has the key');
  await place.deps.batches.claims.takeOver(holder, { workflowId: 'the other', runId: 'its run' });
  const news = await stop({ outcome: 'deleted' });
  expect(news.leftOver).toBeUndefined();
  expect(news.counts.by).toEqual({ failed: 1, completed: 1 });
  const words = expect.stringMatching(/^somebody else has the key by now; .*401: the key was revoked/);
  expect((await outcomeOf(0))?.receipt?.entries).toMatchObject([{ result: 'kept', because: words }]);
  expect(place.provider.held.size).toBe(2);
});

test('an item is what it was before if somebody takes its key between two attempts', async () => {
  await complete();
  const before = await outcomeOf(0);
  place.provider.failNext('assets.remove by force', failure('ProviderUnavailable', '503'));
  await expect(stop({ outcome: 'deleted' })).rejects.toThrow('503');
  const { claims } = place.deps.batches;
  const holder = await claims.holderOf({ owner: OWNER, provider: 'twelvelabs', key: before?.key ?? '' });
  if (!holder) throw new Error('nobody has the key');
  await claims.takeOver(holder, { workflowId: 'the other', runId: 'its run' });
  expect((await inActivity(() => steps().cleanItems(input))).counts.by).toEqual({ completed: 2 });
  expect(await outcomeOf(0)).toEqual(before);
  expect(place.provider.held.size).toBe(2);
});

test('an item that had ended takes its key again before it is removed, so that nobody else does', async () => {
  await complete();
  const key = { owner: OWNER, provider: 'twelvelabs', key: (await outcomeOf(0))?.key ?? '' };
  const { claims } = place.deps.batches;
  const looked = await claims.holderOf(key); // by somebody who wants the key, and sees that its group has ended
  place.deps = { ...place.deps, runs: { ...place.deps.runs, isOpen: async () => true } };
  const again = { ...input, runId: 'a later run', deletes: {} };
  await inActivity(() => steps().stopItems({ ...again, outcome: 'deleted', policy: 'force-delete', items: [0] }));
  if (!looked) throw new Error('nobody has the key');
  const attempt = await claims.takeOver(looked, { workflowId: 'the other', runId: 'its run' });
  expect(attempt).toMatchObject({ claimed: false, holder: { by: { runId: 'a later run', item: 0 } } });
});

test('an item that had ended takes its key again also in the run that has it', async () => {
  await complete();
  const key = { owner: OWNER, provider: 'twelvelabs', key: (await outcomeOf(0))?.key ?? '' };
  const { claims } = place.deps.batches;
  const looked = await claims.holderOf(key); // by somebody who wants the key, and sees that the item has ended
  await stop({ outcome: 'deleted' });
  if (!looked) throw new Error('nobody has the key');
  const attempt = await claims.takeOver(looked, { workflowId: 'the other', runId: 'its run' });
  expect(attempt).toMatchObject({ claimed: false, holder: { by: { item: 0, removes: true } } });
  if (attempt.claimed) throw new Error('it was claimed');
  expect(await claims.takeOver(attempt.holder, { workflowId: 'the other' })).toMatchObject({ claimed: true });
});

test('one that cannot be removed at once keeps no other from its submission', async () => {
  await complete();
  const { files } = place.deps.batches;
  const other = await outcomeOf(1);
  if (!other) throw new Error('there is no other');
  const work = { runId: input.runId, since: '2026-11-01T00:00:00Z', made: [], turns: 1 };
  const creating: ItemOutcome = { ...other, phase: 'creating', outcome: undefined, work };
  await createItemOutcomes(files, { owner: OWNER, batchId: 'b' }).write({ from: 0, end: 2 }, [creating]);
  place.provider.failNext('assets.remove by force', failure('ProviderUnavailable', '503'));
  expect((await stop({ outcome: 'deleted' })).due).toMatchObject({ clean: 1, submit: 1 });
});

test('a cancel does not soften a force that was asked for before', async () => {
  await complete();
  place.provider.failNext('assets.remove by force', failure('ProviderUnavailable', '503'));
  await expect(stop({ outcome: 'deleted' })).rejects.toThrow('503');
  const cancel = { ...input, outcome: 'cancelled' as const, policy: 'keep' as const, items: [0] };
  await inActivity(() => steps().stopItems(cancel));
  expect((await inActivity(() => steps().cleanItems(input))).counts.by).toMatchObject({ completed: 1 });
  expect(place.provider.held.size).toBe(1);
});

test('an item that has begun and made nothing ends as it is told, though nobody comes to it', () => {
  const work = { runId: 'r', since: '2026-11-01T00:00:00Z', made: [], turns: 1 };
  const record: ItemOutcome = { item: 0, key: 'k', phase: 'pending', of: 'start-1', work };
  const step = stopNamed({ outcome: 'cancelled', policy: 'delete', reason: 'enough' }, [0]);
  const turn = { record, item: { item: 0, key: 'k' }, group: input } as unknown as ItemTurn;
  expect(step.begin?.(turn)).toEqual({
    ...{ item: 0, key: 'k', of: 'start-1', phase: 'cancelled', outcome: 'cancelled', reason: 'enough' },
    receipt: { policy: 'delete', entries: [] },
  });
});

test('what had completed in an earlier start, and is deleted, is not made again by this one', async () => {
  await complete();
  const later = { ...input, start: 'start-2' };
  await inActivity(() => steps().stopItems({ ...later, outcome: 'deleted', policy: 'force-delete', items: [0] }));
  const { due, counts } = await inActivity(() => steps().cleanItems(later));
  expect([due.submit, counts.by]).toEqual([0, { deleted: 1, completed: 1 }]);
});

test('a stop of the group ends an item as was asked for it alone, unless it is by force', async () => {
  for (const [outcome, ended] of [
    ['cancelled', 'deleted'],
    ['deleted', 'deleted'],
  ] as const) {
    await inActivity(() => steps().submitItems(input));
    place.provider.failNext('assets.remove by force', failure('ProviderUnavailable', '503'));
    expect((await stop({ outcome: 'deleted' })).due).toMatchObject({ clean: 1, settle: 1 });
    const group = { ...input, outcome, policy: 'keep' as const, reason: 'of the group' };
    const { counts } = await inActivity(() => steps().stopItems(group));
    expect(counts.by).toEqual(outcome === ended ? { deleted: 2 } : { deleted: 1, cancelled: 1 });
    expect(await outcomeOf(0)).toMatchObject({ outcome: ended });
    await place.close();
    place = await BatchPlace.make();
    input = await listedGroup(place, ['a.mp4', 'b.mp4']);
  }
});

test('all items that are named are to end, also where there is time for few', async () => {
  const files = Array.from({ length: 40 }, (_, nth) => `${100 + nth}.mp4`);
  const many = await listedGroup(place, files, { batchId: 'many' });
  await inActivity(() => steps().submitItems(many));
  const items = files.map((_, nth) => nth).slice(0, 39);
  const { assets } = place.provider;
  const remove = assets.remove.bind(assets);
  let began = 0;
  const letters: (() => void)[] = [];
  assets.remove = async (...args) => {
    began += 1;
    if (began > 1) await new Promise<void>((resolve) => letters.push(resolve));
    return remove(...args);
  };
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'], now: Date.now() });
  const stopping = inActivity(() => steps().stopItems({ ...many, outcome: 'cancelled', policy: 'delete', items }));
  while (letters.length < 16) await new Promise((resolve) => setImmediate(resolve));
  await jest.advanceTimersByTimeAsync(2 * 60_000); // others go on
  jest.useRealTimers();
  assets.remove = remove;
  for (const letGo of letters) letGo();
  const { due } = await stopping;
  expect(due).toMatchObject({ settle: 3 });
  expect(due.clean).toBeGreaterThan(10);
  expect((await inActivity(() => steps().cleanItems(many))).counts.by).toEqual({ cancelled: 39, processing: 3 });
});
