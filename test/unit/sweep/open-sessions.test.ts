import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import { createFindMade } from '../../../src/activities/sweep/find-made';
import { createFindOrphans } from '../../../src/activities/sweep/find-orphans';
import type { FoundMade, FoundOrphans, RemoveResourcesInput } from '../../../src/contracts/activities';
import type { Orphan } from '../../../src/contracts/ledger/sweep';
import type { ReceiptEntry } from '../../../src/contracts/lifecycle-status';
import { tagFields, type LedgerTag } from '../../../src/contracts/resource';
import type { DescribedRun } from '../../../src/contracts/runs';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { png, startAccount, type Account } from '../datature-vi/account';

const LONG_AGO = '2026-01-01T00:00:00Z';
const where = { provider: 'datature-vi', place: 'demo' } as const;

let vi: Account;
let runs: DescribedRun[];
beforeEach(async () => {
  vi = await startAccount();
  runs = [];
});
afterEach(() => vi.close());

const tagOf = (key: string, changes: Partial<LedgerTag> = {}): LedgerTag => ({
  ...{ key, workflowId: `w-${key}`, runId: `r-${key}`, owner: OWNER, onCancel: 'delete', onFailure: 'keep' },
  ...changes,
});

/** A session that waits for these files. */
function session(id: string, files: Record<string, LedgerTag | undefined>, createdAt = Date.parse(LONG_AGO)) {
  const specs = Object.entries(files).map(([filename, tag]) => ({
    ...{ filename, mime: 'image/png', size: png(filename).byteLength, crc32c: null, kind: 'Image' },
    customMetadata: tag ? tagFields(tag) : {},
  }));
  const opened = {
    ...{ id: `s-${id}`, createdAt, files: specs, spec: {}, expiry: Date.now() + 60_000, cancelled: false },
    ...{ done: new Set<string>(), errors: new Map<string, string>() },
  };
  vi.api.sessions.set(opened.id, opened);
  return opened;
}

const run = (key: string, changes: Partial<DescribedRun>): void => {
  runs.push({ ...{ workflowId: `w-${key}`, runId: `r-${key}`, key, open: false, closedAt: LONG_AGO }, ...changes });
};

const deps = () => ({
  ...dependencies({
    provider: vi.account,
    results: { write: jest.fn(), has: async () => false, remove: async () => false, namesOf: async () => [] },
    runs: {
      overview: async () => [],
      find: async (workflowId, runId) =>
        runs.find((one) => one.workflowId === workflowId && (runId === undefined || one.runId === runId)),
      wantedBy: async () => [],
    },
  }),
});

const findOrphans = (graceMs = 0): Promise<FoundOrphans> =>
  activityEnvironment().run(createFindOrphans(deps()), { ...where, graceMs, limit: 10 });

const remove = (input: Omit<RemoveResourcesInput, 'provider'>): Promise<ReceiptEntry[]> =>
  activityEnvironment().run(createRemoveResources(deps()), { ...where, ...input });

async function sweep(graceMs?: number): Promise<{ orphans: Orphan[]; entries: ReceiptEntry[] }> {
  const { orphans } = await findOrphans(graceMs);
  const entries: ReceiptEntry[] = [];
  for (const { made: resources, policy, workflowId: unlessOpen } of orphans) {
    entries.push(...(await remove({ resources, policy, unlessOpen })));
  }
  return { orphans, entries };
}

const findMade = (key: string): Promise<FoundMade> =>
  activityEnvironment().run(createFindMade(deps()), { ...where, key, workflowId: `w-${key}` });

test('a sweep cancels the session that terminated runs have left', async () => {
  const left = session('x', { 'a.png': tagOf('a'), 'b.png': tagOf('b'), 'c.png': tagOf('c') });
  left.done.add('c.png');
  vi.api.addAsset('c.png', png('c.png'));
  run('a', { ended: 'stopped' });
  run('b', { ended: 'stopped' });
  run('c', { ended: 'completed' });
  const { orphans, entries } = await sweep();
  expect(orphans).toMatchObject([
    { key: 'a', cause: 'stopped', policy: 'delete' },
    { key: 'b', cause: 'stopped', policy: 'delete' },
  ]);
  expect(orphans.map(({ assetId }) => assetId)).toEqual([undefined, undefined]);
  expect(entries).toMatchObject([
    { resource: 'upload-session', id: 's-x', in: 'demo', result: 'deleted' },
    { resource: 'upload-session', id: 's-x', in: 'demo', result: 'deleted' },
  ]);
  expect(left.cancelled).toBe(true);
  expect((await sweep()).orphans).toEqual([]);
});

test('a sweep cancels the session that a completed run did not need', async () => {
  const second = session('x', { 'a.png': tagOf('a') });
  run('a', { ended: 'completed' });
  expect((await sweep()).orphans).toMatchObject([{ key: 'a', cause: 'surplus', policy: 'delete' }]);
  expect(second.cancelled).toBe(true);
});

test.each<[string, Record<string, LedgerTag | undefined>, Partial<DescribedRun> | undefined]>([
  ['a run that is open', { 'b.png': tagOf('b') }, { open: true, closedAt: undefined }],
  ['a run that closed just now', { 'b.png': tagOf('b') }, { ended: 'stopped', closedAt: new Date().toISOString() }],
  ['a run that would keep what it sent', { 'b.png': tagOf('b', { onCancel: 'keep' }) }, { ended: 'stopped' }],
  ['a run that Temporal does not know', { 'b.png': tagOf('b') }, undefined],
  ['another namespace', { 'b.png': tagOf('b', { owner: 'another' }) }, { ended: 'stopped' }],
  ['an upload of no lifecycle', { 'b.png': undefined }, { ended: 'stopped' }],
])('a sweep leaves a session in which there is %s', async (_who, files, other) => {
  const shared = session('x', { 'a.png': tagOf('a'), ...files });
  run('a', { ended: 'stopped' });
  if (other) run('b', other);
  expect((await sweep(60_000)).orphans).toEqual([]);
  expect(shared.cancelled).toBe(false);
});

test('a sweep leaves a session that was opened just now', async () => {
  session('x', { 'a.png': tagOf('a') }, Date.now());
  run('a', { ended: 'stopped' });
  expect((await sweep(60_000)).orphans).toEqual([]);
});

test('a session is left to the lifecycle of its key that began since', async () => {
  const left = session('x', { 'a.png': tagOf('a') });
  run('a', { ended: 'stopped' });
  const found = await findOrphans();
  runs.unshift({ workflowId: 'w-a', runId: 'r2', key: 'a', open: true });
  const resources = found.orphans.flatMap(({ made }) => made);
  const entries = await remove({ resources, policy: 'delete', unlessOpen: 'w-a' });
  expect(entries).toMatchObject([{ resource: 'upload-session', id: 's-x', result: 'kept' }]);
  expect(left.cancelled).toBe(false);
});

test('a deletion finds what the runs of a key have in open sessions, and ends them', async () => {
  const own = session('x', { 'a.png': tagOf('a') });
  const other = session('y', { 'b.png': tagOf('b') });
  run('a', { ended: 'stopped' });
  const { made } = await findMade('a');
  expect(made).toMatchObject([{ kind: 'asset', pending: { id: 's-x', item: 'a.png' }, tag: { key: 'a' } }]);
  const entries = await remove({ resources: made, policy: 'force-delete', unlessOpen: 'w-a' });
  expect(entries).toMatchObject([{ resource: 'upload-session', id: 's-x', result: 'deleted' }]);
  expect([own.cancelled, other.cancelled]).toEqual([true, false]);
});

test('a deletion leaves alone what an open run of another workflow id has in a session', async () => {
  session('x', { 'a.png': tagOf('a', { workflowId: 'raw' }) });
  runs.push({ workflowId: 'raw', runId: 'r-a', key: 'a', open: true });
  expect(await findMade('a')).toMatchObject({ open: true, openWorkflowId: 'raw', made: [] });
});

test('a file that has come and is given up does not take the session from the others', async () => {
  const shared = session('x', { 'a.png': tagOf('a'), 'b.png': tagOf('b'), 'c.png': tagOf('c') });
  shared.done.add('a.png');
  vi.api.addAsset('a.png', png('a.png'));
  const pending = (item: string) => ({ kind: 'ingestion', id: 's-x', in: 'demo', item, words: item });
  expect(await vi.provider.intake.abandon?.(pending('a.png'))).toBe('open');
  expect(await vi.provider.intake.abandon?.(pending('b.png'))).toBe('open');
  expect(shared.cancelled).toBe(false);
  expect(await vi.provider.intake.abandon?.(pending('c.png'))).toBe('ended');
});
