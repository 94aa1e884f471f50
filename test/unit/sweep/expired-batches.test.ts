import type { FoundOrphans } from '../../../src/contracts/activities';
import { createFindOrphans } from '../../../src/activities/sweep/find-orphans';
import { createBatchFiles, keptBatches } from '../../../src/storage/batches/batch-files';
import type { SharedFiles } from '../../../src/storage/batches/shared-files';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { memoryFiles } from '../../support/batches/memory-files';
import { MemoryProvider } from '../../support/memory-provider';

const DAY_MS = 86_400_000;
const daysAgo = (days: number): Date => new Date(Date.now() - days * DAY_MS);

async function keep(files: SharedFiles, batchId: string, closedAt?: Date): Promise<void> {
  const kept = createBatchFiles(files, { owner: OWNER, batchId });
  await kept.begin(JSON.stringify({ batchId, provider: 'twelvelabs' }));
  if (closedAt) await kept.close(closedAt);
}

function sweep(
  files: SharedFiles,
  { open = [], setMarks = true }: { open?: string[]; setMarks?: boolean } = {},
): Promise<FoundOrphans> {
  const common = dependencies({ provider: new MemoryProvider() });
  const runs = { ...common.runs, isOpen: async (workflowId: string) => open.includes(workflowId) };
  const deps = { ...common, runs, batches: { ...common.batches, files } };
  const input = { provider: 'twelvelabs', graceMs: 0, limit: 10, setMarks };
  return activityEnvironment().run(createFindOrphans(deps), input);
}

const idsIn = async (files: SharedFiles): Promise<string[]> =>
  (await keptBatches(files, OWNER)).map(({ batchId }) => batchId).sort();

test('a sweep removes what batches kept that closed 30 days ago, and nothing of others', async () => {
  const files = memoryFiles();
  await keep(files, 'old', daysAgo(31));
  await keep(files, 'young', daysAgo(29));
  await keep(files, 'runs again', daysAgo(31));
  expect(await sweep(files, { open: ['asset-batch:runs again'] })).toMatchObject({ batches: 1 });
  expect(await idsIn(files)).toEqual(['runs again', 'young']);
});

test('a start meanwhile waits for the removal, and one that came before keeps what there is', async () => {
  const files = memoryFiles();
  const [before, meanwhile] = ['before', 'meanwhile'].map((batchId) =>
    createBatchFiles(files, { owner: OWNER, batchId }),
  );
  await keep(files, 'before', daysAgo(31));
  await keep(files, 'meanwhile', daysAgo(31));
  const removals: unknown[] = [];
  const slow: SharedFiles = {
    ...files,
    removeFolder: async (folder) => {
      removals.push(await meanwhile?.removal());
      return files.removeFolder(folder);
    },
  };
  expect(await sweep(slow, { open: ['asset-batch:before'] })).toMatchObject({ batches: 1 });
  expect(removals[0]).toBe('begun');
  expect(await before?.removal()).toBeUndefined();
  expect(await meanwhile?.removal()).toBeUndefined();
  expect(await idsIn(files)).toEqual(['before']);
});

test('one that was closed again while others were removed is kept', async () => {
  const files = memoryFiles();
  await keep(files, 'again', daysAgo(31));
  const again = createBatchFiles(files, { owner: OWNER, batchId: 'again' });
  let reads = 0;
  const read: SharedFiles['read'] = async (name) => {
    const content = await files.read(name);
    if (name.endsWith('closed.json') && reads++ === 0) {
      await again.reopen();
      await again.close(new Date());
    }
    return content;
  };
  expect((await sweep({ ...files, read })).batches).toBeUndefined();
  expect(await idsIn(files)).toEqual(['again']);
  expect(await again.removal()).toBeUndefined();
});

test('a removal that broke off is ended by the next sweep, though a start waits for it', async () => {
  const files = memoryFiles();
  await keep(files, 'broken off', daysAgo(31));
  const kept = createBatchFiles(files, { owner: OWNER, batchId: 'broken off' });
  const removeFolder = () => Promise.reject(new Error('killed'));
  await sweep({ ...files, removeFolder });
  expect(await kept.removal()).toBe('begun');
  expect(await sweep(files, { open: ['asset-batch:broken off'] })).toMatchObject({ batches: 1 });
  expect([await kept.removal(), await kept.begun()]).toEqual([undefined, undefined]);
});

test('the note of a removal goes last, and what breaks off before that is ended by the next sweep', async () => {
  const files = memoryFiles();
  await keep(files, 'old', daysAgo(31));
  const removed: string[] = [];
  const remove: SharedFiles['remove'] = async (name) => {
    if (name.endsWith('removal-begun')) throw new Error('killed');
    removed.push(name);
    await files.remove(name);
  };
  const removeFolder: SharedFiles['removeFolder'] = async (name) => {
    removed.push(name);
    await files.removeFolder(name);
  };
  await sweep({ ...files, remove, removeFolder });
  expect(removed.at(-2)).toMatch(/closed\.json$/);
  expect(await idsIn(files)).toEqual(['old']);
  expect(await sweep(files)).toMatchObject({ batches: 1 });
  expect(await idsIn(files)).toEqual([]);
});

const pageOf = (list: string): string => `${JSON.stringify({ from: 0, refused: 0, list })}\n`;

test('of two sweeps that remove a batch the slower one leaves what was started after the other', async () => {
  const files = memoryFiles();
  const ref = { owner: OWNER, batchId: 'old' };
  const kept = createBatchFiles(files, ref);
  await keep(files, 'old', daysAgo(31));
  await kept.writePage(0, pageOf('old'));
  let isFirst = true;
  const read: SharedFiles['read'] = async (name) => {
    if (name.endsWith('pages/00000000.ndjson') && isFirst) {
      isFirst = false;
      expect(await sweep(files)).toMatchObject({ batches: 1 });
      await keep(files, 'old');
      await kept.writePage(0, pageOf('new'));
    }
    return files.read(name);
  };
  await sweep({ ...files, read });
  expect([isFirst, await kept.page(0), await idsIn(files)]).toEqual([false, pageOf('new'), ['old']]);
});

test('a dry run removes nothing', async () => {
  const files = memoryFiles();
  await keep(files, 'old', daysAgo(31));
  expect((await sweep(files, { setMarks: false })).batches).toBeUndefined();
  expect(await idsIn(files)).toEqual(['old']);
});

test('the end of a batch that could not note it is noted by the sweep, unless it is open', async () => {
  const files = memoryFiles();
  await keep(files, 'terminated');
  await keep(files, 'open');
  await sweep(files, { open: ['asset-batch:open'] });
  const kept = new Map((await keptBatches(files, OWNER)).map(({ batchId, closedAt }) => [batchId, closedAt]));
  expect(kept.get('open')).toBeUndefined();
  expect(Date.now() - (kept.get('terminated')?.getTime() ?? 0)).toBeLessThan(60_000);
});

test('a store that cannot be read does not keep the sweep from the assets', async () => {
  const files = { ...memoryFiles(), list: () => Promise.reject(new Error('no such share')) };
  expect(await sweep(files)).toMatchObject({ seen: { others: 0 } });
});
