import { createStartBranch } from '../../../src/activities/start-branch';
import type { StartBranchInput, StartedBranch } from '../../../src/contracts/activities';
import { failure } from '../../../src/contracts/failures';
import { readTag, tagFields } from '../../../src/contracts/resource';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const tag = { key: 'k', workflowId: 'w', runId: 'r1', onCancel: 'delete', onFailure: 'keep' } as const;
const branch = { type: 'entity', collectionId: 'c', entityId: 'e' } as const;
const input: StartBranchInput = { provider: 'twelvelabs', assetId: 'a', branch, tag, joins: { in: 'c', id: 'e' } };

let provider: MemoryProvider;
let recorded: unknown[];
beforeEach(() => {
  provider = new MemoryProvider();
  recorded = [];
  provider.addAsset({ id: 'a', metadata: tagFields({ ...tag, owner: OWNER }) });
  provider.entities.set('e', { name: 'Ada', metadata: {}, assetIds: ['x'] });
});

/** @param heartbeatDetails what the attempt before has left. */
const join = (attempt = 1, heartbeatDetails?: unknown) => {
  const progress = { makeDurable: async (details: unknown) => void recorded.push(details) };
  const startBranch = createStartBranch(dependencies({ provider, progress }));
  const environment = activityEnvironment({ attempt, heartbeatDetails });
  return environment.run(() => startBranch(input)) as Promise<StartedBranch>;
};
const wasThere = () => provider.entities.get('e')?.assetIds.push('a');

test('a membership that existed before is adopted, also when a worker died while it looked', async () => {
  wasThere();
  expect(await join()).toMatchObject({ id: 'e', adopted: true });
  expect(await join(2)).toMatchObject({ id: 'e', adopted: true });
  expect(await join(3, { attempt: 1 })).toMatchObject({ id: 'e', adopted: true });
  expect(recorded).toEqual([]);
});

test('one that a killed attempt had made is its own: the server knows of the write before it goes out', async () => {
  provider.onNext('entity.start', () => expect(recorded).toHaveLength(1));
  provider.failNext('entity.start', failure('OutcomeUnknown', 'POST: connection reset'), 'after');
  await expect(join()).rejects.toMatchObject({ type: 'OutcomeUnknown' });
  for (const attempt of [2, 3]) {
    const again = await join(attempt, recorded[0]);
    expect(again.id).toBe('e');
    expect(again.adopted).toBeUndefined();
  }
});

test('a refusal of a later attempt does not take back that an earlier one may have written', async () => {
  provider.failNext('entity.start', failure('RateLimited', 'POST: slow down'));
  const left: unknown[] = [];
  const env = activityEnvironment({ attempt: 2, heartbeatDetails: { attempt: 1, unansweredSince: 1 } });
  env.on('heartbeat', (details: unknown) => left.push(details));
  const startBranch = createStartBranch(dependencies({ provider }));
  await expect(env.run(() => startBranch(input))).rejects.toMatchObject({
    type: 'RateLimited',
    details: [{ mayHaveWritten: true }],
  });
  expect(left.at(-1)).toMatchObject({ unansweredSince: expect.any(Number) });
});

test('nothing is written when the record cannot be made', async () => {
  const startBranch = createStartBranch(
    dependencies({
      provider,
      progress: {
        makeDurable: async () => {
          throw new Error('14 UNAVAILABLE');
        },
      },
    }),
  );
  await expect(activityEnvironment().run(() => startBranch(input))).rejects.toThrow('UNAVAILABLE');
  expect(provider.entities.get('e')?.assetIds).toEqual(['x']);
});

test('the lifecycle’s own asset names the entity before it is added, so that a sweep can take it out', async () => {
  await join();
  expect(readTag(provider.held.get('a')?.metadata ?? {})?.joined).toEqual([{ in: 'c', id: 'e', runId: 'r1' }]);
});

test('an asset of others is not written to', async () => {
  provider.addAsset({ id: 'a', metadata: {} });
  await join();
  expect(provider.calls).not.toContain('assets.annotate');
});
