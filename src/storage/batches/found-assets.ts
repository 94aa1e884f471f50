import type { ItemRange } from '../../contracts/batch/item-outcome';
import { batchFolder, type BatchRef } from './batch-files';
import { numbered, type SharedFiles } from './shared-files';

/** What a walk over the account's list found of a batch's keys, in files by the items' numbers. */
export interface FoundRecords<A> {
  /** Adds assets that carry the keys of these items. */
  add(found: readonly FoundRecord<A>[]): Promise<void>;
  /** Assets by item; of one asset the record that was added last. */
  read(range: ItemRange): Promise<Map<number, A[]>>;
}

export interface FoundRecord<A> {
  item: number;
  asset: A;
}

/** Items whose records share files: about a group. */
const ITEMS_A_FILE = 50;
const WRITES_AT_ONCE = 8;

/** @param name of the walk: each has files of its own. */
export function createFoundRecords<A extends { id: string }>(
  files: SharedFiles,
  batch: BatchRef,
  name: string,
): FoundRecords<A> {
  const folderOf = (bucket: number): string => `${batchFolder(batch)}/found/${name}/${numbered(bucket)}`;
  const bucketOf = (item: number): number => Math.floor(item / ITEMS_A_FILE);

  const write = async (bucket: number, records: readonly FoundRecord<A>[]): Promise<void> => {
    const content = records.map((record) => `${JSON.stringify(record)}\n`).join('');
    let number = (await files.list(folderOf(bucket))).length;
    while (!(await files.create(`${folderOf(bucket)}/${numbered(number)}.ndjson`, content))) number += 1;
  };

  return {
    async add(found) {
      const byBucket = new Map<number, FoundRecord<A>[]>();
      for (const one of found) byBucket.set(bucketOf(one.item), [...(byBucket.get(bucketOf(one.item)) ?? []), one]);
      const buckets = [...byBucket];
      const lane = async (): Promise<void> => {
        for (let next = buckets.shift(); next; next = buckets.shift()) await write(...next);
      };
      await Promise.all(Array.from({ length: WRITES_AT_ONCE }, lane));
    },

    async read({ from, end }) {
      const byItem = new Map<number, Map<string, A>>();
      for (let bucket = bucketOf(from); bucket <= bucketOf(end - 1); bucket++) {
        for (const file of await files.list(folderOf(bucket))) {
          const content = (await files.read(`${folderOf(bucket)}/${file}`)) ?? '';
          for (const line of content.split('\n')) {
            if (line === '') continue;
            const { item, asset } = JSON.parse(line) as FoundRecord<A>;
            if (item < from || item >= end) continue;
            byItem.set(item, (byItem.get(item) ?? new Map<string, A>()).set(asset.id, asset));
          }
        }
      }
      return new Map([...byItem].map(([item, assets]) => [item, [...assets.values()].toReversed()]));
    },
  };
}
