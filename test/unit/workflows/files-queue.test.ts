import { ActivityFailure, RetryState, TimeoutFailure, TimeoutType } from '@temporalio/common';
import { FilesQueue } from '../../../src/workflows/lib/group/files-queue';

const TOLD = { items: { 3: { attempt: 1, upload: { sessionId: 's1' } } } };

const timeout = (type: 'SCHEDULE_TO_START' | 'HEARTBEAT', told: unknown): ActivityFailure => {
  const cause = new TimeoutFailure('a timeout', told, TimeoutType[type]);
  return new ActivityFailure('failed', 'submitItems', '1', RetryState.TIMEOUT, 'worker', cause);
};

/** A step that ends so, attempt by attempt, and what it was given. */
function stepOf(...ends: (ActivityFailure | string)[]) {
  const given: unknown[] = [];
  const step = async (queue: string | undefined, resume: unknown): Promise<string> => {
    given.push([queue, resume]);
    const end = ends.shift();
    if (typeof end !== 'string') throw end;
    return end;
  };
  return { given, step };
}

test('a submission that no worker took again begins with what the one before told, and the one after it anew', async () => {
  const files = new FilesQueue({ provider: 'twelvelabs', fileQueue: 'q' });
  const { given, step } = stepOf(timeout('SCHEDULE_TO_START', TOLD), 'submitted', 'more');
  expect(await files.run(step)).toBe('submitted');
  expect(await files.run(step)).toBe('more');
  expect(given).toEqual([
    ['q', undefined],
    [undefined, TOLD],
    [undefined, undefined],
  ]);
});

test('what a dead worker told is kept for the next round, where this one was left for the stop of an item', async () => {
  const files = new FilesQueue({ provider: 'twelvelabs', fileQueue: 'q' });
  const { given, step } = stepOf(timeout('HEARTBEAT', TOLD), timeout('SCHEDULE_TO_START', undefined), 'submitted');
  await expect(files.run(step)).rejects.toThrow('failed');
  expect(await files.run(step)).toBe('submitted');
  expect(given).toEqual([
    ['q', undefined],
    ['q', TOLD],
    [undefined, TOLD],
  ]);
});
