import type { CallOptions } from '../../outcome';
import { newestPages, type ListedAssets } from '../newest-pages';
import type { Look } from './look';
import { ReadBack } from './read-back';

/** A list that is searched for tags. */
export interface SearchedList extends ListedAssets {
  /** True if it can be narrowed by filename. */
  narrows: boolean;
}

/** Requests for names that are under way at once. */
const NAMES_AT_ONCE = 16;

/**
 * Ends every look, in few requests: one walk over the list for all, or a request for each filename, whichever takes fewer as
 * far as can be told while walking.
 * @param signal aborts the requests once nobody wants them.
 */
export async function lookForAll(looks: readonly Look[], list: SearchedList, signal: AbortSignal): Promise<void> {
  try {
    const enough = list.narrows ? namesAreCheaper : () => false;
    await lookByName(await walk(looks, list, { enough, signal }), list, signal);
  } catch (error) {
    for (const look of looks) look.fail(error);
  }
}

interface WalkOptions extends CallOptions {
  filename?: string;
  /** Ends the walk, asked before each page. */
  enough?: (open: readonly Look[], read: ReadBack) => boolean;
}

/** Reads the list back until every look has ended. @returns those that have not, if it was enough before */
async function walk(
  looks: readonly Look[],
  list: SearchedList,
  { filename, enough = () => false, signal }: WalkOptions,
): Promise<readonly Look[]> {
  const read = new ReadBack();
  let open = looks.filter(({ isOpen }) => isOpen);
  if (open.length === 0 || enough(open, read)) return open;
  for await (const page of newestPages(list, { filename, signal })) {
    read.add(page);
    for (const look of open) {
      look.take(page.items);
      if (read.isPast(look.query)) look.end();
    }
    open = open.filter(({ isOpen }) => isOpen);
    if (open.length === 0 || enough(open, read)) return open;
  }
  for (const look of open) look.end();
  return [];
}

/** Whether to ask for each name takes fewer requests than to walk on, to the end or to where only some names are left. */
function namesAreCheaper(open: readonly Look[], read: ReadBack): boolean {
  const pagesOf = new Map<string, number>();
  for (const { query } of open) {
    if (query.filename === undefined) return false; // the others are found on its way
    pagesOf.set(query.filename, Math.max(pagesOf.get(query.filename) ?? 0, read.pagesTo(query)));
  }
  const nearestFirst = [...pagesOf.values()].toSorted((one, other) => one - other);
  return !nearestFirst.some((pages, nth) => pages < nth + 1);
}

/** Who shares a request shares its failure. */
async function lookByName(looks: readonly Look[], list: SearchedList, signal: AbortSignal): Promise<void> {
  const byName = new Map<string | undefined, Look[]>();
  for (const look of looks) byName.set(look.query.filename, [...(byName.get(look.query.filename) ?? []), look]);
  const names = [...byName];
  const lane = async (): Promise<void> => {
    for (let next = names.shift(); next; next = names.shift()) {
      const [filename, same] = next;
      for (const look of same) look.startAgain();
      try {
        await walk(same, list, { filename, signal });
      } catch (error) {
        for (const look of same) look.fail(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(NAMES_AT_ONCE, names.length) }, lane));
}
