import type { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { failure } from '../../src/contracts/failures';
import { fakeActivities } from '../support/fake-activities';
import { LifecycleEnvironment } from '../support/system/lifecycle-environment';

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

describe('a deadline that passed while no worker could say anything', () => {
  const waits = {
    embed: 'untilBranchReady',
    entity: 'untilBranchReady',
    index: 'untilBranchReady',
    none: 'untilAssetReady',
  } as const;
  const branches = {
    embed: { type: 'embed' },
    entity: { type: 'entity', collectionId: 'c1' },
    index: { type: 'index', indexId: 'i1' },
    none: { type: 'none' },
  } as const;

  test.each(['none', 'embed', 'entity', 'index'] as const)('is looked past once: %s', async (type) => {
    const looks: (boolean | undefined)[] = [];
    const { activities } = fakeActivities({
      [waits[type]]: async ({ lastLook }: { lastLook?: boolean }) => {
        looks.push(lastLook);
        if (!lastLook) throw failure('WorkerStopping', 'handed back');
        return { id: 'asset-1', status: 'ready' };
      },
    });
    await lifecycles.with(activities, async () => {
      const handle = await lifecycles.start({
        source,
        branch: branches[type],
        deadlines: { ready: '5m', branch: '5m' },
      });
      expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    });
    expect(looks.filter((look) => look)).toEqual([true]);
  });

  test('is DeadlineExceeded when the look finds it unready', async () => {
    const { activities } = fakeActivities({
      untilAssetReady: async ({ lastLook }) => {
        throw lastLook
          ? failure('DeadlineExceeded', 'still being processed')
          : failure('WorkerStopping', 'handed back');
      },
    });
    await lifecycles.with(activities, async () => {
      const handle = await lifecycles.start({ source, deadlines: { ready: '5m' } });
      const error = await handle.result().catch((reason: WorkflowFailedError) => reason.cause);
      expect(error).toMatchObject({ type: 'DeadlineExceeded', message: expect.stringContaining('deadlines.ready') });
    });
  });
});

test('an outage of a day is waited out, in skipped time', async () => {
  const startedAt = Date.now();
  let attempts = 0;
  const { activities } = fakeActivities({
    startBranch: async () => {
      attempts += 1;
      if (attempts < 60 * 24) throw failure('ProviderUnavailable', 'POST /embed-v2/tasks: 503');
      return { id: 'task-1', handle: { kind: 'embedding', id: 'task-1', words: 'Embed task task-1' } };
    },
  });
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source, branch: { type: 'embed' } });
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  });
  expect(attempts).toBe(60 * 24);
  expect(Date.now() - startedAt).toBeLessThan(24 * 3_600_000);
}, 60_000);
