import type { ItemRange } from '../contracts/batch/item-outcome';
import {
  isRefused,
  type BatchIndex,
  type ListedEntry,
  type ListedItem,
  type RefusedEntry,
} from '../contracts/batch/listed-items';
import { failure } from '../contracts/failures';
import type { CompleteInput, ProviderFields } from '../contracts/lifecycle-input';
import { acceptInput, PROVIDERS, type Registry } from '../providers/registry';
import type { BatchFiles } from '../storage/batches/batch-files';
import { readPage } from './listing/page';
import { mergedInput } from './merged-input';

/** An item with the input that a single start of it would have. */
export interface BatchItem {
  item: number;
  input: CompleteInput & { key: string };
  /** Name at the provider. */
  filename: string;
  sizeBytes?: number;
}

/** What a batch consists of. @throws InvalidRequest if it is not listed, or not any more */
export async function readIndex(files: BatchFiles): Promise<BatchIndex> {
  const content = await files.index();
  if (content !== undefined) return JSON.parse(content) as BatchIndex;
  throw failure(
    'InvalidRequest',
    `results: ${files.uri}: holds no list of a batch; it was removed, or never completed`,
  );
}

/** The items of a slice, in order, with their inputs. At most a page is in memory. */
export async function* itemsOf(
  files: BatchFiles,
  index: BatchIndex,
  slice: ItemRange,
  registry: Registry = PROVIDERS,
): AsyncGenerator<BatchItem> {
  for await (const entry of entriesOf(files, index, slice)) {
    if (isRefused(entry) || entry.item < slice.from || entry.item >= slice.end) continue;
    yield batchItem(index, entry, registry);
  }
}

/** The entries of a batch that cannot be items, in order. */
export async function* refusedOf(files: BatchFiles, index: BatchIndex): AsyncGenerator<RefusedEntry> {
  for await (const entry of entriesOf(files, index)) if (isRefused(entry)) yield entry;
}

/** What was listed, in order. Pages are read only where they have something of the slice. */
export async function* entriesOf(
  files: BatchFiles,
  { pages }: BatchIndex,
  slice?: ItemRange,
): AsyncGenerator<ListedEntry> {
  for (const [page, [from, items]] of pages.entries()) {
    if (slice && (from + items <= slice.from || from >= slice.end)) continue;
    const content = await files.page(page);
    if (content === undefined) {
      throw failure(
        'InvalidRequest',
        `results: ${files.uri}: page ${page} of the batch is missing; somebody removed it`,
      );
    }
    yield* readPage(content).entries;
  }
}

function batchItem(index: BatchIndex, listed: ListedItem, registry: Registry): BatchItem {
  const { item, filename, sizeBytes } = listed;
  const input = inputOfItem(index.each, listed, registry);
  return { item, input, filename, ...(sizeBytes === undefined ? {} : { sizeBytes }) };
}

/** The input that a single start of the item would have; an existing asset keeps its name. */
export function inputOfItem(
  each: ProviderFields,
  { key, filename, source, own = {} }: ListedItem,
  registry: Registry = PROVIDERS,
): CompleteInput & { key: string } {
  const named = source.type === 'asset' ? {} : { filename };
  return { ...acceptInput(mergedInput(each, { ...own, ...named, key, source }), registry), key };
}
