import type { z } from 'zod';
import { readPages } from '../../shared/read-pages';
import type { TwelveLabsClient } from './client';

/** Most items that a page of the API holds. */
export const MAX_PAGE_ITEMS = 50;

interface ListRequest {
  /** Path template, for messages. */
  route: string;
  path: string;
  query?: readonly (readonly [name: string, value: string])[];
  about?: string;
  signal?: AbortSignal;
  /** Awaited before each request. */
  pace?: () => Promise<void>;
}

interface ListAnswer<T> {
  data: T[];
  page_info: { total_page?: number };
}

/** Every item of a list of the API, over all pages, in the order of the API. */
export async function* itemsOf<T extends { _id: string }>(
  client: TwelveLabsClient,
  { route, path, query = [], about, signal, pace }: ListRequest,
  schema: z.ZodType<ListAnswer<T>>,
): AsyncGenerator<T> {
  const read = async (page: number) => {
    await pace?.();
    const search = new URLSearchParams();
    for (const [name, value] of query) search.append(name, value);
    search.set('page', String(page));
    search.set('page_limit', String(MAX_PAGE_ITEMS));
    const call = { method: 'GET', route, path: `${path}?${search.toString()}`, about, creates: false, signal } as const;
    const { data, page_info } = await client.call(call, schema);
    return { items: data, totalPages: page_info.total_page };
  };
  for await (const { items } of readPages(read, { idOf: ({ _id }) => _id })) yield* items;
}
