import type { BatchActivities, PlannedGroups } from '../../contracts/batch/batch-status';
import { addCounts, countsOf, NO_COUNTS, type ItemRange } from '../../contracts/batch/item-outcome';
import type { BatchIndex, ListedItem } from '../../contracts/batch/listed-items';
import { failure } from '../../contracts/failures';
import type { ProviderName } from '../../contracts/ids';
import { groupWorkflowId } from '../../contracts/ids';
import { inChunks } from '../../batch/listing/in-chunks';
import { listBatch } from '../../batch/listing/list-batch';
import { countsOfKnown } from '../../batch/report';
import { declarationOf } from '../../providers/registry';
import { createBatchFiles } from '../../storage/batches/batch-files';
import { createItemOutcomes } from '../../storage/batches/item-outcomes';
import { storeId as idOfStore, mustBeStore } from '../../storage/batches/store-id';
import { BEATS, setProgress, withHeartbeatEvery } from '../lib/activity-call';
import { queueOfFile } from '../find-source-queue';
import type { ActivityDependencies } from '../dependencies';
import { createFindExisting } from './existing/find-existing';
import { newsOf } from './go-over';
import { goesByItself, itemsPerGroup } from '../../batch/group-size';
import { openSlice, readIndex, readItems } from './group/open-slice';

/** Always as many, so that a batch that is started again is cut into the same groups. */
const READ_AT_ONCE = 1000;
const PLANNED_AT_ONCE = 20;

/** Groups that Temporal is asked for side by side. */
const LOOKS_AT_ONCE = 16;

export const isBeingSwept = (batchId: string): Error =>
  failure(
    'ProviderUnavailable',
    `batchId: a sweep is removing what "${batchId}" kept, which closed 30 days ago; this start waits for it (if none runs: asset-lifecycle sweep)`,
  );

/** See {@link BatchActivities}. */
export const createBatchSteps = (deps: ActivityDependencies): BatchActivities => ({
  listItems: ({ batch, start }) =>
    withHeartbeatEvery(BEATS.read, async (signal) => {
      const { files: shared, access } = deps.batches;
      const { batchId, provider } = batch;
      const storeId = await idOfStore(shared);
      const files = createBatchFiles(shared, { owner: deps.owner, batchId });
      if (await files.removal()) throw isBeingSwept(batchId);
      const onPage = (soFar: object): void => void setProgress(soFar);
      const { fileQueue: _queue, ...listed } = batch;
      const index = await listBatch({ batch: listed, files, storeId, access, signal, onPage });
      signal.throwIfAborted();
      await files.reopen(); // only now: a start that is refused, since the batch has other items, changes nothing
      await files.noteStart(start);
      const { items, refused, bytes } = index;
      return { batchId, provider, storeId, start, items, refused, bytes, uri: files.uri };
    }),

  findExisting: createFindExisting(deps),

  planGroups: ({ from, end, ...ref }) =>
    withHeartbeatEvery(BEATS.read, async () => {
      const index = await readIndex(deps, ref);
      const outcomes = createItemOutcomes(deps.batches.files, { owner: deps.owner, batchId: ref.batchId });
      const begun = (await outcomes.slices()).filter((slice) => slice.from >= from);
      const items = await readItems(deps, { ...ref, index }, { from, end: Math.min(end, endOfRead(from, begun)) });
      const groups = cut(await withQueues(deps, ref.provider, items), { ...index, begun });
      const planned: PlannedGroups = { groups: [], next: from, completed: NO_COUNTS };
      for (const group of groups.slice(0, PLANNED_AT_ONCE)) {
        planned.next = group.end;
        const { known } = await openSlice(deps, { ...ref, from: group.from, end: group.end });
        const hasAll = known.size === group.end - group.from;
        if (hasAll && [...known.values()].every(({ outcome }) => outcome === 'completed')) {
          planned.completed = addCounts(planned.completed, countsOf(known.values(), group));
          continue;
        }
        await outcomes.begin(group); // a later start finds its group, though that has begun nothing
        planned.groups.push(group);
      }
      return planned;
    }),

  lookAtGroups: ({ groups, ...ref }) =>
    withHeartbeatEvery(BEATS.read, async () => {
      const looks = [];
      const looking = inChunks(groups, LOOKS_AT_ONCE, async ({ from, end }) => {
        const open = await deps.runs.isOpen(groupWorkflowId(ref.batchId, from));
        const { counts, failures } = newsOf({ from, end }, await openSlice(deps, { ...ref, from, end }));
        return { from, end, open, counts, failures };
      });
      for await (const look of looking) looks.push(look);
      return looks;
    }),

  takeOverOutcomes: ({ batchId, storeId, start, groups }) =>
    withHeartbeatEvery(BEATS.read, async () => {
      const { owner, batches } = deps;
      await mustBeStore(batches.files, storeId);
      const outcomes = createItemOutcomes(batches.files, { owner, batchId });
      for (const { from, end, start: earlier } of groups) {
        const open = await outcomes.open({ from, end });
        const ended = [...open.known.values()].filter(({ of, outcome }) => of === earlier && outcome !== undefined);
        await open.write(ended.map((outcome) => ({ ...outcome, of: start })));
      }
    }),

  noteFailure: ({ batchId, storeId, start }) =>
    withHeartbeatEvery(BEATS.read, async () => {
      const { owner, batches } = deps;
      await mustBeStore(batches.files, storeId);
      await createBatchFiles(batches.files, { owner, batchId }).noteFailure(start);
    }),

  notePause: ({ batchId, storeId, paused }) =>
    withHeartbeatEvery(BEATS.read, async () => {
      const { owner, batches } = deps;
      await mustBeStore(batches.files, storeId);
      await createBatchFiles(batches.files, { owner, batchId }).notePause(paused);
    }),

  findEarlierGroups: ({ batchId, from }) =>
    withHeartbeatEvery(BEATS.read, async () => {
      const { runs, owner, batches } = deps;
      const slices = await createItemOutcomes(batches.files, { owner, batchId }).slices();
      const ahead = slices.filter((slice) => slice.from >= from);
      const running: ItemRange[] = [];
      const looking = inChunks(ahead, LOOKS_AT_ONCE, async (slice) =>
        (await runs.isOpen(groupWorkflowId(batchId, slice.from))) ? [slice] : [],
      );
      for await (const found of looking) running.push(...found);
      return running;
    }),

  closeBatch: ({ batchId, storeId, start, rest = [], untold = [], stopped }) =>
    withHeartbeatEvery(BEATS.read, async () => {
      const { files } = deps.batches;
      const batch = { owner: deps.owner, batchId };
      await mustBeStore(files, storeId);
      const outcomes = createItemOutcomes(files, batch);
      for (const group of untold) await outcomes.seal(group);
      const asked = [...rest, ...untold];
      const known = asked.length > 0 ? await countsOfKnown(outcomes, asked, start) : undefined;
      await createBatchFiles(files, batch).close(new Date(), stopped);
      return known;
    }),
});

/** A group that was cut before is read to its end. */
const endOfRead = (from: number, begun: readonly ItemRange[]): number =>
  begun.reduce((end, slice) => (slice.from < end ? Math.max(end, slice.end) : end), from + READ_AT_ONCE);

type QueuedItem = ListedItem & Pick<Cut, 'fileQueue' | 'aFile'>;
type Cut = PlannedGroups['groups'][number];

/** Each file with the queue of the workers that have it. */
const withQueues = (
  { sourceQueues }: ActivityDependencies,
  provider: ProviderName,
  items: readonly ListedItem[],
): Promise<QueuedItem[]> =>
  Promise.all(
    items.map(async (item) => {
      if (item.source.type !== 'file') return item;
      const { path: aFile } = item.source;
      return { ...item, aFile, fileQueue: await queueOfFile(sourceQueues, provider, aFile) };
    }),
  );

/**
 * Full groups, and no more than may be under way at once; what is submitted by itself, or in parts, is a group of its own,
 * and so are files that lie elsewhere. Groups that have begun stay as they were cut, whoever serves their files by now.
 */
function cut(
  items: readonly QueuedItem[],
  { provider, inFlight, begun }: Pick<BatchIndex, 'provider' | 'inFlight'> & { begun: readonly ItemRange[] },
): Cut[] {
  const declared = declarationOf(provider);
  const size = itemsPerGroup(declared.traits, inFlight);
  const cutBefore = new Map(begun.map(({ from, end }) => [from, end]));
  const groups: Cut[] = [];
  let isFull = false;
  let staysTo = 0; // end of the last group, if it was cut before
  for (const one of items) {
    const { item, fileQueue, aFile } = one;
    const before = cutBefore.get(item);
    const goesAlone = before === undefined && goesByItself(one, declared);
    let group = groups.at(-1);
    const isElsewhere = aFile !== undefined && group?.aFile !== undefined && group.fileQueue !== fileQueue;
    if (!group || (item >= staysTo && (isFull || before !== undefined || goesAlone || isElsewhere))) {
      group = { from: item, end: item };
      groups.push(group);
      staysTo = before ?? item;
    }
    group.end = item + 1;
    isFull = goesAlone || item < staysTo || group.end - group.from >= size;
    if (group.aFile === undefined) Object.assign(group, { aFile, fileQueue });
  }
  return groups;
}
