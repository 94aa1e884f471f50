import { createHeldWaits } from '../../../src/activities/held-waits';
import type { FailedSubmission } from '../../../src/contracts/activities';
import type { AssetSnapshot } from '../../../src/contracts/lifecycle-status';
import { failure } from '../../../src/contracts/failures';
import type { Observation, ObservationTrouble } from '../../../src/providers/media-provider';
import { activityEnvironment, dependencies } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const handle = { kind: 'embedding', id: 't1', words: 'Embed task t1' };

/** The last look at an embed task of which the provider says this. */
function look(heard: Observation | ObservationTrouble): Promise<void> {
  const provider = new MemoryProvider();
  provider.watch = async function* () {
    yield heard;
  };
  const { untilBranchReady } = createHeldWaits(dependencies({ provider }));
  return activityEnvironment().run(() => untilBranchReady({ provider: 'twelvelabs', handle, lastLook: true }));
}

test('a last look does not wait: what is not ready is DeadlineExceeded', async () => {
  await expect(look({ handle, state: 'working' })).rejects.toMatchObject({
    type: 'DeadlineExceeded',
    nonRetryable: true,
  });
});

test('a last look finds what has become ready, failed or gone', async () => {
  await expect(look({ handle, state: 'ready' })).resolves.toBeUndefined();
  await expect(look({ handle, state: 'failed', message: 'bad media' })).rejects.toMatchObject({
    type: 'ProcessingFailed',
  });
  await expect(look({ handle, state: 'gone' })).rejects.toMatchObject({ type: 'ResourceGone' });
});

test('a last look in an outage is tried again', async () => {
  const error = failure('ProviderUnavailable', '503');
  await expect(look({ handles: [handle], error })).rejects.toMatchObject({ type: 'ProviderUnavailable' });
});

describe('what was handed in and failed on its way', () => {
  const pending = { kind: 'ingestion', id: 's1', in: 'p', item: 'a.jpg', words: 'a.jpg, in s1' };
  const lookAt = (heard: Partial<Observation>) => {
    const provider = new MemoryProvider();
    provider.watch = async function* () {
      yield { handle: pending, state: 'failed', ...heard };
    };
    const { untilAssetReady } = createHeldWaits(dependencies({ provider }));
    const run = async (): Promise<AssetSnapshot | FailedSubmission> =>
      untilAssetReady({ provider: 'twelvelabs', pending, lastLook: true });
    return activityEnvironment().run<[], AssetSnapshot | FailedSubmission, typeof run>(run);
  };

  test('is a result, with what it is worth and what the receipt says of its session: Temporal would ask again', async () => {
    const failed = { type: 'UploadExpired', submissions: 3 };
    await expect(
      lookAt({ type: 'UploadExpired', submissions: 3, message: 'ETIMEOUT: upload timeout' }),
    ).resolves.toEqual({
      failed: {
        ...failed,
        message: 'a.jpg, in s1 ended as failed at twelvelabs: ETIMEOUT: upload timeout',
        ended: expect.objectContaining({ resource: 'upload-session', id: 's1', in: 'p', result: 'deleted' }) as unknown,
      },
    });
  });

  test('is final by default', async () => {
    await expect(lookAt({})).resolves.toMatchObject({ failed: { type: 'ProcessingFailed', submissions: 1 } });
  });

  test('whose session is not known any more is gone', async () => {
    await expect(lookAt({ state: 'gone' })).rejects.toMatchObject({ type: 'ResourceGone' });
  });
});
