import { createFindMade } from '../../../src/activities/sweep/find-made';
import type { LifecycleRun } from '../../../src/contracts/runs';
import type { FoundMade } from '../../../src/contracts/activities';
import { joinedField, tagFields } from '../../../src/contracts/resource';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const tag = { key: 'k', workflowId: 'w', runId: 'r1', owner: OWNER, onCancel: 'delete', onFailure: 'keep' } as const;

let provider: MemoryProvider;
beforeEach(() => {
  provider = new MemoryProvider();
});

const results = {
  write: async () => ({ uri: '', sha256: '', bytes: 0, count: 0 }),
  has: async () => false,
  remove: async () => false,
  namesOf: async () => [],
};

const find = (open: readonly string[] = []): Promise<FoundMade> => {
  const run = async (workflowId: string): Promise<LifecycleRun | undefined> =>
    open.includes(workflowId) ? { workflowId, runId: 'r', key: 'k', open: true } : undefined;
  const activity = createFindMade(dependencies({ provider, results, runs: { find: run } }));
  return activityEnvironment().run(() => activity({ provider: 'twelvelabs', key: 'k', workflowId: 'w' }));
};

test('what an open run of another workflow id has made under the key is left to it, which is named', async () => {
  provider.addAsset({ id: 'a', metadata: tagFields({ ...tag, workflowId: 'raw-start' }) });
  expect(await find(['raw-start'])).toMatchObject({ open: true, openWorkflowId: 'raw-start', made: [] });
  expect(await find()).toMatchObject({ open: false, made: [{ kind: 'asset', id: 'a' }] });
});

test('finds the membership that the lifecycle has made, and none of others', async () => {
  const metadata = { ...tagFields(tag), ...joinedField({ in: 'c', id: 'joined', runId: 'r1' }) };
  provider.addAsset({ id: 'a', metadata });
  for (const id of ['joined', 'of-others']) provider.entities.set(id, { name: id, metadata: {}, assetIds: ['a', 'x'] });
  const { made } = await find();
  expect(made.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['asset a', 'entity-membership joined']);
});
