/** One page of a provider's list. */
export interface ListPage {
  items: readonly unknown[];
  /** Number of pages, where the provider states it; 0 and `undefined` mean unknown. */
  totalPages?: number;
}

/** A page that names the one after it. */
export interface LinkedPage extends ListPage {
  /** `undefined` at the end of the list. */
  next: string | undefined;
  /** Its number, where pages are numbered. */
  page?: number;
}

type ItemOf<P extends ListPage> = P['items'][number];

interface PageReading<P extends ListPage> {
  idOf: (item: ItemOf<P>) => string | number;
}

/**
 * Reads a list page by page, each from where the page before it ends; empty pages are not given. A short page is not
 * taken for the last one: the provider may use smaller pages, or leave out deleted items. Numbered
 * pages without a stated number of them also end at a page that holds only items of the page before, because some
 * servers repeat the last page for ever. Only one page is kept in memory.
 */
export async function* followPages<P extends LinkedPage>(
  read: (from: string | undefined) => Promise<P>,
  { idOf, from }: PageReading<P> & { from?: string },
): AsyncGenerator<P> {
  let before = new Set<string | number>();
  for (let at = from; ;) {
    const page = await read(at);
    const { items, next, page: number, totalPages = 0 } = page;
    const ids = new Set(items.map((item) => idOf(item)));
    const isRepeated = items.length > 0 && [...ids].every((id) => before.has(id));
    if (number !== undefined && totalPages <= 0 && isRepeated) return;
    if (items.length > 0) yield page;
    if (next === undefined || next === at) return;
    at = next;
    before = ids;
  }
}

/** Reads a list of numbered pages. It ends at its stated number of pages, or at an empty page. See {@link followPages}. */
export function readPages<P extends ListPage>(
  read: (page: number) => Promise<P>,
  { idOf }: PageReading<P>,
): AsyncGenerator<P & LinkedPage> {
  const readFrom = async (from = '1'): Promise<P & LinkedPage> => {
    const page = await read(Number(from));
    return { ...page, page: Number(from), next: pageAfter(Number(from), page) };
  };
  return followPages(readFrom, { idOf });
}

/** What follows a numbered page; `undefined` at the end of the list. */
export function pageAfter(page: number, { items, totalPages = 0 }: ListPage): string | undefined {
  const isLast = items.length === 0 || (totalPages > 0 && page >= totalPages);
  return isLast ? undefined : String(page + 1);
}
