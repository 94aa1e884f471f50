import type { GroupInput, ListedBatchRef } from '../../../contracts/batch/groups';
import { countsInStart, type ItemOutcome, type ItemRange } from '../../../contracts/batch/item-outcome';
import type { BatchIndex, ListedItem } from '../../../contracts/batch/listed-items';
import { failure } from '../../../contracts/failures';
import type { AcceptedInput, ProviderFields } from '../../../contracts/lifecycle-input';
import { inputOfItem } from '../../../batch/read-batch';
import { readItemsOfPage } from '../../../batch/listing/page';
import { placeOf, plansOf } from '../../../providers/registry';
import { createBatchFiles } from '../../../storage/batches/batch-files';
import { createItemOutcomes, type OpenOutcomes, type OutcomesRead } from '../../../storage/batches/item-outcomes';
import { mustBeStore } from '../../../storage/batches/store-id';
import type { ActivityDependencies } from '../../dependencies';

/** Some items of a batch, as this worker finds them in the store. */
export interface Slice {
  items: readonly ListedItem[];
  each: ProviderFields;
  /** What is known of them from this start of the batch, or had completed before; of any start, if that is to be removed. */
  known: Map<number, ItemOutcome>;
  outcomes: OpenOutcomes;
}

/**
 * @param read what was read of its outcomes before, which is not read again.
 * @throws InvalidRequest if the batch lies in another store than this worker's
 */
export async function openSlice(
  deps: ActivityDependencies,
  { from, end, start, deletes, ...ref }: ItemRange & Pick<GroupInput, 'batchId' | 'storeId' | 'start' | 'deletes'>,
  read?: OutcomesRead,
): Promise<Slice> {
  const index = await readIndex(deps, ref);
  const { owner, batches } = deps;
  const { batchId } = ref;
  const outcomes = await createItemOutcomes(batches.files, { owner, batchId }).open({ from, end }, read);
  const counts = [...outcomes.known].filter(([, outcome]) => deletes !== undefined || countsInStart(outcome, start));
  return {
    items: await readItems(deps, { batchId, index }, { from, end }),
    each: index.each,
    known: new Map(counts),
    outcomes,
  };
}

/** @throws InvalidRequest if the batch lies in another store than this worker's, or is not listed */
export async function readIndex(
  { owner, batches }: Pick<ActivityDependencies, 'owner' | 'batches'>,
  { batchId, storeId }: Pick<ListedBatchRef, 'batchId' | 'storeId'>,
): Promise<BatchIndex> {
  await mustBeStore(batches.files, storeId);
  const content = await createBatchFiles(batches.files, { owner, batchId }).index();
  if (content !== undefined) return JSON.parse(content) as BatchIndex;
  throw failure('InvalidRequest', `batchId: "${batchId}" has no list in the store any more`);
}

export async function readItems(
  { owner, batches }: ActivityDependencies,
  { batchId, index }: { batchId: string; index: BatchIndex },
  { from, end }: ItemRange,
): Promise<ListedItem[]> {
  const files = createBatchFiles(batches.files, { owner, batchId });
  const items: ListedItem[] = [];
  for (const [page, [first, count]] of index.pages.entries()) {
    if (first >= end || first + count <= from) continue;
    items.push(...readItemsOfPage((await files.page(page)) ?? '', { from, end }));
  }
  return items;
}

/** The item's input as a single lifecycle has it once it was accepted. */
export function inputOf(each: ProviderFields, item: ListedItem, owner: string): AcceptedInput {
  const input = inputOfItem(each, item);
  const place = placeOf(input);
  return { ...input, ...(place !== undefined && { place }), plans: plansOf(input), owner };
}
