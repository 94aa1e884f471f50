import { createHeldWaits } from '../../../src/activities/held-waits';
import { failure } from '../../../src/contracts/failures';
import type { Observation, ObservationTrouble } from '../../../src/providers/media-provider';
import { activityEnvironment, dependencies } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const target = { kind: 'embedding', taskId: 't1' } as const;

/** The last look at an embed task of which the provider says this. */
function look(heard: Observation | ObservationTrouble): Promise<void> {
  const provider = new MemoryProvider();
  provider.observe = async function* () {
    yield heard as never;
  };
  const { untilEmbeddingReady } = createHeldWaits(dependencies({ provider }));
  return activityEnvironment().run(() => untilEmbeddingReady({ provider: 'twelvelabs', taskId: 't1', lastLook: true }));
}

test('a last look does not wait: what is not ready is DeadlineExceeded', async () => {
  await expect(look({ target, state: 'working' })).rejects.toMatchObject({
    type: 'DeadlineExceeded',
    nonRetryable: true,
  });
});

test('a last look finds what has become ready, failed or gone', async () => {
  await expect(look({ target, state: 'ready' })).resolves.toBeUndefined();
  await expect(look({ target, state: 'failed', message: 'bad media' })).rejects.toMatchObject({
    type: 'ProcessingFailed',
  });
  await expect(look({ target, state: 'gone' })).rejects.toMatchObject({ type: 'ResourceGone' });
});

test('a last look in an outage is tried again', async () => {
  const error = failure('ProviderUnavailable', '503');
  await expect(look({ targets: [target], error })).rejects.toMatchObject({ type: 'ProviderUnavailable' });
});
