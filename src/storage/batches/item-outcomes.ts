import type { ItemOutcome, ItemRange } from '../../contracts/batch/item-outcome';
import { batchFolder, type BatchRef } from './batch-files';
import { numbered, type SharedFiles } from './shared-files';

/**
 * Outcomes of a batch's items, in files beside the manifest: a file for each write of a slice. What was written last of an
 * item counts, so that every write is safe to repeat.
 */
export interface ItemOutcomes {
  /** Adds what has become known of some items of a slice. */
  write(slice: ItemRange, outcomes: readonly ItemOutcome[]): Promise<void>;
  /** What is known of the items of a slice, by their number. */
  read(slice: ItemRange): Promise<Map<number, ItemOutcome>>;
  /** What is known of one item; `undefined` if nothing is. */
  ofItem(item: number): Promise<ItemOutcome | undefined>;
  /** The slices of which something is known, in order. */
  slices(): Promise<ItemRange[]>;
}

export function createItemOutcomes(files: SharedFiles, batch: BatchRef): ItemOutcomes {
  const folder = `${batchFolder(batch)}/outcomes`;
  const folderOf = ({ from, end }: ItemRange): string => `${folder}/${numbered(from)}-${numbered(end)}`;
  const slices = async (): Promise<ItemRange[]> =>
    (await files.list(folder)).map((name) => {
      const [from = Number.NaN, end = Number.NaN] = name.split('-').map(Number);
      return { from, end };
    });
  const read = async (slice: ItemRange): Promise<Map<number, ItemOutcome>> => {
    const known = new Map<number, ItemOutcome>();
    for (const name of await files.list(folderOf(slice))) {
      const content = (await files.read(`${folderOf(slice)}/${name}`)) ?? '';
      for (const line of content.split('\n')) {
        if (line === '') continue;
        const outcome = JSON.parse(line) as ItemOutcome;
        known.set(outcome.item, outcome);
      }
    }
    return known;
  };
  return {
    read,
    slices,

    async write(slice, outcomes) {
      const stranger = outcomes.find(({ item }) => item < slice.from || item >= slice.end);
      if (stranger) throw new RangeError(`item ${stranger.item} is not of the slice ${slice.from} to ${slice.end}`);
      if (outcomes.length === 0) return;
      const content = outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`).join('');
      const last = (await files.list(folderOf(slice))).at(-1);
      let number = last === undefined ? 0 : Number(last.replace(/\..*/, '')) + 1;
      while (!(await files.create(`${folderOf(slice)}/${numbered(number)}.ndjson`, content))) number += 1;
    },

    async ofItem(item) {
      for (const slice of await slices()) {
        if (item < slice.from || item >= slice.end) continue;
        const found = (await read(slice)).get(item);
        if (found) return found;
      }
      return undefined;
    },
  };
}
