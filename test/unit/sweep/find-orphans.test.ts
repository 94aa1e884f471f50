import { createFindOrphans } from '../../../src/activities/sweep/find-orphans';
import type { DescribedRun } from '../../../src/contracts/runs';
import type { FindOrphansInput, FoundOrphans } from '../../../src/contracts/activities';
import { failure } from '../../../src/contracts/failures';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import { joinedField, releaseFields, tagFields } from '../../../src/contracts/resource';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { knownRuns } from '../../support/memory/known-runs';
import { MemoryProvider } from '../../support/memory-provider';

const LONG_AGO = '2026-01-01T00:00:00Z';
const tag = { key: 'k', workflowId: 'w', runId: 'r1', owner: OWNER, onCancel: 'keep', onFailure: 'keep' } as const;
const input = { provider: 'twelvelabs', graceMs: 0, limit: 10, setMarks: true } as const;

let provider: MemoryProvider;
let runs: DescribedRun[];
beforeEach(() => {
  provider = new MemoryProvider();
  runs = [];
});

const run = (changes: Partial<DescribedRun>): void => {
  runs.unshift({ workflowId: 'w', runId: 'r1', key: 'k', open: false, closedAt: LONG_AGO, ...changes });
};
const asset = (id: string, changes: object = {}, marks: Record<string, unknown> = {}) =>
  provider.addAsset({ id, createdAt: LONG_AGO, metadata: { ...tagFields({ ...tag, ...changes }), ...marks } });

const withReceipt = (policy: string, entries: object[]) =>
  ({
    asset: { id: 'a' },
    receipt: { policy, entries },
    timings: { startedAt: LONG_AGO },
  }) as unknown as LifecycleStatus;

type Doubles = Partial<Parameters<typeof dependencies>[0]['runs']>;

function find(changes: Partial<FindOrphansInput> = {}, doubles: Doubles = {}): Promise<FoundOrphans> {
  const deps = dependencies({
    provider,
    runs: { ...knownRuns(runs), ...doubles },
  });
  return activityEnvironment().run(createFindOrphans(deps), { ...input, ...changes });
}

test('a failed lifecycle is judged by its receipt, which the overview does not have', async () => {
  asset('a');
  const entries = [{ resource: 'asset', id: 'a', result: 'leftover' }];
  run({ ended: 'failed', assetId: 'a', status: withReceipt('force-delete', entries) });
  expect((await find()).orphans).toMatchObject([{ assetId: 'a', cause: 'unfinished', policy: 'force-delete' }]);
});

test('of several assets that a terminated lifecycle wanted kept, the oldest is kept', async () => {
  asset('a');
  asset('b');
  run({ ended: 'stopped' });
  expect((await find()).orphans).toMatchObject([
    { assetId: 'b', cause: 'surplus', policy: 'delete' },
    { assetId: 'a', cause: 'stopped', policy: 'keep' },
  ]);
});

test('of several, the one that the terminated lifecycle names is kept, though another came before it', async () => {
  asset('late'); // its create committed after all, once it had been made again
  asset('a');
  run({ ended: 'stopped', assetId: 'a' });
  expect((await find()).orphans).toMatchObject([
    { assetId: 'a', cause: 'stopped', policy: 'keep' },
    { assetId: 'late', cause: 'surplus', policy: 'delete' },
  ]);
});

test('an asset whose lifecycle Temporal does not know is only reported', async () => {
  asset('a', { onCancel: 'force-delete' });
  const found = await find();
  expect(found).toMatchObject({ orphans: [], seen: { vanished: 1 } });
  expect(found.vanished).toEqual([{ assetId: 'a', key: 'k', workflowId: 'w' }]);
});

test.each([
  ['delete', 'force-delete', 'delete'],
  ['force-delete', 'keep', 'keep'],
] as const)(
  'told to end what has vanished, goes by the more careful of %s and %s',
  async (onCancel, onFailure, policy) => {
    asset('a', { onCancel, onFailure });
    const { orphans, vanished } = await find({ includeVanished: true });
    expect(orphans).toMatchObject([{ assetId: 'a', cause: 'vanished', policy }]);
    expect(vanished).toEqual([]);
  },
);

test('sets the release mark of an asset whose run stands and completed with it', async () => {
  asset('a');
  run({ ended: 'completed', assetId: 'a' });
  expect(await find({ setMarks: false })).toMatchObject({ marked: 0, unmarked: 1, seen: { wanted: 1 } });
  expect(provider.calls).not.toContain('assets.annotate');
  expect(await find()).toMatchObject({ marked: 1, unmarked: 0, seen: { wanted: 1 }, orphans: [] });
  expect(provider.held.get('a')?.metadata).toMatchObject(releaseFields('completed', 'r1'));
  expect(await find()).toMatchObject({ marked: 0, unmarked: 0 });
});

test('a mark that is refused again does not end the sweep', async () => {
  asset('a');
  run({ ended: 'completed', assetId: 'a' });
  provider.failNext('assets.annotate', failure('ProviderRejected', 'PATCH: no'));
  expect(await find()).toMatchObject({ marked: 0, unmarked: 1, seen: { wanted: 1 } });
});

test('goes on without the overview, run by run', async () => {
  asset('a');
  run({ ended: 'stopped', assetId: 'a' });
  const overview = async (): Promise<never> => {
    throw new Error('3 INVALID_ARGUMENT: unable to parse query');
  };
  expect((await find({}, { overview })).orphans).toMatchObject([{ assetId: 'a', cause: 'stopped' }]);
});

test('asks the overview for ids of the provider, and not for workflow ids', async () => {
  asset('a', { workflowId: 'asset-lifecycle:twelvelabs:odd\\' });
  provider.addAsset({ id: 'of-others', createdAt: LONG_AGO });
  const asked: string[] = [];
  const overview = async (ids: readonly string[]) => {
    asked.push(...ids);
    return [];
  };
  await find({}, { overview });
  expect(asked).toEqual(['a']);
});

describe('an adopted asset', () => {
  test('that carries the tag of a terminated lifecycle is left to its open adopter', async () => {
    asset('a', { onCancel: 'delete' });
    run({ ended: 'stopped', assetId: 'a' });
    run({ workflowId: 'adopter', runId: 'r2', open: true, closedAt: undefined, assetId: 'a' });
    expect(await find()).toMatchObject({ orphans: [], seen: { open: 1 } });
  });

  test('that carries such a tag is wanted by an adopter that has completed, though its mark was refused', async () => {
    asset('a', { onCancel: 'delete' });
    run({ ended: 'stopped', assetId: 'a' });
    run({ workflowId: 'adopter', runId: 'r2', ended: 'completed', assetId: 'a' });
    expect(await find()).toMatchObject({ orphans: [], seen: { wanted: 1 } });
  });

  test('is wanted on account of the adopter’s mark, also where visibility does not answer', async () => {
    asset('a', { onCancel: 'delete' }, releaseFields('kept', 'run-of-adopter'));
    run({ ended: 'stopped', assetId: 'a' });
    const wantedBy = async (): Promise<never> => {
      throw new Error('visibility is down');
    };
    expect(await find({}, { wantedBy })).toMatchObject({ orphans: [], seen: { wanted: 1 } });
  });
});

test('an asset with which its run completed is not for a later run to leave over, whose taking up was refused', async () => {
  asset('a', {}, releaseFields('completed', tag.runId));
  const entries = [{ resource: 'asset', id: 'a', result: 'leftover' }];
  run({ runId: 'r2', ended: 'failed', assetId: 'a', status: withReceipt('delete', entries) });
  const { orphans } = await find();
  expect(orphans.flatMap(({ made }) => made)).toEqual([]);
});

describe('an asset of an earlier run of its key', () => {
  const entries = [{ resource: 'asset', id: 'a', result: 'kept' }];

  test('is judged by that run, and not by the latest', async () => {
    asset('a', { onCancel: 'delete' });
    run({ ended: 'failed', assetId: 'a', status: withReceipt('keep', entries) });
    run({ runId: 'r2', ended: 'stopped', assetId: 'b' });
    expect(await find()).toMatchObject({ orphans: [], seen: { wanted: 1 }, marked: 1 });
  });

  test('has vanished when only a later run is known, which had another', async () => {
    asset('a', { onCancel: 'delete' });
    run({ runId: 'r2', ended: 'stopped', assetId: 'b' });
    expect(await find()).toMatchObject({ orphans: [], seen: { vanished: 1 } });
  });

  test('is judged by the latest run when that took it up', async () => {
    asset('a', { onCancel: 'delete' });
    run({ ended: 'failed', assetId: 'a', status: withReceipt('keep', entries) });
    run({ runId: 'r2', ended: 'stopped', assetId: 'a' });
    expect((await find()).orphans).toMatchObject([{ assetId: 'a', cause: 'stopped', policy: 'delete' }]);
  });
});

test('the membership that its lifecycle made ends with an orphan, and no other one', async () => {
  asset('a', { onCancel: 'delete' }, joinedField({ in: 'c', id: 'joined', runId: 'r1' }));
  for (const id of ['joined', 'of-others']) {
    provider.entities.set(id, { name: id, metadata: {}, assetIds: ['a', 'x'] });
  }
  run({ ended: 'stopped', assetId: 'a', branch: 'entity' });
  const [orphan] = (await find()).orphans;
  expect(orphan?.made.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['asset a', 'entity-membership joined']);
});
