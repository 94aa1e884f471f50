import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import { groupWorkflowId, lifecycleWorkflowId } from '../../../src/contracts/ids';
import type { CleanupPolicy } from '../../../src/contracts/cleanup-policy';
import type { ReceiptEntry } from '../../../src/contracts/lifecycle-status';
import { tagFields, type LedgerTag } from '../../../src/contracts/resource';
import { createItemOutcomes } from '../../../src/storage/batches/item-outcomes';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const key = 'a.mp4';
const group = groupWorkflowId('spring', 0);
const lifecycle = lifecycleWorkflowId('twelvelabs', key);
const RUN = '01a214ec-5868-727c-8d14-67a4f0787f6b';
const since = '2020-01-01T00:00:00.000Z';

const tagOf = (workflowId: string): LedgerTag => ({
  ...{ key, workflowId, runId: RUN, owner: OWNER, onCancel: 'delete', onFailure: 'keep' },
});

let provider: MemoryProvider;
beforeEach(() => {
  provider = new MemoryProvider();
});

/** What is removed of a lifecycle that knows no asset, while an item of a batch has its key and an asset. */
async function remove(
  policy: CleanupPolicy,
  { isOpen = true, hasEnded = false, holder = group }: { isOpen?: boolean; hasEnded?: boolean; holder?: string } = {},
): Promise<ReceiptEntry[]> {
  const deps = dependencies({ provider, settleWindowMs: 0, runs: { isOpen: async () => isOpen } });
  const by = { workflowId: holder, runId: RUN, ...(holder === group && { batchId: 'spring', item: 0 }) };
  await deps.batches.claims.claim({ owner: OWNER, provider: 'twelvelabs', key }, by);
  const outcomes = createItemOutcomes(deps.batches.files, { owner: OWNER, batchId: 'spring' });
  const ended = { item: 0, key, phase: 'failed', outcome: 'failed' } as const;
  if (hasEnded) await outcomes.write({ from: 0, end: 1 }, [ended]);
  provider.addAsset({ filename: key, metadata: tagFields(tagOf(holder)) });
  const resource = { kind: 'asset', adopted: false, tag: tagOf(lifecycle), filename: key, since } as const;
  const input = { provider: 'twelvelabs', resources: [resource], policy } as const;
  return activityEnvironment().run(() => createRemoveResources(deps)(input));
}

test.each<CleanupPolicy>(['keep', 'delete', 'force-delete'])(
  'a lifecycle that was stopped before it had its key removes nothing of the item that has it, under "%s"',
  async (policy) => {
    expect(await remove(policy)).toEqual([]);
    expect(provider.held.size).toBe(1);
  },
);

test('force removes what the key has once its holder has ended, or if the lifecycle has the key itself', async () => {
  for (const ended of [{ isOpen: false }, { hasEnded: true }, { holder: lifecycle }]) {
    provider = new MemoryProvider();
    expect(await remove('force-delete', ended)).toMatchObject([{ resource: 'asset', result: 'deleted' }]);
    expect(provider.held.size).toBe(0);
  }
});
