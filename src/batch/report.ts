import {
  addCounts,
  countsInStart,
  countsOf,
  NO_COUNTS,
  type BatchCounts,
  type ItemOutcome,
  type ItemRange,
} from '../contracts/batch/item-outcome';
import { isRefused, type BatchIndex, type ListedItem, type RefusedEntry } from '../contracts/batch/listed-items';
import type { BatchFiles } from '../storage/batches/batch-files';
import type { ItemOutcomes } from '../storage/batches/item-outcomes';
import { entriesOf } from './read-batch';

/** What became of an item, or how far it is; `pending` if nothing is known of it. */
export type ReportItem = Omit<ItemOutcome, 'of' | 'work'>;

/** A line of a batch's report: an entry that could be no item, or an item. */
export type ReportEntry = RefusedEntry | ReportItem;

/** Failures of one cause. */
export interface FailureCause {
  type: string;
  /** The message of the first, without what only that item has. */
  cause: string;
  count: number;
  /** Names or keys of the first few. */
  examples: readonly string[];
}

const MAX_EXAMPLES = 3;
/** More causes than that are counted together. */
const MAX_CAUSES = 100;
const OTHER_CAUSES = 'other causes';

/**
 * A line for each entry of a batch, in the order of its list; as they are read, so that a batch of any size fits.
 * @param start run id of the batch's last start: what an earlier one left counts only if it completed. Default: all counts.
 */
export async function* reportEntries(
  batch: { files: BatchFiles; outcomes: ItemOutcomes },
  index: BatchIndex,
  start?: string,
): AsyncGenerator<ReportEntry> {
  const known = new KnownInTurn(batch.outcomes);
  for await (const entry of entriesOf(batch.files, index)) {
    if (isRefused(entry)) {
      yield entry;
      continue;
    }
    const outcome = await known.of(entry.item);
    const counts = outcome && (start === undefined || countsInStart(outcome, start));
    yield counts ? ended(outcome, entry) : pending(entry);
  }
}

const pending = ({ item, key, sizeBytes }: ListedItem): ReportItem => ({
  item,
  key,
  phase: 'pending',
  ...(sizeBytes !== undefined && { sizeBytes }),
});

const ended = ({ of: _of, work: _work, ...outcome }: ItemOutcome, { sizeBytes }: ListedItem): ReportItem => ({
  ...(sizeBytes !== undefined && { sizeBytes }),
  ...outcome,
});

/** Outcomes of items that are asked for in ascending order. At most one slice is in memory. */
class KnownInTurn {
  private slices: Promise<ItemRange[]> | undefined;
  private slice: ItemRange = { from: 0, end: 0 };
  private known: ReadonlyMap<number, ItemOutcome> = new Map();

  constructor(private readonly outcomes: ItemOutcomes) {}

  async of(item: number): Promise<ItemOutcome | undefined> {
    const slices = await (this.slices ??= this.outcomes.slices());
    while (item >= this.slice.end) {
      const next = slices.shift();
      if (!next) return undefined;
      this.slice = next;
      this.known = new Map();
      if (item < next.end) this.known = await this.outcomes.read(next);
    }
    return this.known.get(item);
  }
}

/**
 * How many items of a batch stand where; those of which nothing is known are pending.
 * @param start as of {@link reportEntries}
 */
export async function batchCounts(
  outcomes: ItemOutcomes,
  { items }: Pick<BatchIndex, 'items'>,
  start?: string,
): Promise<BatchCounts> {
  let counts = NO_COUNTS;
  for (const slice of await outcomes.slices()) {
    const known = [...(await outcomes.read(slice)).values()];
    const counting = known.filter((outcome) => start === undefined || countsInStart(outcome, start));
    counts = addCounts(counts, countsOf(counting, slice));
  }
  const unseen = items - counts.items;
  return unseen > 0 ? addCounts(counts, countsOf([], { from: 0, end: unseen })) : counts;
}

/**
 * Counts of those items in some ranges of which something is known.
 * @param start as of {@link reportEntries}
 */
export async function countsOfKnown(
  outcomes: ItemOutcomes,
  ranges: readonly ItemRange[],
  start: string,
): Promise<BatchCounts> {
  let counts = NO_COUNTS;
  for (const slice of await outcomes.slices()) {
    const wanted = ranges.filter(({ from, end }) => from < slice.end && end > slice.from);
    if (wanted.length === 0) continue;
    const known = [...(await outcomes.read(slice)).values()].filter(
      (one) => countsInStart(one, start) && wanted.some(({ from, end }) => one.item >= from && one.item < end),
    );
    counts = addCounts(counts, countsOf(known, { from: 0, end: known.length }));
  }
  return counts;
}

/** Groups failures by their cause, in memory that does not grow with them. */
export class CauseTally {
  /** Failures so far. */
  count = 0;
  private readonly groups = new Map<string, { type: string; cause: string; count: number; examples: string[] }>();

  /** An entry that did not fail counts for nothing. */
  add(entry: ReportEntry): void {
    const failed = failureIn(entry);
    if (!failed) return;
    this.count += 1;
    const group = this.groupOf(failed.type, causeIn(failed.message, failed.names));
    group.count += 1;
    if (group.examples.length < MAX_EXAMPLES) group.examples.push(failed.shown);
  }

  /** The most frequent first. */
  causes(): FailureCause[] {
    return [...this.groups.values()].sort((one, other) => other.count - one.count);
  }

  private groupOf(type: string, cause: string) {
    const name = `${type} ${cause}`;
    const known = this.groups.get(name);
    if (known) return known;
    const isOne = this.groups.size < MAX_CAUSES;
    const rest = isOne ? undefined : this.groups.get(OTHER_CAUSES);
    if (rest) return rest;
    const group = { type: isOne ? type : '', cause: isOne ? cause : OTHER_CAUSES, count: 0, examples: [] };
    this.groups.set(isOne ? name : OTHER_CAUSES, group);
    return group;
  }
}

/** Groups the failures of a report by their cause. */
export async function failuresByCause(
  entries: AsyncIterable<ReportEntry> | Iterable<ReportEntry>,
): Promise<FailureCause[]> {
  const tally = new CauseTally();
  for await (const entry of entries) tally.add(entry);
  return tally.causes();
}

interface ItemFailure {
  type: string;
  message: string;
  shown: string;
  /** What in the message is the item's own. */
  names: readonly string[];
}

function failureIn(entry: ReportEntry): ItemFailure | undefined {
  if ('refused' in entry) {
    const { refused: type, reason: message, name, line, at } = entry;
    const place = line === undefined ? String(at) : `line ${line}`;
    return {
      type,
      message,
      shown: name ?? place,
      names: [name, typeof at === 'string' ? at : undefined].flatMap((one) => one ?? []),
    };
  }
  const { error, key, asset } = entry;
  if (!error) return undefined;
  const names = [key, asset?.id, asset?.filename].flatMap((one) => one ?? []);
  return { type: error.type, message: error.message, shown: key, names };
}

/** A shorter one, such as "a" or "12", stands for too much else. */
const SHORTEST_NAME = 4;

/** Finds a text where it is not part of a longer word. */
const asWords = (text: string): RegExp =>
  new RegExp(
    String.raw`(?<![\p{L}\p{N}])${text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)}(?![\p{L}\p{N}])`,
    'gu',
  );

/** A message without paths, ids, names and numbers of one item, so that those of one cause are equal. */
function causeIn(message: string, names: readonly string[]): string {
  const withEnds = names.flatMap((name) => [name, name.slice(name.lastIndexOf('/') + 1)]);
  const telling = withEnds.filter((name) => name.length >= SHORTEST_NAME);
  const longestFirst = telling.toSorted((one, other) => other.length - one.length);
  const without = longestFirst.reduce((text, name) => text.replaceAll(asWords(name), '…'), message);
  return without
    .replaceAll(/"[^"]{1,200}"/g, '"…"')
    .replaceAll(/(?<!\w)(s3:\/\/|\/)[^\s:,;"]+/g, '…')
    .replaceAll(/(?<![\w.])\d+(?:\.\d+)?/g, 'N');
}
