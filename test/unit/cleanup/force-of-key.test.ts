import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import type { ReceiptEntry } from '../../../src/contracts/lifecycle-status';
import { groupWorkflowId, lifecycleWorkflowId } from '../../../src/contracts/ids';
import { numberOfResult } from '../../../src/contracts/batch/item-results';
import { resultName, tagFields, type LedgerTag } from '../../../src/contracts/resource';
import { only } from '../../../src/providers/outcome';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const EARLIER = '01a214eb-5868-727c-8d14-67a4f0787f6a';
const RUN = '01a214ec-5868-727c-8d14-67a4f0787f6b';
const key = 'a.mp4';
const lifecycle = lifecycleWorkflowId('twelvelabs', key);
const group = groupWorkflowId('spring', 0);

const tagOf = (workflowId: string, runId: string): LedgerTag => ({
  ...{ key, workflowId, runId, owner: OWNER, onCancel: 'delete', onFailure: 'keep' },
});

let provider: MemoryProvider;
let stored: Set<string>;
beforeEach(() => {
  provider = new MemoryProvider();
  stored = new Set();
});

/** What force removes of a run that has this asset. */
async function force(tag: LedgerTag, id: string): Promise<ReceiptEntry[]> {
  const deps = dependencies({
    provider,
    results: {
      write: async () => ({ uri: '', sha256: '', bytes: 0, count: 0 }),
      has: async (name) => stored.has(name),
      remove: async (name) => stored.delete(name),
      namesOf: async ({ owner, workflowId }) =>
        [...stored].filter((name) => name.startsWith(`${owner}/${workflowId}/`)),
    },
  });
  await deps.batches.claims.claim(
    { owner: OWNER, provider: 'twelvelabs', key },
    { workflowId: tag.workflowId, runId: tag.runId, ...(tag.workflowId === group && { batchId: 'spring', item: 3 }) },
  );
  const removeResources = createRemoveResources(deps);
  const since = '2026-01-01T00:00:00.000Z';
  const resource = { kind: 'asset', id, adopted: false, tag, filename: key, since } as const;
  const input = { provider: 'twelvelabs', resources: [resource], policy: 'force-delete' } as const;
  return activityEnvironment().run(() => removeResources(input));
}

test('what an earlier run made goes too, though the run has written its name over the earlier one’s', async () => {
  const earlier = tagOf(lifecycle, EARLIER);
  const own = tagOf(lifecycle, RUN);
  const { id } = provider.addAsset({ filename: key, metadata: tagFields(own) });
  const branch = { type: 'entity', collectionId: 'c' } as const;
  only(await provider.branches.entity.start([{ branch, assetId: id, name: 'Ada', tag: earlier }]));
  stored.add(resultName({ owner: OWNER, workflowId: lifecycle, runId: EARLIER }));

  const entries = await force(own, id);
  expect(entries.map(({ resource, result }) => [resource, result]).toSorted()).toEqual([
    ['asset', 'deleted'],
    ['entity', 'deleted'],
    ['result', 'deleted'],
  ]);
  expect([provider.entities.size, provider.held.size, stored.size]).toEqual([0, 0, 0]);
});

test('of a group only the item’s own results go, and what single runs of its key stored', async () => {
  const own = tagOf(group, RUN);
  const { id } = provider.addAsset({ filename: key, metadata: tagFields(own) });
  const ofItem = (item: number): string =>
    resultName({ owner: OWNER, workflowId: group, runId: RUN }, numberOfResult(item, 0));
  const ofSingle = resultName({ owner: OWNER, workflowId: lifecycle, runId: EARLIER });
  for (const name of [ofItem(0), ofItem(3), ofItem(4), ofSingle]) stored.add(name);

  const entries = await force(own, id);
  expect(entries.filter(({ resource }) => resource === 'result').map((entry) => entry.id)).toEqual([
    ofSingle,
    ofItem(3),
  ]);
  expect([...stored]).toEqual([ofItem(0), ofItem(4)]);
});
