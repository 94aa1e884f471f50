import type { ItemOutcome, ItemRange } from '../../contracts/batch/item-outcome';
import { failure } from '../../contracts/failures';
import { batchFolder, type BatchRef } from './batch-files';
import { numbered, type SharedFiles } from './shared-files';

/**
 * Outcomes of a batch's items, in files beside the manifest: a file for each write of a slice. What was written last of an
 * item counts, so that every write is safe to repeat.
 */
export interface ItemOutcomes {
  /** Makes a slice known of which nothing is; safe to repeat. */
  begin(slice: ItemRange): Promise<void>;
  /** Adds what has become known of some items of a slice. */
  write(slice: ItemRange, outcomes: readonly ItemOutcome[]): Promise<void>;
  /**
   * Reads a slice, to write to it alone.
   * @param read what was read of it before; what is read and written now is added.
   */
  open(slice: ItemRange, read?: OutcomesRead): Promise<OpenOutcomes>;
  /** From now on whoever has opened the slice before writes nothing. */
  seal(slice: ItemRange): Promise<void>;
  /** What is known of the items of a slice, by their number. */
  read(slice: ItemRange): Promise<Map<number, ItemOutcome>>;
  /**
   * What is known of one item; `undefined` if nothing is.
   * @param reads instead of the store, such as what is remembered of it
   */
  ofItem(item: number, reads?: Pick<ItemOutcomes, 'slices' | 'read'>): Promise<ItemOutcome | undefined>;
  /** The slices that have begun, in order. */
  slices(): Promise<ItemRange[]>;
}

/** What was read of a slice. Its files never change, and a later one counts more, so that only later ones are to be read. */
export interface OutcomesRead {
  known: Map<number, ItemOutcome>;
  /** Number of the first file that was not read. */
  next: number;
}

/** Files of a slice that are read at once: a store may take its time for each. */
const READ_AT_ONCE = 16;

export const nothingRead = (): OutcomesRead => ({ known: new Map(), next: 0 });

/** A slice as its one writer sees it; one write at a time. */
export interface OpenOutcomes {
  /** What was known when it was opened, by the item's number. */
  known: Map<number, ItemOutcome>;
  /** Safe to repeat. @throws WorkerStopping if somebody else has written since it was opened */
  write(outcomes: readonly ItemOutcome[]): Promise<void>;
}

export function createItemOutcomes(files: SharedFiles, batch: BatchRef): ItemOutcomes {
  const folder = `${batchFolder(batch)}/outcomes`;
  const folderOf = ({ from, end }: ItemRange): string => `${folder}/${numbered(from)}-${numbered(end)}`;
  const fileName = (slice: ItemRange, number: number): string => `${folderOf(slice)}/${numbered(number)}${SUFFIX}`;
  const slices = async (): Promise<ItemRange[]> =>
    (await files.list(folder)).map((name) => {
      const [from = Number.NaN, end = Number.NaN] = name.split('-').map(Number);
      return { from, end };
    });
  const open = async (slice: ItemRange, read = nothingRead()): Promise<OpenOutcomes> => {
    const names = (await files.list(folderOf(slice))).filter((name) => numberOf(name) >= read.next);
    for (let first = 0; first < names.length; first += READ_AT_ONCE) {
      const some = names.slice(first, first + READ_AT_ONCE);
      const contents = await Promise.all(some.map((name) => files.read(`${folderOf(slice)}/${name}`)));
      for (const [nth, name] of some.entries()) {
        if (numberOf(name) < read.next) continue; // somebody else who has the same memory was faster
        for (const line of (contents[nth] ?? '').split('\n')) {
          if (line === '') continue;
          const outcome = JSON.parse(line) as ItemOutcome;
          read.known.set(outcome.item, outcome);
        }
        read.next = numberOf(name) + 1;
      }
    }
    let { next } = read; // of this writer alone: an attempt that was given up may still run beside it
    let unanswered: readonly ItemOutcome[] | undefined;
    const writeFile = async (outcomes: readonly ItemOutcome[]): Promise<void> => {
      const content = contentOf(slice, outcomes);
      const name = fileName(slice, next);
      unanswered = outcomes;
      if (!(await files.create(name, content)) && (await files.read(name)) !== content) {
        const items = `items ${slice.from} to ${slice.end - 1} of batch "${batch.batchId}"`;
        throw failure('WorkerStopping', `${items}: another attempt has taken them over; this one ends`);
      }
      unanswered = undefined;
      if (read.next === next) {
        for (const outcome of outcomes) read.known.set(outcome.item, outcome);
        read.next += 1;
      }
      next += 1;
    };
    const write: OpenOutcomes['write'] = async (outcomes) => {
      if (unanswered) await writeFile(unanswered); // it may be there: what is there tells whether somebody else writes
      if (outcomes.length > 0) await writeFile(outcomes);
    };
    return { known: new Map(read.known), write };
  };
  const read = async (slice: ItemRange): Promise<Map<number, ItemOutcome>> => (await open(slice)).known;
  return {
    open,
    read,
    slices,

    async begin(slice) {
      await files.create(fileName(slice, 0), '');
    },

    async write(slice, outcomes) {
      if (outcomes.length === 0) return;
      const content = contentOf(slice, outcomes);
      let number = numberBehind(await files.list(folderOf(slice)));
      while (!(await files.create(fileName(slice, number), content))) number += 1;
    },

    async seal(slice) {
      let number = numberBehind(await files.list(folderOf(slice)));
      while (!(await files.create(fileName(slice, number), SEAL))) number += 1;
    },

    async ofItem(item, reads = { slices, read }) {
      for (const slice of await reads.slices()) {
        if (item < slice.from || item >= slice.end) continue;
        const found = (await reads.read(slice)).get(item);
        if (found) return found;
      }
      return undefined;
    },
  };
}

const SUFFIX = '.ndjson';
/** Differs from what any writer would write, and holds no outcome. */
const SEAL = '\n';

/** @throws RangeError for an item of another slice */
function contentOf(slice: ItemRange, outcomes: readonly ItemOutcome[]): string {
  const stranger = outcomes.find(({ item }) => item < slice.from || item >= slice.end);
  if (stranger) throw new RangeError(`item ${stranger.item} is not of the slice ${slice.from} to ${slice.end}`);
  return outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`).join('');
}

const numberOf = (name: string): number => Number(name.replace(SUFFIX, ''));

function numberBehind(names: readonly string[]): number {
  const last = names.at(-1);
  return last === undefined ? 0 : numberOf(last) + 1;
}
