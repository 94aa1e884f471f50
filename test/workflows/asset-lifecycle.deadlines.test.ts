import type { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { failure } from '../../src/contracts/failures';
import { fakeActivities } from '../support/fake-activities';
import { LifecycleEnvironment } from '../support/lifecycle-environment';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create();
}, 120_000);
afterAll(() => lifecycles.close());

const source = { type: 'file', path: '/media/clip.mp4' };

test('a wait beyond its deadline fails as DeadlineExceeded, in skipped time', async () => {
  const { activities } = fakeActivities({
    untilAssetReady: async () => {
      throw failure('WorkerStopping', 'handed back');
    },
  });
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source, deadlines: { ready: '2h' } });
    const error = (await handle.result().then(
      () => undefined,
      (reason: WorkflowFailedError) => reason.cause,
    )) as ApplicationFailure;
    expect(error.type).toBe('DeadlineExceeded');
    expect(error.message).toContain('deadlines.ready');
  });
});

test('an outage of a day is waited out, in skipped time', async () => {
  const startedAt = Date.now();
  let attempts = 0;
  const { activities } = fakeActivities({
    ensureEmbedding: async () => {
      attempts += 1;
      if (attempts < 60 * 24) throw failure('ProviderUnavailable', 'POST /embed-v2/tasks: 503');
      return { taskId: 'task-1' };
    },
  });
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source, branch: { type: 'embed' } });
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  });
  expect(attempts).toBe(60 * 24);
  expect(Date.now() - startedAt).toBeLessThan(24 * 3_600_000);
}, 60_000);
