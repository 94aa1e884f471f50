import { failure } from '../../contracts/failures';
import type { AssetPage, Assets } from '../assets';
import type { Traits } from '../media-provider';
import type { CallOptions } from '../outcome';
import { followPages } from './read-pages';
import { sleep } from './sleep';

/** The part of a provider that gives its assets page by page. */
export interface ListedAssets {
  assets: Pick<Assets, 'list'>;
  traits: Pick<Traits, 'assetsPerPage'>;
}

interface PagesToRead extends CallOptions {
  /** Part of the filename. */
  filename?: string;
  /** Least time between two requests. */
  spacingMs?: number;
}

/**
 * Yields the largest pages of the list, newest first. Where pages are numbered, an asset that is deleted meanwhile moves
 * others to a page that was read already: those pages are read again.
 * @throws ProviderUnavailable if a page comes again, which would go on for ever
 */
export async function* newestPages(
  { assets, traits }: ListedAssets,
  { filename, spacingMs = 0, signal }: PagesToRead,
): AsyncGenerator<AssetPage> {
  const asked = new Set<string>();
  const list = async (query: { from?: string; page?: number }): Promise<AssetPage> => {
    if (asked.size > 0 && spacingMs > 0) await sleep(spacingMs, signal);
    signal?.throwIfAborted();
    return assets.list({ ...query, pageSize: traits.assetsPerPage, filename }, { signal });
  };
  let before: AssetPage | undefined;
  const read = async (from: string | undefined): Promise<AssetPage> => {
    if (asked.has(from ?? '')) throw failure('ProviderUnavailable', `list of assets: page ${from} comes again`);
    const page = await list({ from });
    asked.add(from ?? '');
    const moved = before ? await readMoved(before, page, (number) => list({ page: number })) : [];
    before = page;
    return moved.length > 0 ? { ...page, items: [...moved, ...page.items] } : page;
  };
  yield* followPages(read, { idOf: ({ id }) => id });
}

/** The items of those pages before `page` to which items have moved since `before`, the page before it, was read. */
async function readMoved(
  before: AssetPage,
  page: AssetPage,
  read: (page: number) => Promise<AssetPage>,
): Promise<AssetPage['items']> {
  if (page.page === undefined) return [];
  let items: AssetPage['items'] = [];
  let last = page;
  for (let readAgain = 0; ;) {
    const deleted = (before.totalItems ?? 0) - (last.totalItems ?? before.totalItems ?? 0);
    const back = Math.min(Math.ceil(deleted / Math.max(1, before.items.length)), page.page - 1);
    if (back <= readAgain) return items;
    readAgain = back;
    items = [];
    for (let number = page.page - back; number < page.page; number++) {
      last = await read(number);
      items.push(...last.items);
    }
  }
}
