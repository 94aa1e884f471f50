/** One page of a provider's list. */
export interface ListPage {
  items: readonly unknown[];
  /** Number of pages, where the provider states it; 0 and `undefined` mean unknown. */
  totalPages?: number;
}

type ItemOf<P extends ListPage> = P['items'][number];

interface PageReading<P extends ListPage> {
  idOf: (item: ItemOf<P>) => string | number;
  /** Default: 1. */
  firstPage?: number;
}

/**
 * Reads a list page by page. A short page is not taken for the last one: the provider may use smaller pages, or leave
 * out deleted items. The list ends at its stated number of pages, or at an empty page. Without a stated number it also
 * ends at a page without new items, because some servers repeat the last page for ever.
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
