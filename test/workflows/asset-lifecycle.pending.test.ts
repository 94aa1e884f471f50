import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import type { FailedSubmission } from '../../src/contracts/activities';
import { failure } from '../../src/contracts/failures';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import type { AssetResource } from '../../src/contracts/resource';
import { fakeActivities, forever } from '../support/fake-activities';
import { LifecycleEnvironment, untilPhase } from '../support/system/lifecycle-environment';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev');
}, 120_000);
afterAll(() => lifecycles.close());

const source = { type: 'file', path: '/media/clip.mp4' };
const pending = (id: string) => ({ kind: 'ingestion', id, in: 'p', item: 'clip.mp4', words: `clip.mp4, in ${id}` });
const ready = { id: 'asset-1', status: 'ready', fileType: 'video/mp4' } as const;

const nothingCame = (id: string, changes: Partial<FailedSubmission['failed']> = {}): FailedSubmission => ({
  failed: {
    ...{ type: 'UploadExpired', message: `${id}: ETIMEOUT`, submissions: 3, ...changes },
    ended: { resource: 'upload-session', id, result: 'deleted', because: 'nothing came of it', at: '' },
  },
});

/** Each submission is handed in under the next id; the waits answer in turn. */
function submissions(...heard: (FailedSubmission | typeof ready)[]) {
  let handedIn = 0;
  let waits = 0;
  const asked: unknown[] = [];
  const fake = fakeActivities({
    submitSource: async () => ({ pending: pending(`s${++handedIn}`) }),
    untilAssetReady: async (input) => {
      asked.push(input.pending?.id ?? input.assetId);
      return heard[waits++] ?? ready;
    },
  });
  return { ...fake, asked };
}

const failureOf = async (handle: WorkflowHandle): Promise<ApplicationFailure> =>
  handle.result().then(
    () => {
      throw new Error('it did not fail');
    },
    (error: WorkflowFailedError) => error.cause as ApplicationFailure,
  );

test('what is handed in is waited for, and the asset that comes of it is the lifecycle’s, within 40 events', async () => {
  const { activities, calls, asked } = submissions(ready);
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source });
    const status = (await handle.result()) as LifecycleStatus;
    expect(status).toMatchObject({ outcome: 'completed', asset: ready, ingestion: { id: 's1', in: 'p' } });
    const { searchAttributes } = await handle.describe();
    expect(searchAttributes).toMatchObject({ AssetId: ['asset-1'] });
    expect((await handle.fetchHistory()).events?.length).toBeLessThanOrEqual(40);
  });
  expect(calls).toEqual(['submitSource', 'untilAssetReady', 'releaseAsset']);
  expect(asked).toEqual(['s1']);
});

test('a source of which nothing came is submitted again, and the receipt tells of each session', async () => {
  const { activities, calls, asked } = submissions(nothingCame('s1'), nothingCame('s2'), ready);
  await lifecycles.with(activities, async () => {
    const status = (await (await lifecycles.start({ source })).result()) as LifecycleStatus;
    expect(status).toMatchObject({ outcome: 'completed', asset: ready, ingestion: { id: 's3' } });
    expect(status.receipt?.entries.map(({ id }) => id)).toEqual(['s1', 's2']);
  });
  expect(calls.filter((call) => call === 'submitSource')).toHaveLength(3);
  expect(asked).toEqual(['s1', 's2', 's3']);
});

test('it is submitted only as often as its failure makes it worth; then that is the run’s', async () => {
  const { activities, calls } = submissions(nothingCame('s1'), nothingCame('s2'), nothingCame('s3'), ready);
  await lifecycles.with(activities, async () => {
    const { type, message } = await failureOf(await lifecycles.start({ source }));
    expect({ type, message }).toEqual({ type: 'UploadExpired', message: 's3: ETIMEOUT' });
  });
  expect(calls.filter((call) => call === 'submitSource')).toHaveLength(3);
});

test('a final failure is not tried again', async () => {
  const { activities, calls } = submissions(nothingCame('s1', { type: 'QuotaExhausted', submissions: 1 }), ready);
  await lifecycles.with(activities, async () => {
    expect((await failureOf(await lifecycles.start({ source }))).type).toBe('QuotaExhausted');
  });
  expect(calls.filter((call) => call === 'submitSource')).toHaveLength(1);
});

describe('cleanup hears of what was handed in', () => {
  async function cleanedUp(
    overrides: Parameters<typeof fakeActivities>[0],
    stop: (handle: WorkflowHandle) => Promise<void>,
  ): Promise<AssetResource[]> {
    const removed: AssetResource[] = [];
    const { activities } = fakeActivities({
      ...overrides,
      removeResources: async ({ resources }) => {
        removed.push(...(resources as AssetResource[]));
        return [];
      },
    });
    await lifecycles.with(activities, async () => {
      const handle = await lifecycles.start({ source, cleanup: { onFailure: 'delete' } });
      await stop(handle);
      await handle.result().catch(() => {});
    });
    return removed;
  }
  const cancel = async (handle: WorkflowHandle): Promise<void> => {
    await untilPhase(handle, 'processing');
    await handle.signal('cancel');
  };

  test('that is waited for', async () => {
    const submitSource = async () => ({ pending: pending('s1') });
    const removed = await cleanedUp({ submitSource, untilAssetReady: forever }, cancel);
    expect(removed).toMatchObject([{ kind: 'asset', pending: pending('s1') }]);
    expect(removed[0]?.id).toBeUndefined();
  });

  test('by a submission that failed afterwards, though that attempt made nothing', async () => {
    const submitSource = async (): Promise<never> => {
      throw failure('InvalidRequest', 'the file is gone', { details: { pending: pending('s1'), nothingMade: true } });
    };
    expect(await cleanedUp({ submitSource }, async () => {})).toMatchObject([{ pending: pending('s1') }]);
  });

  test('by a submission that was cancelled before all was sent', async () => {
    const submitSource = async (): Promise<never> => {
      await forever().catch(() => {});
      throw new CancelledFailure('cancelled', [{ pending: pending('s1'), unsent: true }]);
    };
    const stop = async (handle: WorkflowHandle): Promise<void> => {
      await untilPhase(handle, 'creating');
      await handle.signal('cancel');
    };
    expect(await cleanedUp({ submitSource }, stop)).toMatchObject([{ pending: pending('s1'), unsent: true }]);
  });

  test('no longer once its asset is known', async () => {
    const overrides = {
      submitSource: async () => ({ pending: pending('s1') }),
      untilAssetReady: async () => ready,
      releaseAsset: forever,
    };
    const removed = await cleanedUp(overrides, async (handle) => {
      await untilPhase(handle, 'branching');
      await handle.signal('cancel');
    });
    expect(removed).toMatchObject([{ id: 'asset-1' }]);
    expect(removed[0]?.pending).toBeUndefined();
  });
});

test('an asset that was there before is adopted: only force removes it', async () => {
  const removed: unknown[] = [];
  const { activities } = fakeActivities({
    submitSource: async () => ({ ...ready, adopted: true }),
    untilAssetReady: forever,
    removeResources: async ({ resources }) => {
      removed.push(...resources);
      return [];
    },
  });
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source });
    await untilPhase(handle, 'processing');
    await handle.signal('cancel');
    await handle.result();
  });
  expect(removed).toMatchObject([{ id: 'asset-1', adopted: true }]);
});
