import { createBatchSteps } from '../../../src/activities/batch/batch-steps';
import { createGroupSteps } from '../../../src/activities/batch/group-steps';
import { acceptBatch } from '../../../src/batch/accept-batch';
import type { GroupStepInput } from '../../../src/contracts/batch/groups';
import type { Handle } from '../../../src/contracts/branches/handle';
import { activityEnvironment } from '../../support/activity-dependencies';
import { BatchPlace } from '../../support/batches/batch-place';

let place: BatchPlace;
beforeEach(async () => {
  place = await BatchPlace.make();
});
afterEach(async () => {
  jest.useRealTimers();
  await place.close();
});

const inActivity = <T>(work: () => Promise<T>): Promise<T> => activityEnvironment().run(work) as Promise<T>;

async function listed(files: readonly string[], each: object = {}): Promise<GroupStepInput> {
  const input = await place.put(files);
  const batch = { ...acceptBatch({ batchId: 'b', ...input, each: { ...input.each, ...each } }), batchId: 'b' };
  const list = await inActivity(() => createBatchSteps(place.deps).listItems({ batch, start: 'start-1' }));
  const { batchId, storeId, start } = list;
  const group = { workflowId: 'asset-group:b:0', runId: 'run-1', batchWorkflowId: 'asset-batch:b' };
  return { ...group, stopsAtFailure: false, batchId, storeId, start, provider: 'twelvelabs', from: 0, end: list.items };
}

/** From now on no wait ends by itself; gives what lets those go that wait for the given assets. */
function holdWaits(): { ready: (handle: (id: string) => boolean) => void; waiting: () => number } {
  const { watcher, provider } = place.deps.accounts.twelvelabs ?? {};
  if (!watcher || !provider) throw new Error('no account');
  const waits = new Map<string, () => void>();
  watcher.until = (handle: Handle, options) =>
    new Promise((resolve, reject) => {
      waits.set(handle.id, () => {
        waits.delete(handle.id);
        void provider.assets.get(handle.id).then((asset) => resolve({ handle, state: 'ready', asset }));
      });
      options?.signal?.addEventListener('abort', () => {
        waits.delete(handle.id);
        reject(new Error('left'));
      });
    });
  return {
    ready: (isSo) => [...waits].forEach(([id, end]) => isSo(id) && end()),
    waiting: () => waits.size,
  };
}

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
  const { ready, waiting } = holdWaits();
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
  const { waiting } = holdWaits();
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
  holdWaits();
  const news = await inActivity(() => steps.settleItems(input));
  expect(news.due).toMatchObject({ release: 1, clean: 1 });
  const { failures } = await inActivity(() => steps.cleanItems(input));
  expect(failures).toMatchObject([{ error: { type: 'DeadlineExceeded' } }]);
});
