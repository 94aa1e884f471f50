import { failure } from '../../contracts/failures';
import type { Assets } from '../assets';
import { outcomeOf } from '../outcome';
import type { TwelveLabsClient } from './api/client';
import { AssetPageSchema, AssetSchema } from './api/schemas';
import { assetOf } from './asset-of';
import { referrersOf } from './asset-users';
import { pageAfter } from '../shared/read-pages';

/** Operations under `/assets`. Source: the operations named below. */
export function assetOperations(client: TwelveLabsClient): Assets {
  return {
    /** Source: `GET /assets`. */
    async list({ from, page = pageOfCursor(from), pageSize = 10, ids = [], types = [], filename }, { signal } = {}) {
      const query = new URLSearchParams({ page: String(page), page_limit: String(pageSize) });
      for (const id of ids) query.append('asset_ids', id);
      for (const type of types) query.append('asset_types', type);
      if (filename !== undefined) query.set('filename', filename);
      const { answer, clockAheadMs } = await client.callTimed(
        { method: 'GET', route: '/assets', path: `/assets?${query.toString()}`, creates: false, signal },
        AssetPageSchema,
      );
      const { data, page_info } = answer;
      const { total_page: totalPages, total_results: totalItems } = page_info;
      const items = data.map(assetOf);
      return { items, next: pageAfter(page, { items, totalPages }), page, totalPages, totalItems, clockAheadMs };
    },

    /** Source: `GET /assets/{asset_id}`. */
    async get(assetId, { signal } = {}) {
      return assetOf(await client.call({ ...one('GET', assetId), signal }, AssetSchema));
    },

    /** One request per asset. Source: `DELETE /assets/{asset_id}`. */
    remove: (assetIds, { force, signal }) =>
      Promise.all(
        assetIds.map((assetId) =>
          outcomeOf(() => {
            const call = one('DELETE', assetId);
            return client.callVoid({ ...call, path: `${call.path}?force=${force}`, signal });
          }),
        ),
      ),

    /** One request per asset. Source: `PATCH /assets/{asset_id}/user-metadata`. */
    annotate: (changes, { signal } = {}) =>
      Promise.all(
        changes.map(({ assetId, fields }) =>
          outcomeOf(() => {
            const { path, ...call } = one('PATCH', assetId);
            return client.callVoid({
              ...call,
              route: '/assets/{asset_id}/user-metadata',
              path: `${path}/user-metadata`,
              json: { user_metadata: fields },
              signal,
            });
          }),
        ),
      ),

    referrers: (assetId, options) => referrersOf(client, assetId, options),
  };
}

const one = (method: 'GET' | 'PATCH' | 'DELETE', assetId: string) =>
  ({
    method,
    route: '/assets/{asset_id}',
    path: `/assets/${encodeURIComponent(assetId)}`,
    about: assetId,
    creates: false,
  }) as const;

/** A cursor of this provider is the number of a page. */
function pageOfCursor(from: string | undefined): number {
  if (from === undefined || /^[1-9]\d{0,8}$/.test(from)) return Number(from ?? 1);
  throw failure('InvalidRequest', `from: "${from}" is not the next page of an earlier list`);
}
