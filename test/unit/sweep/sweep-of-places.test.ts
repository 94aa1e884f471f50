import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFindOrphans } from '../../../src/activities/sweep/find-orphans';
import type { FindOrphansInput, FoundOrphans } from '../../../src/contracts/activities';
import { releaseFields, tagFields, type LedgerTag } from '../../../src/contracts/resource';
import type { DescribedRun } from '../../../src/contracts/runs';
import { only } from '../../../src/providers/outcome';
import { withMarksBeside } from '../../../src/providers/shared/marks-beside';
import { createFolderMarkStore } from '../../../src/storage/results/folder-mark-store';
import type { MarkStore } from '../../../src/storage/results/mark-store';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { knownRuns } from '../../support/memory/known-runs';
import { PlacedProvider } from '../../support/memory/placed-provider';

const LONG_AGO = '2026-01-01T00:00:00Z';
const tag: LedgerTag = { key: 'k', workflowId: 'w', runId: 'r1', owner: OWNER, onCancel: 'delete', onFailure: 'keep' };

let folder: string;
let marks: MarkStore;
let memory: PlacedProvider;
let runs: DescribedRun[];
let hosts: string[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-marks-'));
  marks = createFolderMarkStore(folder, 'this-host');
  memory = new PlacedProvider('d', 'e');
  runs = [];
  hosts = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const run = (changes: Partial<DescribedRun>): void => {
  runs.unshift({ workflowId: 'w', runId: 'r1', key: 'k', open: false, closedAt: LONG_AGO, ...changes });
};
const add = (id: string, { place = 'd', createdAt = LONG_AGO, contentsAt = LONG_AGO, ...changes }: Added = {}) =>
  memory.memory(place).addAsset({ id, createdAt, contentsAt, metadata: tagFields({ ...tag, ...changes }) });
type Added = Partial<LedgerTag> & { place?: string; createdAt?: string; contentsAt?: string };

const provider = () => withMarksBeside(memory, { marks, owner: OWNER });
const annotate = async (assetId: string, fields: Record<string, string | null>) =>
  only((await provider().within?.('d').assets.annotate([{ assetId, fields }])) ?? []);

function find(changes: Partial<FindOrphansInput> = {}): Promise<FoundOrphans> {
  const deps = dependencies({
    provider: provider(),
    marks,
    otherHosts: async () => hosts,
    runs: knownRuns(runs),
  });
  const input = { provider: 'twelvelabs', place: 'd', graceMs: 0, limit: 10, setMarks: true, ...changes };
  return activityEnvironment().run(createFindOrphans(deps), input);
}
const marked = async (): Promise<string[]> => {
  const ids = [];
  for await (const id of marks.marked({ owner: OWNER, provider: memory.name, place: 'd' })) ids.push(id);
  return ids;
};

test('a sweep looks into the place it is told, and no other', async () => {
  add('a');
  add('b', { place: 'e' });
  run({ ended: 'stopped' });
  expect((await find()).orphans.map(({ assetId }) => assetId)).toEqual(['a']);
  expect((await find({ place: 'e' })).orphans.map(({ assetId }) => assetId)).toEqual(['b']);
});

test('a release mark and an adoption beside the results protect an asset as those on it would', async () => {
  add('completed');
  add('adopted');
  add('orphan');
  await annotate('completed', releaseFields('completed', 'r1'));
  await annotate('adopted', releaseFields('kept', 'adopter'));
  run({ ended: 'stopped' });
  const { orphans, seen } = await find();
  expect(orphans.map(({ assetId }) => assetId)).toEqual(['orphan']);
  expect(seen).toMatchObject({ wanted: 2 });
});

test('a mark that is missing is set beside the results', async () => {
  add('a');
  run({ ended: 'completed', assetId: 'a' });
  expect(await find()).toMatchObject({ marked: 1, unmarked: 0 });
  expect(await find()).toMatchObject({ marked: 0, unmarked: 0, seen: { wanted: 1 } });
});

test('an asset whose marks lie in another store is left alone, and counted', async () => {
  add('a', { marks: 'another store' });
  run({ ended: 'stopped' });
  expect(await find()).toMatchObject({ orphans: [], seen: { elsewhere: 1 } });
});

test('an asset that another key has completed with is wanted, though its adoption could not be noted', async () => {
  add('a');
  run({ ended: 'stopped' });
  run({ workflowId: 'w2', runId: 'r9', key: 'k2', ended: 'completed', assetId: 'a' });
  expect(await find()).toMatchObject({ orphans: [], seen: { wanted: 1 } });
});

describe('where workers of other hosts serve the provider', () => {
  test('a sweep over marks in a folder of this host only reports, and says why', async () => {
    hosts = ['host-b'];
    add('a');
    add('b');
    await annotate('b', releaseFields('completed', 'r1'));
    memory.memory('d').held.delete('b');
    add('c', { workflowId: 'w3' });
    run({ ended: 'stopped' });
    run({ workflowId: 'w3', ended: 'completed', assetId: 'c' });
    const found = await find();
    expect(found.reportsOnly).toMatch(/folder of the host this-host, .* \(host-b\) serve "twelvelabs" too; .*s3:\/\//);
    expect(found).toMatchObject({ orphans: [{ assetId: 'a' }], marked: 0, unmarked: 1 });
    expect(await marked()).toEqual(['b']);
  });

  test('a store that all share lets it act', async () => {
    hosts = ['host-b'];
    const { host: _none, ...shared } = createFolderMarkStore(folder);
    marks = shared;
    add('a');
    run({ ended: 'stopped' });
    expect((await find()).reportsOnly).toBeUndefined();
  });
});

test('marks of assets that are gone are removed by the sweep, but not by a dry run', async () => {
  add('a');
  add('b');
  for (const id of ['a', 'b']) await annotate(id, releaseFields('completed', 'r1'));
  memory.memory('d').held.delete('a');
  await find({ setMarks: false });
  expect(await marked()).toEqual(['a', 'b']);
  await find();
  expect(await marked()).toEqual(['b']);
});

test('who had left a session that is long over is forgotten', async () => {
  const notes = marks.departures(memory.name);
  await notes.change('s', () => new Map([['a.png', true]]));
  await find();
  expect((await notes.read('s')).size).toBe(1);
  const inAWeek = Date.now() + 8 * 24 * 3_600_000;
  const clock = jest.spyOn(Date, 'now').mockReturnValue(inAWeek);
  await find().finally(() => clock.mockRestore());
  expect((await notes.read('s')).size).toBe(0);
});

test('batches follow the order of the list, also where an asset was overwritten after it was made', async () => {
  const day = (n: number) => `2026-01-0${n}T00:00:00Z`;
  for (const n of [2, 3, 4])
    add(`made ${n}`, { createdAt: day(n), contentsAt: day(n), runId: `r${n}`, workflowId: `w${n}` });
  add('overwritten', { createdAt: day(1), contentsAt: day(5), runId: 'r5', workflowId: 'w5' });
  for (const n of [2, 3, 4, 5]) run({ workflowId: `w${n}`, runId: `r${n}`, ended: 'stopped' });
  const found: (string | undefined)[] = [];
  let next: string | undefined;
  do {
    const batch = await find({ limit: 1, madeBefore: next });
    found.push(...batch.orphans.map(({ assetId }) => assetId));
    next = batch.next;
  } while (next !== undefined);
  expect(found).toEqual(['overwritten', 'made 4', 'made 3', 'made 2']);
});
