import { createFindMade } from '../../../src/activities/sweep/find-made';
import type { FoundMade } from '../../../src/contracts/activities';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import { lifecycleWorkflowId } from '../../../src/contracts/ids';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const RUN_ID = '01a214eb-5868-727c-8d14-67a4f0787f6a';
const workflowId = lifecycleWorkflowId('twelvelabs', 'k');
const name = `${OWNER}/${workflowId}/${RUN_ID}`;
const uri = `file:///results/${RUN_ID}.ndjson`;

/** What is found of a completed lifecycle that stored its embeddings on the host "alpha". */
async function found(names: string[]) {
  const result = { uri, sha256: '', bytes: 1, count: 1, dimensions: 2, host: 'alpha' };
  const status: LifecycleStatus = {
    key: 'k',
    provider: 'twelvelabs',
    phase: 'completed',
    outcome: 'completed',
    branch: { type: 'embed', status: 'ready', result },
    timings: { startedAt: '2026-01-01T00:00:00Z' },
  };
  const deps = dependencies({
    provider: new MemoryProvider(),
    runs: { find: async () => ({ workflowId, runId: RUN_ID, key: 'k', open: false, ended: 'completed', status }) },
    results: {
      host: 'beta',
      write: async () => ({ uri: '', sha256: '', bytes: 0, count: 0 }),
      has: async () => false,
      remove: async () => false,
      namesOf: async () => names,
    },
  });
  const findMade = createFindMade(deps);
  const input = { provider: 'twelvelabs' as const, key: 'k', workflowId };
  const { made } = await activityEnvironment().run<[typeof input], FoundMade, typeof findMade>(findMade, input);
  return made;
}

test('a result that only the run’s status knows is named with the host that stored it', async () => {
  expect(await found([])).toEqual([{ kind: 'result', id: name, stored: { uri, host: 'alpha' } }]);
});

test('a result that the store shows is named once', async () => {
  expect(await found([name])).toEqual([{ kind: 'result', id: name }]);
});
