/** One page of a list, as a provider gives it. */
export interface ListPage {
  items: readonly unknown[];
  /** How many pages the list has, where the provider tells; 0 and `undefined` say nothing. */
  totalPages?: number;
}

type ItemOf<P extends ListPage> = P['items'][number];

interface PageReading<P extends ListPage> {
  idOf: (item: ItemOf<P>) => string | number;
  /** Default: 1. */
  firstPage?: number;
}

/**
 * Reads a list page by page. A page that is shorter than asked for is not taken for the last one: the provider may limit
 * pages further, or leave out what was deleted meanwhile. The list ends at its told number of pages, or at an empty page;
 * where no number is told, also at a page without anything new, because some servers repeat the last page for ever.
 */
export async function* readPages<P extends ListPage>(
  read: (page: number) => Promise<P>,
  { idOf, firstPage = 1 }: PageReading<P>,
): AsyncGenerator<P> {
  const seen = new Set<string | number>();
  for (let number = firstPage; ; number++) {
    const page = await read(number);
    const { items, totalPages = 0 } = page;
    const isNew = items.some((item) => !seen.has(idOf(item)));
    if (items.length === 0 || (totalPages <= 0 && !isNew)) return;
    yield page;
    if (totalPages > 0 && number >= totalPages) return;
    for (const item of items) seen.add(idOf(item));
  }
}
