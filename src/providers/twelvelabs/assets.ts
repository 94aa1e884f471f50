import { tagFields } from '../../contracts/resource';
import type {
  AssetReference,
  EntityOfAsset,
  MediaProvider,
  ProviderAsset,
  Submission,
  SubmitOptions,
} from '../media-provider';
import type { TwelveLabsClient } from './client';
import { withoutQueries } from './errors';
import { itemsOf } from './lists';
import { maxDirectBytes, maxMultipartBytes, maxUrlBytes } from './limits';
import { multipartForm } from './multipart-form';
import { AssetPageSchema, AssetSchema, EntityPageSchema, ReferencePageSchema, type AssetAnswer } from './schemas';

type AssetOperations = Pick<
  MediaProvider,
  | 'maxFileBytes'
  | 'maxMultipartBytes'
  | 'maxUrlBytes'
  | 'submit'
  | 'listAssets'
  | 'getAsset'
  | 'deleteAsset'
  | 'annotateAsset'
  | 'listEntitiesOf'
  | 'listReferences'
>;

/** Operations under `/assets`. */
export function assetOperations(client: TwelveLabsClient): AssetOperations {
  return {
    maxFileBytes: maxDirectBytes,
    maxMultipartBytes,
    maxUrlBytes,

    /** One `POST /assets` each: the API takes a single file a call. */
    async submit(submissions, options = {}) {
      const assets: ProviderAsset[] = [];
      let before = 0;
      for (const submission of submissions) {
        const onProgress = (sentBytes: number): void => options.onProgress?.(before + sentBytes);
        assets.push(await submitOne(client, submission, { ...options, onProgress }));
        if (submission.source.type === 'file') before += submission.source.file.sizeBytes;
      }
      return assets;
    },

    async listAssets({ page = 1, pageSize = 10, ids = [], types = [], filename }, { signal } = {}) {
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

    async getAsset(assetId, { signal } = {}) {
      return assetOf(await client.call({ ...one('GET', assetId), signal }, AssetSchema));
    },

    async deleteAsset(assetId, { force, signal }) {
      const call = one('DELETE', assetId);
      await client.callVoid({ ...call, path: `${call.path}?force=${force}`, signal });
    },

    async annotateAsset(assetId, fields, { signal } = {}) {
      const { path, ...call } = one('PATCH', assetId);
      await client.callVoid({
        ...call,
        route: '/assets/{asset_id}/user-metadata',
        path: `${path}/user-metadata`,
        json: { user_metadata: fields },
        signal,
      });
    },

    async listEntitiesOf(assetId, { signal } = {}) {
      const entities: EntityOfAsset[] = [];
      for await (const entity of itemsOf(client, { ...below(assetId, 'entities'), signal }, EntityPageSchema)) {
        const { _id: entityId, entity_collection_id: collectionId, name = '', metadata = {} } = entity;
        entities.push({ collectionId, entityId, name, metadata });
      }
      return entities;
    },

    async listReferences(assetId, { signal } = {}) {
      const references: AssetReference[] = [];
      const list = { ...below(assetId, 'indexed-assets'), signal };
      for await (const { _id: indexedAssetId, index } of itemsOf(client, list, ReferencePageSchema)) {
        references.push({ indexId: index._id, indexName: index.name, indexedAssetId });
      }
      return references;
    },
  };
}

const below = (assetId: string, list: 'entities' | 'indexed-assets') => ({
  route: `/assets/{asset_id}/${list}`,
  path: `/assets/${encodeURIComponent(assetId)}/${list}`,
  about: assetId,
});

const one = (method: 'GET' | 'PATCH' | 'DELETE', assetId: string) =>
  ({
    method,
    route: '/assets/{asset_id}',
    path: `/assets/${encodeURIComponent(assetId)}`,
    about: assetId,
    creates: false,
  }) as const;

async function submitOne(
  client: TwelveLabsClient,
  { source, filename, metadata, enableHls, enableThumbnail, tag }: Submission,
  { signal, onProgress }: SubmitOptions,
): Promise<ProviderAsset> {
  const fields = {
    method: source.type === 'file' ? 'direct' : 'url',
    ...(source.type === 'url' ? { url: source.url } : {}),
    filename,
    enable_hls: String(enableHls),
    enable_thumbnail: String(enableThumbnail),
    user_metadata: JSON.stringify({ ...metadata, ...tagFields(tag) }),
  };
  const form = multipartForm(
    fields,
    source.type === 'file' ? { field: 'file', filename, source: source.file } : undefined,
  );
  const answer = await client.call(
    {
      method: 'POST',
      kind: 'upload',
      route: '/assets',
      path: '/assets',
      about: filename,
      creates: true,
      form,
      signal,
      onSentBytes: onProgress,
    },
    AssetSchema,
  );
  return assetOf(answer);
}

const STATUSES: Readonly<Record<string, ProviderAsset['status']>> = { ready: 'ready', failed: 'failed' };

/** Older API versions also say `waiting`; whatever is not an end is on the way there. */
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
    errorMessage: answer.error?.message && withoutQueries(answer.error.message), // may name the URL it fetched
  };
}
