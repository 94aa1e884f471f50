import type { Assets, ProviderAsset } from '../assets';
import { outcomeOf } from '../outcome';
import type { TwelveLabsClient } from './api/client';
import { withoutQueries } from './api/errors';
import { AssetPageSchema, AssetSchema, type AssetAnswer } from './api/schemas';
import { referrersOf } from './asset-users';

/** Operations under `/assets`. Source: the operations named below. */
export function assetOperations(client: TwelveLabsClient): Assets {
  return {
    /** Source: `GET /assets`. */
    async list({ page = 1, pageSize = 10, ids = [], types = [], filename }, { signal } = {}) {
      const query = new URLSearchParams({ page: String(page), page_limit: String(pageSize) });
      for (const id of ids) query.append('asset_ids', id);
      for (const type of types) query.append('asset_types', type);
      if (filename !== undefined) query.set('filename', filename);
      const { data, page_info } = await client.call(
        { method: 'GET', route: '/assets', path: `/assets?${query.toString()}`, creates: false, signal },
        AssetPageSchema,
      );
      return {
        items: data.map(assetOf),
        page: page_info.page ?? page,
        totalPages: page_info.total_page ?? 0,
        totalItems: page_info.total_results ?? 0,
      };
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

const STATUSES: Readonly<Record<string, ProviderAsset['status']>> = { ready: 'ready', failed: 'failed' };

/** Every status other than `ready` and `failed` counts as processing. Source: `GET /assets/{asset_id}`. */
export function assetOf(answer: AssetAnswer): ProviderAsset {
  const { video_width, image_width, video_height, image_height } = answer.technical_metadata ?? {};
  return {
    id: answer._id,
    status: STATUSES[answer.status ?? ''] ?? 'processing',
    filename: answer.filename,
    fileType: answer.file_type,
    sizeBytes: answer.size,
    durationSec: answer.duration,
    widthPixels: video_width ?? image_width,
    heightPixels: video_height ?? image_height,
    createdAt: answer.created_at,
    metadata: answer.user_metadata ?? {},
    errorMessage: answer.error?.message && withoutQueries(answer.error.message), // it may contain the URL
  };
}
