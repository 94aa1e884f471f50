import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import { createFindOrphans } from '../../../src/activities/sweep/find-orphans';
import type { FoundOrphans } from '../../../src/contracts/activities';
import type { ItemOutcome } from '../../../src/contracts/batch/item-outcome';
import { groupWorkflowId } from '../../../src/contracts/ids';
import type { BranchStatus, LifecycleStatus, ReceiptEntry } from '../../../src/contracts/lifecycle-status';
import { joinedField, releaseFields, TAG_FIELDS, tagFields, type LedgerTag } from '../../../src/contracts/resource';
import type { DescribedRun } from '../../../src/contracts/runs';
import { createItemOutcomes } from '../../../src/storage/batches/item-outcomes';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { knownRuns } from '../../support/memory/known-runs';
import { MemoryProvider } from '../../support/memory-provider';

const LONG_AGO = new Date(Date.now() - 3_600_000).toISOString();
const tag: LedgerTag = { key: 'k', workflowId: 'w', runId: 'r2', owner: OWNER, onCancel: 'delete', onFailure: 'keep' };
const givenBack = { ...releaseFields('completed', 'r2'), [TAG_FIELDS.completedBy]: 'r1' };
const kept = (id: string, resource = 'asset'): ReceiptEntry => ({
  ...{ resource, id, result: 'kept', because: 'an earlier run completed with it', at: LONG_AGO },
});

let provider: MemoryProvider;
let runs: DescribedRun[];
beforeEach(() => {
  provider = new MemoryProvider();
  runs = [];
  run({ runId: 'r1', ended: 'completed', branch: 'embed' });
});

function run(changes: Partial<DescribedRun>): void {
  const common = { workflowId: 'w', runId: 'r2', key: 'k', open: false, closedAt: LONG_AGO, assetId: 'a' };
  runs.unshift({ ...common, branch: 'entity', ...changes });
}

const asset = (changes: Partial<LedgerTag> = {}, marks: object = givenBack): void =>
  void provider.addAsset({
    id: 'a',
    createdAt: LONG_AGO,
    metadata: { ...tagFields({ ...tag, ...changes }), ...marks },
  });

const entity = (id: string, changes: Partial<LedgerTag> = {}): void =>
  void provider.entities.set(id, { name: id, metadata: tagFields({ ...tag, ...changes }), assetIds: ['a'] });

const REFUSED = { type: 'ProviderRejected', message: 'no' } as const;
const BRANCH: BranchStatus = { type: 'entity', status: 'pending' };
const status = (branch: BranchStatus = BRANCH, changes: Partial<LifecycleStatus> = {}) =>
  ({
    ...{ key: 'k', provider: 'twelvelabs', phase: 'cancelled', outcome: 'cancelled', branch },
    asset: { id: 'a', status: 'ready', completedBefore: true },
    receipt: { policy: 'delete', entries: [kept('a')] },
    timings: { startedAt: LONG_AGO, readyAt: LONG_AGO },
    ...changes,
  }) satisfies LifecycleStatus;

function find(deps = dependenciesHere()): Promise<FoundOrphans> {
  const input = { provider: 'twelvelabs', graceMs: 0, limit: 10, setMarks: true };
  return activityEnvironment().run(createFindOrphans(deps), input);
}

const dependenciesHere = () =>
  dependencies({
    provider,
    runs: knownRuns(runs),
  });

const wanted = { orphans: [], seen: { wanted: 1 } };

describe('of a run that was stopped and gave the asset back', () => {
  test.each<[string, BranchStatus]>([
    ['before its create was answered', BRANCH],
    ['after a create that was sent twice', { ...BRANCH, status: 'running', id: 'first' }],
    ['when its branch was late', { ...BRANCH, status: 'failed' }],
    ['after a create without an answer and a refused one', { ...BRANCH, status: 'failed', error: REFUSED }],
  ])('what was made afterwards goes, and the asset stays: %s', async (_when, branch) => {
    asset();
    entity('late');
    entity('of-the-first', { runId: 'r1' });
    run({ ended: 'cancelled', status: status(branch) });
    const { orphans, seen } = await find();
    expect(orphans).toMatchObject([{ assetId: 'a', key: 'k', cause: 'unfinished', policy: 'delete' }]);
    expect(orphans[0]?.made.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['entity late']);
    expect(seen.wanted).toBe(0);
  });

  test('what its receipt has kept stays', async () => {
    asset();
    entity('with-others');
    const receipt = { policy: 'delete' as const, entries: [kept('with-others', 'entity'), kept('a')] };
    run({ ended: 'cancelled', status: status(BRANCH, { receipt }) });
    expect(await find()).toMatchObject(wanted);
  });

  test('a membership stays: whose it is by now cannot be told', async () => {
    asset({}, { ...givenBack, ...joinedField({ in: 'c', id: 'of-others', runId: 'r2' }) });
    provider.entities.set('of-others', { name: 'x', metadata: {}, assetIds: ['a', 'b'] });
    run({ ended: 'cancelled', status: status() });
    expect(await find()).toMatchObject(wanted);
  });

  test('another lifecycle that has the asset may have adopted it', async () => {
    asset();
    entity('late');
    run({ ended: 'cancelled', status: status() });
    runs.push({
      ...{ workflowId: 'adopter', runId: 'r9', key: 'o', open: false, closedAt: LONG_AGO },
      ended: 'completed',
      assetId: 'a',
    });
    expect(await find()).toMatchObject(wanted);
  });

  test.each<[string, LifecycleStatus]>([
    ['it came to no branch', status(BRANCH, { timings: { startedAt: LONG_AGO } })],
    ['its branch leaves nothing', status({ ...BRANCH, type: 'embed' })],
    ['its policy was to keep', status(BRANCH, { receipt: { policy: 'keep', entries: [kept('a')] } })],
  ])('nobody asks the provider where nothing can come: %s', async (_why, its) => {
    asset();
    run({ ended: 'cancelled', status: its });
    expect(await find()).toMatchObject(wanted);
    expect(provider.calls).not.toContain('entity.madeFrom');
  });
});

test('what a run has completed with stays, and its mark is set, though it has a receipt', async () => {
  asset({}, {});
  entity('its-own');
  const done = { ...BRANCH, status: 'ready', id: 'its-own' } as const;
  run({ ended: 'completed', status: status(done, { phase: 'completed', outcome: 'completed' }) });
  expect(await find()).toMatchObject({ ...wanted, marked: 1 });
});

test('a mark that is missing is set also where something goes', async () => {
  asset({}, {});
  entity('late');
  run({ ended: 'cancelled', status: status() });
  const { orphans, marked } = await find();
  expect(orphans[0]?.made.map(({ id }) => id)).toEqual(['late']);
  expect(marked).toBe(1);
});

test('long after its end nothing is looked for: each look costs requests', async () => {
  asset();
  entity('late');
  run({ ended: 'cancelled', status: status(), closedAt: new Date(Date.now() - 50 * 3_600_000).toISOString() });
  expect(await find()).toMatchObject(wanted);
  expect(provider.calls).not.toContain('entity.madeFrom');
});

describe('between the look and the removal', () => {
  const remove = async (orphan: FoundOrphans['orphans'][number] | undefined) => {
    const { made: resources = [], policy = 'delete', workflowId: unlessOpen } = orphan ?? {};
    const steps = createRemoveResources(dependenciesHere());
    return activityEnvironment().run(steps, { provider: 'twelvelabs', resources, policy, unlessOpen });
  };

  test.each([
    ['nothing happened: it goes', {}, undefined, 'deleted'],
    ['another run of the key took the asset up: it stays', releaseFields(null), undefined, 'kept'],
    ['another lifecycle began that has the asset: it stays', {}, { workflowId: 'adopter', open: true }, 'kept'],
  ] as const)('%s', async (_what, marks, other, result) => {
    asset();
    entity('late');
    run({ ended: 'cancelled', status: status() });
    const [orphan] = (await find()).orphans;
    Object.assign(provider.held.get('a')?.metadata ?? {}, marks);
    if (other) runs.push({ runId: 'r9', key: 'o', assetId: 'a', ...other });
    expect(await remove(orphan)).toMatchObject([{ resource: 'entity', id: 'late', result }]);
    expect(provider.entities.has('late')).toBe(result === 'kept');
  });
});

describe('of a run that was terminated and could not note that it had taken the asset up', () => {
  test.each([
    ['delete', ['late']],
    ['keep', undefined],
  ] as const)('what it made goes as its own tag says: %s', async (onCancel, gone) => {
    asset({ runId: 'r1' }, releaseFields('completed', 'r1'));
    entity('late', { onCancel });
    run({ ended: 'stopped' });
    const { orphans } = await find();
    expect(orphans[0]?.made.map(({ id }) => id)).toEqual(gone);
  });
});

test('what was made late for an item of a batch goes as well', async () => {
  const workflowId = groupWorkflowId('spring: one', 50);
  asset({ workflowId });
  entity('late', { workflowId });
  runs = [{ ...{ workflowId, runId: 'r2', key: workflowId, open: false, closedAt: LONG_AGO }, ended: 'completed' }];
  const record: ItemOutcome = {
    ...{ item: 51, key: 'k', phase: 'cancelled', outcome: 'cancelled', branches: [BRANCH] },
    asset: { id: 'a', status: 'ready' },
    receipt: { policy: 'delete', entries: [kept('a')] },
  };
  const deps = dependenciesHere();
  const outcomes = createItemOutcomes(deps.batches.files, { owner: OWNER, batchId: 'spring: one' });
  await outcomes.write({ from: 50, end: 100 }, [record]);
  const { orphans } = await find(deps);
  expect(orphans[0]?.made.map(({ id }) => id)).toEqual(['late']);
  await outcomes.write({ from: 50, end: 100 }, [{ ...record, phase: 'completed', outcome: 'completed' }]);
  expect(await find(deps)).toMatchObject(wanted); // a later start of the batch has completed with it
});
