import type { BatchActivities, PlannedGroups } from '../../contracts/batch/batch-status';
import { addCounts, countsOf, NO_COUNTS, type ItemRange } from '../../contracts/batch/item-outcome';
import type { BatchIndex, ListedItem } from '../../contracts/batch/listed-items';
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
import { itemsPerGroup } from '../../batch/group-size';
import { openSlice, readIndex, readItems } from './group/open-slice';

/** Always as many, so that a batch that is started again is cut into the same groups. */
const READ_AT_ONCE = 1000;
const PLANNED_AT_ONCE = 20;

/** Groups that Temporal is asked for side by side. */
const LOOKS_AT_ONCE = 16;

/** See {@link BatchActivities}. */
export const createBatchSteps = (deps: ActivityDependencies): BatchActivities => ({
  listItems: ({ batch, start }) =>
    withHeartbeatEvery(BEATS.read, async (signal) => {
      const { files: shared, access } = deps.batches;
      const { batchId, provider } = batch;
      const storeId = await idOfStore(shared);
      const files = createBatchFiles(shared, { owner: deps.owner, batchId });
      await files.reopen();
      await files.noteStart(start);
      const onPage = (soFar: object): void => void setProgress(soFar);
      const { fileQueue: _queue, ...listed } = batch;
      const index = await listBatch({ batch: listed, files, storeId, access, signal, onPage });
      const { items, refused, bytes } = index;
      return { batchId, provider, storeId, start, items, refused, bytes, uri: files.uri };
    }),

  findExisting: createFindExisting(deps),

  planGroups: ({ from, end, ...ref }) =>
    withHeartbeatEvery(BEATS.read, async () => {
      const index = await readIndex(deps, ref);
      const groups = cut(await itemsFrom(deps, { ...ref, index }, { from, end }), index);
      const outcomes = createItemOutcomes(deps.batches.files, { owner: deps.owner, batchId: ref.batchId });
      const planned: PlannedGroups = { groups: [], next: from, completed: NO_COUNTS };
      for (const { items, ...range } of groups.slice(0, PLANNED_AT_ONCE)) {
        planned.next = range.end;
        const { known } = await openSlice(deps, { ...ref, ...range });
        if (known.size === items.length && [...known.values()].every(({ outcome }) => outcome === 'completed')) {
          planned.completed = addCounts(planned.completed, countsOf(known.values(), range));
          continue;
        }
        await outcomes.begin(range); // a later start finds its group, though that has begun nothing
        planned.groups.push({ ...range, fileQueue: await queueOf(deps, ref.provider, items) });
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

  closeBatch: ({ batchId, storeId, start, rest }) =>
    withHeartbeatEvery(BEATS.read, async () => {
      const { files } = deps.batches;
      const batch = { owner: deps.owner, batchId };
      await mustBeStore(files, storeId);
      const known = rest && (await countsOfKnown(createItemOutcomes(files, batch), rest, start));
      await createBatchFiles(files, batch).close(new Date());
      return known;
    }),
});

async function itemsFrom(
  deps: ActivityDependencies,
  ref: { batchId: string; index: BatchIndex },
  { from, end }: ItemRange,
): Promise<ListedItem[]> {
  return readItems(deps, ref, { from, end: Math.min(end, from + READ_AT_ONCE) });
}

type Cut = ItemRange & { items: ListedItem[] };

/**
 * Full groups, and no more than may be under way at once; what is submitted by itself, or in parts, is a group of its own.
 */
function cut(items: readonly ListedItem[], { provider, inFlight }: Pick<BatchIndex, 'provider' | 'inFlight'>): Cut[] {
  const declared = declarationOf(provider);
  const size = itemsPerGroup(declared.traits, inFlight);
  const groups: Cut[] = [];
  let open: Cut | undefined;
  for (const one of items) {
    const alone = declared.goesAlone?.(one) === true || goesInParts(one, declared);
    if (!open || alone || open.items.length >= size) {
      open = { from: one.item, end: one.item, items: [] };
      groups.push(open);
    }
    open.items.push(one);
    open.end = one.item + 1;
    if (alone) open = undefined;
  }
  return groups;
}

function goesInParts({ source, sizeBytes, filename }: ListedItem, declared: ReturnType<typeof declarationOf>): boolean {
  if (source.type === 'asset' || source.type === 'url' || sizeBytes === undefined) return false;
  const kind = source.type === 's3' ? 'object' : 'file';
  const item = { filename, source: kind, sizeBytes, method: 'auto', field: 'source' } as const;
  return declared.route(item) === 'parts';
}

/** The workers that have the first file of a group have the others. */
async function queueOf(
  { sourceQueues }: ActivityDependencies,
  provider: ProviderName,
  items: readonly ListedItem[],
): Promise<string | undefined> {
  for (const { source } of items) {
    if (source.type === 'file') return queueOfFile(sourceQueues, provider, source.path);
  }
  return undefined;
}
