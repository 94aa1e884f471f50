import type { WorkflowHandle } from '@temporalio/client';
import {
  ASSET_GROUP,
  batchWorkflowId,
  callTaskQueue,
  fileTaskQueue,
  objectTaskQueue,
  waitTaskQueue,
} from '../../../src/contracts/ids';
import { failure } from '../../../src/contracts/failures';
import type { GroupEnd, GroupInput } from '../../../src/contracts/batch/groups';
import { fakeBatch, newsOfAll } from '../../support/batches/fake-batch';
import { resultOf, startBatch, startGroup } from '../../support/batches/started-batches';
import { WrittenHistory } from '../../support/batches/written-history';
import { LifecycleEnvironment } from '../../support/system/lifecycle-environment';

jest.setTimeout(60_000);
const FILES = fileTaskQueue('twelvelabs', '/media');

let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev');
}, 120_000);
afterAll(() => lifecycles.close());

/** Task queues that the activities of a type were put on. */
async function queuesOf(run: WorkflowHandle, type: string): Promise<(string | null | undefined)[]> {
  const { events } = await run.fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.activityType?.name === type ? [scheduled.taskQueue?.name] : [],
  );
}

test('a folder that nobody serves when its batch starts is listed where somebody serves it later', async () => {
  const asked: unknown[] = [];
  const findSourceQueue = async (input: unknown): Promise<string> => {
    asked.push(input);
    return FILES;
  };
  const { activities } = fakeBatch({ items: 2, size: 2 }, { findSourceQueue });
  const { activities: files } = fakeBatch({ items: 2, size: 2 });
  await lifecycles.withFiles(FILES, files, () =>
    lifecycles.with(
      activities,
      async () => {
        const batch = await startBatch(lifecycles.env.client, 'served-later');
        expect(await resultOf(batch)).toMatchObject({ outcome: 'completed' });
        expect(await queuesOf(batch, 'listItems')).toEqual([FILES]);
      },
      { find: async () => undefined },
    ),
  );
  expect(asked).toEqual([{ provider: 'twelvelabs', path: '/media/a file', field: 'items.path' }]);
});

test('a group whose files nobody serves yet hands them in where somebody serves them later', async () => {
  const { activities, calls } = fakeBatch({ items: 2, size: 2 }, { findSourceQueue: async () => FILES });
  const { activities: files, calls: onFileQueue } = fakeBatch({ items: 2, size: 2 });
  await lifecycles.withFiles(FILES, files, () =>
    lifecycles.with(activities, async () => {
      const aFile = `/media/${'folder/'.repeat(500)}a.mp4`; // Temporal keeps 400 bytes of a summary
      const group = await startGroup(lifecycles.env.client, 'files-later', 0, { aFile });
      expect(((await group.result()) as GroupEnd).counts.by).toEqual({ completed: 2 });
    }),
  );
  expect(calls).toContain('findSourceQueue');
  expect(onFileQueue).toEqual(['submitItems 0']);
});

test('objects of a group, which may stream for hours, are handed in from a queue of their own and leave the calls their slots', async () => {
  const { activities } = fakeBatch(
    { items: 2, size: 2 },
    {
      submitItems: async (input) => newsOfAll(input, 'processing', 'settle'),
      settleItems: async (input) => newsOfAll(input, 'branching', 'branch'),
    },
  );
  await lifecycles.with(activities, async () => {
    const group = await startGroup(lifecycles.env.client, 'objects', 0);
    expect(((await group.result()) as GroupEnd).counts.by).toEqual({ completed: 2 });
    expect(await queuesOf(group, 'submitItems')).toEqual([objectTaskQueue('twelvelabs')]);
    expect(await queuesOf(group, 'settleItems')).toEqual([waitTaskQueue('twelvelabs')]);
    expect(await queuesOf(group, 'branchItems')).toEqual([callTaskQueue('twelvelabs')]);
  });
});

test('where nobody comes to serve the files each item tells so itself', async () => {
  const { activities, calls } = fakeBatch(
    { items: 2, size: 2 },
    {
      findSourceQueue: async () => {
        throw failure('InvalidRequest', 'no worker serves a folder that holds it');
      },
      submitItems: async (input) => newsOfAll(input, 'failed'),
    },
  );
  await lifecycles.with(activities, async () => {
    const group = await startGroup(lifecycles.env.client, 'files-never', 0, { aFile: '/media/a.mp4' });
    expect(((await group.result()) as GroupEnd).counts.by).toEqual({ failed: 2 });
  });
  expect(calls).toEqual(['findSourceQueue', 'submitItems 0']);
});

test('files whose workers take nothing for an hour are handed in where somebody serves them then', async () => {
  const [before, after] = [FILES, fileTaskQueue('twelvelabs', '/media/inner')];
  const group: GroupInput = {
    ...{
      batchId: 'b',
      provider: 'twelvelabs',
      storeId: 'store-1',
      start: 'a start',
      batchWorkflowId: batchWorkflowId('b'),
    },
    ...{ from: 0, end: 2, stopsAtFailure: false, aFile: '/media/inner/a.mp4', fileQueue: before },
  };
  const history = new WrittenHistory(ASSET_GROUP, [group]);
  const submitOn = (nth: number, name: string) =>
    [
      'ACTIVITY_TASK_SCHEDULED',
      { activityId: String(nth), activityType: { name: 'submitItems' }, taskQueue: { name } },
    ] as const;
  const [submit] = history.task([submitOn(1, before)]);
  history.add('ACTIVITY_TASK_TIMED_OUT', {
    scheduledEventId: submit,
    retryState: 'RETRY_STATE_TIMEOUT',
    failure: { message: 'not taken', timeoutFailureInfo: { timeoutType: 'TIMEOUT_TYPE_SCHEDULE_TO_START' } },
  });
  const [find] = history.task([
    ['ACTIVITY_TASK_SCHEDULED', { activityId: '2', activityType: { name: 'findSourceQueue' } }],
  ]);
  history.activityEnds(find, after);
  history.task([submitOn(3, after)]);
  await lifecycles.replay(history.history());
});
