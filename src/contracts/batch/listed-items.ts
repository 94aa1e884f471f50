import type { FailureType } from '../failures';
import type { ProviderFields } from '../lifecycle-input';
import type { ProviderName } from '../ids';
import type { Source } from '../source';

/** Where in its source an entry was found: a line or a place in the list, or a path or object key. */
export type EntryPlace = number | string;

/** One item of a batch, as its page keeps it: what differs from `each`. */
export interface ListedItem {
  /** Number in the batch, from 0, without gaps. */
  item: number;
  at: EntryPlace;
  /** The key that a single start of this source has. */
  key: string;
  /** Name at the provider. */
  filename: string;
  source: Source;
  /** Absent where it can only be told when the item is handed in. */
  sizeBytes?: number;
  /** Fields of its input beside `source`, `key` and `filename`, where the entry names some. */
  own?: ProviderFields;
}

/** An entry that cannot be an item. */
export interface RefusedEntry {
  at: EntryPlace;
  /** Line of a manifest, from 1. */
  line?: number;
  /** Path, URL without its query, S3 URI or key, as far as it is known. */
  name?: string;
  refused: FailureType;
  /** In the words of a single start. */
  reason: string;
}

export type ListedEntry = ListedItem | RefusedEntry;

export const isRefused = (entry: ListedEntry): entry is RefusedEntry => 'refused' in entry;

/** First line of a page. */
export interface PageHead {
  page: number;
  /** Number of its first item. */
  from: number;
  items: number;
  refused: number;
  /** Entries before its end that no glob asks for, counted from the page before. */
  skipped: number;
  /** Bytes of its items, as far as they are known. */
  bytes: number;
}

/** How a batch began to be listed. It stays what it is: a listing that broke off goes on by it. */
export interface ListingStart {
  batchId: string;
  /** Id of the store, by which a worker with another notices it. */
  storeId: string;
  provider: ProviderName;
  each: ProviderFields;
  /** The items' source as the caller named it, and, of a manifest, what tells whether it has changed. */
  items: unknown;
  fingerprint?: string;
  /** Items under way at once, as the first start said. */
  inFlight?: number;
}

/** What a batch consists of, once it is listed. */
export interface BatchIndex {
  storeId: string;
  provider: ProviderName;
  each: ProviderFields;
  items: number;
  refused: number;
  /** Entries that no glob asks for. */
  skipped: number;
  bytes: number;
  /** Items whose size is not known yet. */
  withoutSize: number;
  /** Of the first start: no group has more items, whatever later starts say, so that all cut the same groups. */
  inFlight?: number;
  /** Number of the first item of each page, and how many items and refused entries it has. */
  pages: readonly [from: number, items: number, refused: number][];
}
