import { createBatchSteps } from '../../../src/activities/batch/batch-steps';
import { createGroupSteps } from '../../../src/activities/batch/group-steps';
import type { GroupStepInput } from '../../../src/contracts/batch/groups';
import { failure } from '../../../src/contracts/failures';
import { createBatchFiles } from '../../../src/storage/batches/batch-files';
import { activityEnvironment, OWNER } from '../../support/activity-dependencies';
import { BatchPlace } from '../../support/batches/batch-place';
import { holdSubmissions } from '../../support/batches/held-submissions';
import { holdWaits } from '../../support/batches/held-waits';
import { listedGroup } from '../../support/batches/listed-group';

let place: BatchPlace;
beforeEach(async () => {
  place = await BatchPlace.make();
});
afterEach(async () => {
  jest.useRealTimers();
  await place.close();
});

const inActivity = <T>(work: () => Promise<T>): Promise<T> => activityEnvironment().run(work) as Promise<T>;

const listed = (files: readonly string[], each: object = {}, start = 'start-1'): Promise<GroupStepInput> =>
  listedGroup(place, files, { each, start });

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** The store’s files need these. */
const NOT_FAKED = ['setImmediate', 'nextTick', 'queueMicrotask', 'Date'] as const;

test('a step ends two minutes after its first item, and the next round takes the others', async () => {
  place.deps = { ...place.deps, runs: { ...place.deps.runs, isOpen: async () => true } };
  const input = await listed(['a.mp4', 'b.mp4', 'c.mp4']);
  const steps = createGroupSteps(place.deps);
  await inActivity(() => steps.submitItems(input));
  const { ready, waiting } = holdWaits(place);
  const [first = ''] = place.provider.held.keys();
  jest.useFakeTimers({ doNotFake: [...NOT_FAKED] });
  let ended = false;
  const step = inActivity(() => steps.settleItems(input)).finally(() => (ended = true));
  await until(() => waiting() === 3);
  await jest.advanceTimersByTimeAsync(10 * 60_000);
  expect(ended).toBe(false); // as long as none is ready, all are waited for
  ready((id) => id === first);
  await until(() => waiting() === 2);
  await jest.advanceTimersByTimeAsync(119_000);
  expect(ended).toBe(false);
  await jest.advanceTimersByTimeAsync(2000);
  expect((await step).due).toMatchObject({ settle: 2, release: 1 });
  jest.useRealTimers();
  const again = inActivity(() => steps.settleItems(input));
  await until(() => waiting() === 2);
  ready(() => true);
  expect((await again).due).toMatchObject({ settle: 0, release: 3 });
});

test('a step that finds its batch ended from outside leaves its waits and tells', async () => {
  const input = await listed(['a.mp4']);
  const steps = createGroupSteps(place.deps);
  await inActivity(() => steps.submitItems(input));
  const { waiting } = holdWaits(place);
  jest.useFakeTimers({ doNotFake: [...NOT_FAKED] });
  const step = inActivity(() => steps.settleItems(input));
  await until(() => waiting() === 1);
  await jest.advanceTimersByTimeAsync(61_000); // in this test Temporal knows no batch
  expect(await step).toMatchObject({ batchIsGone: true, due: { settle: 1 } });
});

test('an item whose deadline has passed fails alone, with a last look', async () => {
  const input = await listed(['a.mp4', 'b.mp4'], { deadlines: { ready: '1s' } });
  const steps = createGroupSteps(place.deps);
  await inActivity(() => steps.submitItems(input));
  const [first = '', second = ''] = place.provider.held.keys();
  (await place.provider.assets.get(first)).status = 'ready';
  expect(second).not.toBe('');
  holdWaits(place);
  const news = await inActivity(() => steps.settleItems(input));
  expect(news.due).toMatchObject({ release: 1, clean: 1 });
  const { failures } = await inActivity(() => steps.cleanItems(input));
  expect(failures).toMatchObject([{ error: { type: 'DeadlineExceeded' } }]);
});

const pictures = (count: number): string[] => Array.from({ length: count }, (_, nth) => `${100 + nth}.mp4`);

test('after a failure no item of any group is begun any more, and those that have begun end', async () => {
  const whole = { ...(await listed(pictures(60))), stopsAtFailure: true };
  const [one, other] = [
    { ...whole, end: 30 },
    { ...whole, from: 30, workflowId: 'asset-group:b:30', runId: 'run-2' },
  ];
  const steps = createGroupSteps(place.deps);
  const { came, letGo } = holdSubmissions(place);
  const both = [inActivity(() => steps.submitItems(one)), inActivity(() => steps.submitItems(other))];
  await until(() => came.length === 32);
  letGo(/^100/, failure('ProviderRejected', 'not this one'));
  const note = createBatchFiles(place.deps.batches.files, { owner: OWNER, batchId: 'b' });
  while (!(await note.hasFailure('start-1'))) await new Promise((resolve) => setImmediate(resolve));
  letGo();
  const [ofOne, ofOther] = await Promise.all(both);
  expect(ofOne).toMatchObject({ batchHasFailure: true, begun: 0, counts: { by: { processing: 15, pending: 14 } } });
  expect(ofOther).toMatchObject({ batchHasFailure: true, begun: 0, counts: { by: { processing: 16, pending: 14 } } });
  expect(came).toHaveLength(32);
  expect(await inActivity(() => steps.submitItems(other))).toMatchObject({ counts: { by: { pending: 14 } } });
  expect(came).toHaveLength(32);
  const nextStart = { ...other, start: 'start-2', runId: 'run-3' };
  const letting = setInterval(() => letGo(), 1);
  const again = await inActivity(() => steps.submitItems(nextStart)).finally(() => clearInterval(letting));
  expect(again).not.toHaveProperty('batchHasFailure');
  expect([came.length, place.provider.held.size]).toEqual([46, 45]); // what the earlier start made is adopted
});

test('a group of an earlier start begins nothing after a failure in a later one, and not the other way round', async () => {
  const earlier = { ...(await listed(['a.mp4', 'b.mp4'])), stopsAtFailure: true };
  await listed(['a.mp4', 'b.mp4'], {}, 'start-2');
  await listed(['a.mp4', 'b.mp4'], {}, 'start-2'); // another attempt
  const later = { ...earlier, start: 'start-2', runId: 'run-2' };
  const steps = createGroupSteps(place.deps);
  const batchSteps = createBatchSteps(place.deps);
  await inActivity(() => batchSteps.noteFailure(earlier));
  const { came, letGo } = holdSubmissions(place);
  const step = inActivity(() => steps.submitItems({ ...later, end: 1 }));
  await until(() => came.length === 1);
  letGo();
  expect(await step).not.toHaveProperty('batchHasFailure');
  await listed(['a.mp4', 'b.mp4'], {}, 'start-3');
  await inActivity(() => batchSteps.noteFailure({ ...earlier, start: 'start-3' }));
  const news = await inActivity(() => steps.submitItems({ ...later, from: 1 }));
  expect(news).toMatchObject({ batchHasFailure: true, begun: 0, counts: { by: { pending: 1 } } });
  expect(came).toHaveLength(1);
});

test('an item whose create was sent is tried again after the failure of another', async () => {
  const input = { ...(await listed(['a.mp4', 'b.mp4', 'c.mp4'])), stopsAtFailure: true };
  const steps = createGroupSteps(place.deps);
  const { came, letGo } = holdSubmissions(place);
  const step = inActivity(() => steps.submitItems(input));
  await until(() => came.length === 3);
  letGo(/^a/, failure('ProviderRejected', 'not this one'));
  letGo(/^b/, failure('OutcomeUnknown', 'no answer'));
  letGo();
  expect(await step).toMatchObject({ batchHasFailure: true, begun: 1, due: { submit: 1, settle: 1 } });
  const again = inActivity(() => steps.submitItems(input));
  await until(() => came.length === 4);
  letGo();
  expect(await again).toMatchObject({ begun: 0, due: { submit: 0, settle: 2 } });
  expect(came.slice(3)).toEqual(['b.mp4']);
});

test('a mistake in the code ends a step once what is under way has ended, and no further item is taken', async () => {
  const input = await listed(pictures(40));
  const steps = createGroupSteps(place.deps);
  const { came, letGo } = holdSubmissions(place);
  let hasEnded = false;
  const step = inActivity(() => steps.submitItems(input)).finally(() => (hasEnded = true));
  const refused = expect(step).rejects.toThrow('a mistake');
  await until(() => came.length === 16);
  letGo(/^100/, new TypeError('a mistake'));
  letGo(/^101/);
  await until(() => place.provider.held.size === 1);
  await new Promise((resolve) => setTimeout(resolve, 50)); // its lane would have taken another by now
  expect([came.length, hasEnded]).toEqual([16, false]);
  letGo();
  await refused;
  expect([came.length, place.provider.held.size]).toEqual([16, 15]);
  const letting = setInterval(() => letGo(), 1);
  const again = await inActivity(() => steps.submitItems(input)).finally(() => clearInterval(letting));
  expect(again).toMatchObject({ counts: { by: { processing: 40 } } });
  expect(place.provider.held.size).toBe(40);
});

test('a mistake in the code while others are waited for leaves their waits', async () => {
  const input = await listed(['a.mp4', 'b.mp4', 'c.mp4']);
  const steps = createGroupSteps(place.deps);
  await inActivity(() => steps.submitItems(input));
  const { waiting } = holdWaits(place);
  const { watcher } = place.deps.accounts.twelvelabs ?? {};
  if (!watcher) throw new Error('no account');
  const { until: wait } = watcher;
  let waits = 0;
  watcher.until = async (...call) => {
    if (++waits < 3) return wait(...call);
    throw new TypeError('a mistake');
  };
  await expect(inActivity(() => steps.settleItems(input))).rejects.toThrow('a mistake');
  expect(waiting()).toBe(0);
});
