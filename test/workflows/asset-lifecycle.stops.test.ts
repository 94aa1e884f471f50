import { type WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { type ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import { failure } from '../../src/contracts/failures';
import { STATUS_MEMO } from '../../src/contracts/ids';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { fakeActivities, forever } from '../support/fake-activities';
import { LifecycleEnvironment, untilPhase, waitFor } from '../support/system/lifecycle-environment';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev');
}, 120_000);
afterAll(() => lifecycles.close());

const source = { type: 'file', path: '/media/clip.mp4' };
const resultOf = async (handle: WorkflowHandle) => (await handle.result()) as LifecycleStatus;
const failureOf = async (handle: WorkflowHandle): Promise<unknown> =>
  handle.result().then(
    () => undefined,
    (error: WorkflowFailedError) => error.cause,
  );

describe('the cancel signal', () => {
  test('during a held wait deletes the asset and completes with the receipt', async () => {
    const { activities, calls } = fakeActivities({ untilAssetReady: forever });
    const status = await lifecycles.with(activities, async () => {
      const handle = await lifecycles.start({ source });
      await untilPhase(handle, 'processing');
      await handle.signal('cancel', { reason: 'wrong file' });
      return resultOf(handle);
    });
    expect(status).toMatchObject({ phase: 'cancelled', outcome: 'cancelled', reason: 'wrong file' });
    expect(status.receipt).toMatchObject({
      policy: 'delete',
      entries: [{ resource: 'asset', id: 'asset-1', result: 'deleted' }],
    });
    expect(calls).toEqual(['submitSource', 'untilAssetReady', 'removeResources asset']);
  });

  test('with cleanup "keep" keeps the asset, marked as kept, and says why', async () => {
    const { activities, calls } = fakeActivities({ untilAssetReady: forever });
    const status = await lifecycles.with(activities, async () => {
      const handle = await lifecycles.start({ source });
      await untilPhase(handle, 'processing');
      await handle.signal('cancel', { cleanup: 'keep' });
      return resultOf(handle);
    });
    expect(status.receipt?.entries).toMatchObject([
      { resource: 'asset', id: 'asset-1', result: 'kept', because: 'the cleanup policy is "keep"' },
    ]);
    expect(calls).toEqual(['submitSource', 'untilAssetReady', 'removeResources asset']);
  });

  test('during the create settles it first: the asset it made is deleted', async () => {
    let begun = () => {};
    const creating = new Promise<void>((resolve) => (begun = resolve));
    let finish = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const { activities } = fakeActivities({
      submitSource: async () => {
        begun();
        await finished;
        return { id: 'late-1', status: 'processing' };
      },
    });
    const status = await lifecycles.with(activities, async () => {
      const handle = await lifecycles.start({ source });
      await creating;
      await handle.signal('cancel');
      finish();
      return resultOf(handle);
    });
    expect(status.receipt?.entries).toMatchObject([{ resource: 'asset', id: 'late-1', result: 'deleted' }]);
  });

  test('undoes in reverse order: the entity before the asset', async () => {
    const { activities, calls } = fakeActivities({ untilBranchReady: forever });
    const status = await lifecycles.with(activities, async () => {
      const handle = await lifecycles.start({ source, branch: { type: 'entity', collectionId: 'c1' } });
      await untilPhase(handle, 'branching');
      await waitFor(() => calls.includes('untilBranchReady entity'));
      await handle.signal('cancel');
      return resultOf(handle);
    });
    expect(status.receipt?.entries.map((entry) => entry.resource)).toEqual(['entity', 'asset']);
    expect(calls.at(-1)).toEqual('removeResources entity, asset');
  });

  test('keeps an adopted asset, and forceDelete removes it', async () => {
    const { activities } = fakeActivities({ untilAssetReady: forever });
    await lifecycles.with(activities, async () => {
      const stop = async (signal: string) => {
        const handle = await lifecycles.start({ source: { type: 'asset', assetId: 'a7' } });
        await untilPhase(handle, 'processing');
        await handle.signal(signal);
        return resultOf(handle);
      };
      expect((await stop('cancel')).receipt?.entries).toMatchObject([{ id: 'a7', result: 'kept' }]);
      const deleted = await stop('forceDelete');
      expect(deleted).toMatchObject({ outcome: 'deleted', receipt: { policy: 'force-delete' } });
      expect(deleted.receipt?.entries).toMatchObject([{ id: 'a7', result: 'deleted' }]);
    });
  });
});

test('forceDelete during cleanup asks for more, and gets it', async () => {
  let kept = 0;
  let begun = () => {};
  const cleaning = new Promise<void>((resolve) => (begun = resolve));
  let finish = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const { activities } = fakeActivities({
    untilAssetReady: forever,
    removeOne: async (resource, policy) => {
      begun();
      if (policy === 'delete') {
        kept++;
        await finished;
      }
      const result = policy === 'force-delete' ? 'deleted' : 'kept';
      return [{ resource: resource.kind, id: resource.id, result, because: policy, at: '' }];
    },
  });
  const status = await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source });
    await untilPhase(handle, 'processing');
    await handle.signal('cancel');
    await cleaning;
    await handle.signal('forceDelete');
    finish();
    return resultOf(handle);
  });
  expect(kept).toBe(1);
  expect(status).toMatchObject({ outcome: 'deleted', receipt: { policy: 'force-delete' } });
  expect(status.receipt?.entries).toMatchObject([{ result: 'deleted' }]);
});

test('native cancellation also stands where the worker of the step died while it was being cancelled', async () => {
  const { activities, calls } = fakeActivities({
    submitSource: async () => {
      const { cancellationSignal } = Context.current();
      const beats = setInterval(() => Context.current().heartbeat(), 50);
      await new Promise((resolve) => cancellationSignal.addEventListener('abort', resolve));
      clearInterval(beats);
      throw failure('ProviderUnavailable', 'the worker died'); // after a cancellation nothing is tried again
    },
  });
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source, cleanup: { onCancel: 'delete', onFailure: 'keep' } });
    await waitFor(() => calls.includes('submitSource'));
    await handle.cancel();
    expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
    const memo = (await handle.describe()).memo?.[STATUS_MEMO] as LifecycleStatus;
    expect(memo).toMatchObject({ outcome: 'cancelled', receipt: { policy: 'delete' } });
  });
});

test('native cancellation closes as Canceled, with the receipt in the memo', async () => {
  const { activities } = fakeActivities({ untilAssetReady: forever });
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source });
    await untilPhase(handle, 'processing');
    await handle.cancel();
    expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
    const { memo, status } = await handle.describe();
    expect(status.name).toBe('CANCELLED');
    expect(memo?.[STATUS_MEMO]).toMatchObject({
      outcome: 'cancelled',
      receipt: { entries: [{ resource: 'asset', id: 'asset-1', result: 'deleted' }] },
    });
  });
});

describe('a failure', () => {
  test('of processing keeps the asset by default and carries the status', async () => {
    const { activities } = fakeActivities({
      untilAssetReady: async () => {
        throw failure('ProcessingFailed', 'Asset asset-1 ended as failed: unsupported codec');
      },
    });
    await lifecycles.with(activities, async () => {
      const error = (await failureOf(await lifecycles.start({ source }))) as ApplicationFailure;
      expect(error.type).toBe('ProcessingFailed');
      expect(error.message).toContain('unsupported codec');
      expect(error.details?.[0]).toMatchObject({
        outcome: 'failed',
        asset: { id: 'asset-1', status: 'failed' },
        error: { type: 'ProcessingFailed' },
        receipt: { policy: 'keep', entries: [{ resource: 'asset', result: 'kept' }] },
      });
    });
  });

  test('that made nothing leaves nothing to clean up', async () => {
    const { activities, calls } = fakeActivities({
      submitSource: async () => {
        throw failure('InvalidRequest', 'source.path: is a directory', { details: { nothingMade: true } });
      },
    });
    await lifecycles.with(activities, async () => {
      const error = (await failureOf(await lifecycles.start({ source }))) as ApplicationFailure;
      expect(error.details?.[0]).toMatchObject({ receipt: { entries: [] } });
    });
    expect(calls).toEqual(['submitSource']);
  });

  test('of cleanup is in the receipt and fails the run', async () => {
    const { activities } = fakeActivities({
      untilAssetReady: forever,
      removeOne: async () => {
        throw failure('ProviderAuth', 'DELETE /assets/{id}: the API key was refused');
      },
    });
    await lifecycles.with(activities, async () => {
      const handle = await lifecycles.start({ source });
      await untilPhase(handle, 'processing');
      await handle.signal('cancel');
      const error = (await failureOf(handle)) as ApplicationFailure;
      expect(error.type).toBe('ProviderAuth');
      expect(error.details?.[0]).toMatchObject({
        outcome: 'failed',
        receipt: { entries: [{ resource: 'asset', id: 'asset-1', result: 'leftover', errorType: 'ProviderAuth' }] },
      });
    });
  });
});
