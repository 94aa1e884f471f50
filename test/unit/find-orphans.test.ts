import type { FoundOrphans } from '../../src/contracts/activities';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { createFindOrphans } from '../../src/activities/ledger/find-orphans';
import { tagFields } from '../../src/contracts/resource';
import { activityEnvironment, dependencies, OWNER } from '../support/activity-dependencies';
import { FakeProvider } from '../support/fake-provider';

const LONG_AGO = '2026-01-01T00:00:00Z';
const tag = { key: 'k', workflowId: 'w', owner: OWNER, onCancel: 'keep' } as const;
const input = { provider: 'twelvelabs', graceMs: 0, limit: 10 } as const;
const failed = { open: false, closedAt: LONG_AGO, ended: 'failed', assetId: 'a' } as const;

test('a failed lifecycle is judged by its receipt, which the overview does not have', async () => {
  const provider = new FakeProvider();
  provider.addAsset({ id: 'a', createdAt: LONG_AGO, metadata: tagFields(tag) });
  const receipt = { policy: 'force-delete', entries: [{ resource: 'asset', id: 'a', result: 'leftover' }] };
  const deps = dependencies({
    provider,
    runs: {
      overview: async () => new Map([[tag.workflowId, failed]]),
      latest: async () => ({ ...failed, status: { receipt } as unknown as LifecycleStatus }),
    },
  });
  const found = (await activityEnvironment().run(createFindOrphans(deps), input)) as FoundOrphans;
  expect(found.orphans).toMatchObject([{ assetId: 'a', cause: 'unfinished', policy: 'force-delete' }]);
});

test('of several assets that a terminated lifecycle wanted kept, the oldest is kept', async () => {
  const provider = new FakeProvider();
  for (const id of ['a', 'b']) provider.addAsset({ id, createdAt: LONG_AGO, metadata: tagFields(tag) });
  const stopped = { open: false, closedAt: LONG_AGO, ended: 'stopped' } as const;
  const deps = dependencies({
    provider,
    runs: { overview: async () => new Map([[tag.workflowId, stopped]]), latest: async () => stopped },
  });
  const found = (await activityEnvironment().run(createFindOrphans(deps), input)) as FoundOrphans;
  expect(found.orphans).toMatchObject([
    { assetId: 'b', cause: 'surplus', policy: 'delete' },
    { assetId: 'a', cause: 'stopped', policy: 'keep' },
  ]);
});
