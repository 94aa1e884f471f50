import type { Claimant } from '../../../contracts/batch/key-claim';
import type { ItemOutcome, ItemRange } from '../../../contracts/batch/item-outcome';
import type { BatchIndex, ListedItem } from '../../../contracts/batch/listed-items';
import type { KeyBranch } from '../../../contracts/lifecycle-status';
import { createBatchFiles } from '../../../storage/batches/batch-files';
import { createItemOutcomes } from '../../../storage/batches/item-outcomes';
import type { ActivityDependencies } from '../../dependencies';
import { inputOf, readItems } from '../open-slice';

interface EarlierSlice {
  known: Map<number, ItemOutcome>;
  items: readonly ListedItem[];
}

/** Items of other batches that had this group's keys before; each slice is read once. */
export class EarlierItems {
  private readonly batches = new Map<
    string,
    Promise<{ index: BatchIndex; slices: readonly ItemRange[] } | undefined>
  >();
  private readonly slices = new Map<string, Promise<EarlierSlice>>();

  constructor(private readonly deps: ActivityDependencies) {}

  /** Branches with which the item has completed over that asset. */
  async branchesOf({ batchId, item }: Claimant, assetId: string): Promise<KeyBranch[]> {
    if (batchId === undefined || item === undefined) return [];
    const batch = await this.batch(batchId);
    const slice = batch?.slices.find(({ from, end }) => item >= from && item < end);
    if (!batch || !slice) return [];
    const { known, items } = await this.slice(batchId, batch.index, slice);
    const listed = items.find((one) => one.item === item);
    const outcome = known.get(item);
    if (!listed || outcome?.outcome !== 'completed' || outcome.asset?.id !== assetId) return [];
    const { branches } = inputOf(batch.index.each, listed, this.deps.owner);
    return (outcome.branches ?? []).flatMap((one, nth) => {
      const input = branches[nth];
      return input && one.status === 'ready' ? [{ ...one, input }] : [];
    });
  }

  private batch(batchId: string) {
    const known = this.batches.get(batchId) ?? this.readBatch(batchId);
    this.batches.set(batchId, known);
    return known;
  }

  private async readBatch(batchId: string) {
    const { owner, batches } = this.deps;
    const content = await createBatchFiles(batches.files, { owner, batchId }).index();
    if (content === undefined) return undefined; // it is not kept any more
    return {
      index: JSON.parse(content) as BatchIndex,
      slices: await createItemOutcomes(batches.files, { owner, batchId }).slices(),
    };
  }

  private slice(batchId: string, index: BatchIndex, slice: ItemRange): Promise<EarlierSlice> {
    const name = `${batchId} ${slice.from}`;
    const known = this.slices.get(name) ?? this.readSlice(batchId, index, slice);
    this.slices.set(name, known);
    return known;
  }

  private async readSlice(batchId: string, index: BatchIndex, slice: ItemRange): Promise<EarlierSlice> {
    const { owner, batches } = this.deps;
    const known = await createItemOutcomes(batches.files, { owner, batchId }).read(slice);
    return { known, items: await readItems(this.deps, { batchId, index }, slice) };
  }
}
