import { createFindOrphans } from '../../../src/activities/sweep/find-orphans';
import type { FoundOrphans } from '../../../src/contracts/activities';
import type { ItemOutcome } from '../../../src/contracts/batch/item-outcome';
import { groupWorkflowId } from '../../../src/contracts/ids';
import type { DescribedRun } from '../../../src/contracts/runs';
import { tagFields } from '../../../src/contracts/resource';
import { createItemOutcomes } from '../../../src/storage/batches/item-outcomes';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const LONG_AGO = '2026-01-01T00:00:00Z';
const workflowId = groupWorkflowId('spring: one', 50);
const tag = { key: 'k', workflowId, runId: 'r1', owner: OWNER, onCancel: 'delete', onFailure: 'delete' } as const;

let provider: MemoryProvider;
beforeEach(() => {
  provider = new MemoryProvider();
});

const asset = (id: string): void => {
  provider.addAsset({ id, createdAt: LONG_AGO, metadata: tagFields(tag) });
};

const outcome = (changes: Partial<ItemOutcome>): ItemOutcome => ({
  item: 51,
  key: 'k',
  phase: 'completed',
  ...changes,
});

async function find(ended: DescribedRun['ended'], record?: ItemOutcome): Promise<FoundOrphans> {
  const run: DescribedRun = { workflowId, runId: 'r1', key: workflowId, open: false, closedAt: LONG_AGO, ended };
  const deps = dependencies({
    provider,
    runs: { overview: async () => [], find: async () => run, wantedBy: async () => [] },
  });
  const outcomes = createItemOutcomes(deps.batches.files, { owner: OWNER, batchId: 'spring: one' });
  if (record) await outcomes.write({ from: 50, end: 100 }, [record]);
  const input = { provider: 'twelvelabs', graceMs: 0, limit: 10, setMarks: true };
  return activityEnvironment().run(createFindOrphans(deps), input);
}

test('of two assets of an item that has completed, the one that it did not complete with is a surplus', async () => {
  asset('own');
  asset('second');
  const record = outcome({ outcome: 'completed', asset: { id: 'own', status: 'ready' } });
  const { orphans, marked } = await find('completed', record);
  expect(orphans).toMatchObject([{ assetId: 'second', cause: 'surplus', policy: 'delete', key: 'k' }]);
  expect(marked).toBe(1);
});

test("what an item's cleanup left over is an orphan, though its group has completed", async () => {
  asset('left');
  const entries = [{ resource: 'asset', id: 'left', result: 'leftover', because: 'refused', at: LONG_AGO }] as const;
  const receipt = { policy: 'force-delete' as const, entries: [...entries] };
  const { orphans } = await find('completed', outcome({ phase: 'failed', outcome: 'failed', receipt }));
  expect(orphans).toMatchObject([{ assetId: 'left', cause: 'unfinished', policy: 'force-delete' }]);
});

test('what an item was at when its group was ended goes as the tag says, with what it may have stored', async () => {
  asset('under-way');
  const result = { kind: 'result', id: `${OWNER}/${workflowId}/r1-51001` } as const;
  const work = { runId: 'r1', since: LONG_AGO, made: [result] };
  const { orphans } = await find('stopped', outcome({ phase: 'branching', work }));
  expect(orphans).toMatchObject([{ assetId: 'under-way', cause: 'stopped', policy: 'delete' }]);
  expect(orphans[0]?.made).toContainEqual(result);
});

test('what an item completed with stays, though its group was ended before it could be marked', async () => {
  asset('own');
  const record = outcome({ outcome: 'completed', asset: { id: 'own', status: 'ready' } });
  expect(await find('stopped', record)).toMatchObject({ orphans: [], marked: 1, seen: { wanted: 1 } });
});

test('an asset of a group whose outcomes are not kept any more is left alone, unless the group was ended', async () => {
  asset('old');
  expect(await find('completed')).toMatchObject({ orphans: [], seen: { wanted: 1 } });
  expect((await find('stopped')).orphans).toMatchObject([{ assetId: 'old', cause: 'stopped' }]);
});
