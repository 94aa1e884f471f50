import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import type { GroupNews } from '../../../src/contracts/batch/groups';
import type { BatchStatus } from '../../../src/contracts/batch/batch-status';
import { detailsOfBatch, detailsOfGroup } from '../../../src/workflows/lib/batch/words';
import { detailsOfLifecycle } from '../../../src/workflows/lib/details';

const status: LifecycleStatus = {
  ...{ key: 'k', provider: 'datature-vi', phase: 'processing', timings: { startedAt: '2026-01-01T00:00:00Z' } },
  ingestion: { id: 'session-1', in: 'demo' },
};
const input: Parameters<typeof detailsOfLifecycle>[1] = {
  provider: 'datature-vi',
  source: { type: 'file', path: '/media/a.jpg' },
  fields: { datasetId: 'demo', onAssetOverwritten: undefined, enableHls: false },
  cleanup: { onCancel: 'delete', onFailure: 'keep' },
};

test('the page of a run names its provider with its own fields that say something, and its session', () => {
  const lines = detailsOfLifecycle(status, input).split('\n');
  expect(lines).toContain('- provider: `datature-vi`, datasetId `demo`');
  expect(lines).toContain('- session: `session-1`');
});

test('the page of a group says what a cancel would do, until nothing is left to stop', () => {
  const due = { submit: 0, settle: 0, branch: 0, collect: 0, release: 0, clean: 0 };
  const page = (changes: Partial<GroupNews['due']>, by: GroupNews['counts']['by']): string =>
    detailsOfGroup(
      'spring',
      { from: 2, end: 4 },
      { counts: { items: 2, by, bytes: 2 }, due: { ...due, ...changes }, failures: [] },
    );
  expect(page({ settle: 1 }, { completed: 1, processing: 1 })).toContain('A cancel here stops these items');
  const ended = page({}, { completed: 2 });
  expect(ended.split('\n')).toEqual(['**items 2 to 3** of the batch `spring`', '', '- items: 2 (2 completed)']);
});

test('the page of a group that removes says so, and gives no numbers and no advice that do not hold', () => {
  const due = { submit: 0, settle: 0, branch: 0, collect: 0, release: 0, clean: 2 };
  const page = (by: GroupNews['counts']['by']): string =>
    detailsOfGroup(
      'spring',
      { from: 2, end: 4 },
      { counts: { items: 2, by, bytes: 2 }, due, failures: [] },
      { deletes: true },
    );
  const removes = 'What these items have made is removed by force, also of those that had completed.';
  expect(page({ pending: 2 }).split('\n')).toEqual(['**items 2 to 3** of the batch `spring`', '', removes]);
  expect(page({ deleted: 1, cleaning: 1 })).toContain('- items: 2 (1 deleted, 1 cleaning)');
});

test('the page of a removal says how many items stay as they were', () => {
  const page = (by: Record<string, number>): string =>
    detailsOfBatch(
      {
        ...{
          batchId: 'spring',
          provider: 'twelvelabs',
          phase: 'deleted',
          outcome: 'deleted',
          refused: 0,
          groups: 0,
          totalBytes: 2,
        },
        ...{ counts: { items: 5, by, bytes: 2 }, inFlight: 1000, failures: [], timings: { startedAt: '' } },
      } satisfies BatchStatus,
      true,
    );
  expect(page({ deleted: 2, completed: 2, pending: 1 })).toContain('2 stay as they were: somebody else has their keys');
  expect(page({ deleted: 4, pending: 1 })).not.toContain('stay');
});
