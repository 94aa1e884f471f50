import { z } from 'zod';
import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import type { ActivityDependencies } from '../../../src/activities/dependencies';
import { createHeldWaits } from '../../../src/activities/held-waits';
import { createStartBranch } from '../../../src/activities/start-branch';
import { createStoreRecords } from '../../../src/activities/store-records';
import type { StartedBranch, StoredRecords } from '../../../src/contracts/activities';
import { failure } from '../../../src/contracts/failures';
import type { BranchResource, LifecycleTag } from '../../../src/contracts/resource';
import { connectBranches, type BranchDeclaration } from '../../../src/providers/branch-kind';
import { outcomeOf } from '../../../src/providers/outcome';
import { StatusWatcher } from '../../../src/providers/shared/watch/status-watcher';
import { activityEnvironment, dependencies } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

/** Chapters of a video: no file of `src` knows of such a branch. */
const chapters: BranchDeclaration<{ type: 'chapters'; most: number }, MemoryProvider> = {
  type: 'chapters',
  schema: z.strictObject({ type: z.literal('chapters'), most: z.number().int().default(3) }),
  flags: [],
  example: 'film.mp4 --branch chapters',
  plan: () => ({ makes: { kind: 'chapter-list' }, stores: true }),
  connect: (memory) => ({
    effect: () => 'create',
    start: (items, { signal } = {}) =>
      Promise.all(
        items.map(({ assetId }) =>
          outcomeOf(() => memory.call('chapters.start', signal, () => startOf(assetId, memory.tasks))),
        ),
      ),
    find: async ({ assetId }) => (memory.tasks.has(idOf(assetId)) ? [startOf(assetId, memory.tasks)] : []),
    tagged: async ({ assetId }) => [idOf(assetId)].filter((id) => memory.tasks.has(id)).map((id) => ({ id })),
    async *records() {
      yield { embedding: [1, 0, 0], chapter: 'opening' };
      yield { embedding: [0, 1, 0], chapter: 'end' };
    },
    async remove({ id }) {
      if (!memory.tasks.delete(id)) throw failure('ResourceGone', `${id} is unknown`);
      return { result: 'deleted', because: 'the provider deleted it' };
    },
  }),
};
const idOf = (assetId: string): string => `chapters-of-${assetId}`;
const startOf = (assetId: string, known: Set<string>) => {
  const id = idOf(assetId);
  known.add(id);
  return { id, handle: { kind: 'chapters', id, words: `Chapter list ${id}` } };
};

const tag: LifecycleTag = { key: 'k', workflowId: 'w', runId: 'r', onCancel: 'delete', onFailure: 'keep' };

let memory: MemoryProvider;
let deps: ActivityDependencies;
let lines: unknown[];
beforeEach(() => {
  memory = new MemoryProvider();
  memory.addAsset({ id: 'a1', status: 'ready' });
  memory.watched.set('chapters', memory.tasks);
  Object.assign(memory.branches, connectBranches([chapters], memory));
  lines = [];
  const results: ActivityDependencies['results'] = {
    write: async (name, records) => {
      for await (const record of records) lines.push(record);
      return { uri: `file:///${name}`, sha256: 'ab', bytes: 1, count: lines.length };
    },
    has: async () => false,
    remove: async () => false,
    namesOf: async () => [],
  };
  const watcher = new StatusWatcher({
    provider: memory,
    minIntervalMs: 1,
    maxIntervalMs: 1,
    requestsPerMinute: 60_000,
  });
  deps = dependencies({ provider: memory, results, watcher });
});

const start = (attempt = 1): Promise<StartedBranch> =>
  activityEnvironment({ attempt }).run(() =>
    createStartBranch(deps)({ provider: 'twelvelabs', assetId: 'a1', branch: { type: 'chapters', most: 3 }, tag }),
  );
const chapterList = (id?: string): BranchResource => {
  return { kind: 'chapter-list', branch: 'chapters', id, assetId: 'a1', tag };
};
const remove = (resource: BranchResource) =>
  activityEnvironment().run(() =>
    createRemoveResources(deps)({ provider: 'twelvelabs', resources: [resource], policy: 'delete' }),
  );

test('a branch that no file of src knows is started, watched, stored and removed by the steps that every branch has', async () => {
  const { id, handle } = await start();
  if (!handle) throw new Error('the start gave nothing to wait for');
  await activityEnvironment().run(() => createHeldWaits(deps).untilBranchReady({ provider: 'twelvelabs', handle }));
  const stored: StoredRecords = await activityEnvironment().run(() =>
    createStoreRecords(deps)({ provider: 'twelvelabs', branch: 'chapters', handle, resultName: 'r1' }),
  );
  expect(stored.result).toMatchObject({ uri: 'file:///r1', count: 2, dimensions: 3 });
  expect(lines).toEqual([
    { embedding: [1, 0, 0], chapter: 'opening' },
    { embedding: [0, 1, 0], chapter: 'end' },
  ]);
  expect(await remove(chapterList(id))).toMatchObject([{ resource: 'chapter-list', id, result: 'deleted' }]);
  expect(memory.tasks).toEqual(new Set());
});

test('a start whose answer was lost is found by the next attempt and not repeated', async () => {
  memory.failNext('chapters.start', failure('OutcomeUnknown', 'no answer'), 'after');
  await expect(start()).rejects.toMatchObject({ type: 'OutcomeUnknown' });
  await expect(start(2)).resolves.toMatchObject({ id: 'chapters-of-a1' });
  expect(memory.calls.filter((call) => call === 'chapters.start')).toHaveLength(1);
});

test('an object whose id nobody heard is found by its branch and removed', async () => {
  await start();
  expect(await remove(chapterList())).toMatchObject([{ id: 'chapters-of-a1', result: 'deleted' }]);
  expect(memory.tasks).toEqual(new Set());
});
