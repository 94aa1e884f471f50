import { createHeldWaits } from '../../../src/activities/held-waits';
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
