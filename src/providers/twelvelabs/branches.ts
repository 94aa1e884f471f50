import type { EmbedBranch } from '../../contracts/branch';
import { failure } from '../../contracts/failures';
import { carriesTag, tagFields } from '../../contracts/resource';
import { kindOfFile } from '../../sources/file-kind';
import type { MediaProvider } from '../media-provider';
import type { TwelveLabsClient } from './client';
import { CreatedSchema, EmbedTaskSchema, EntityPageSchema, IndexedAssetSchema } from './schemas';

const PAGE_SIZE = 50;

type BranchOperations = Pick<
  MediaProvider,
  | 'createEmbedding'
  | 'readEmbedding'
  | 'createEntity'
  | 'findEntities'
  | 'addToEntity'
  | 'removeFromEntity'
  | 'deleteEntity'
  | 'createIndexedAsset'
  | 'readIndexedAsset'
  | 'deleteIndexedAsset'
>;

/** Embed tasks, entities and indexed assets. */
export function branchOperations(client: TwelveLabsClient): BranchOperations {
  return {
    async createEmbedding(asset, branch, { signal } = {}) {
      const { _id } = await client.call(
        {
          method: 'POST',
          kind: 'embed',
          route: '/embed-v2/tasks',
          path: '/embed-v2/tasks',
          about: asset.assetId,
          creates: true,
          json: embedRequest(asset, branch),
          signal,
        },
        CreatedSchema,
      );
      return { taskId: _id };
    },

    async readEmbedding(taskId, { signal } = {}) {
      const path = `/embed-v2/tasks/${encodeURIComponent(taskId)}`;
      const { data } = await client.call(
        { method: 'GET', route: '/embed-v2/tasks/{task_id}', path, about: taskId, creates: false, signal },
        EmbedTaskSchema,
      );
      return data ?? [];
    },

    async createEntity({ collectionId, name, description, assetId, tag }, { signal } = {}) {
      const { _id } = await client.call(
        {
          method: 'POST',
          route: '/entity-collections/{id}/entities',
          path: entitiesPath(collectionId),
          about: name,
          creates: true,
          json: { name, description, asset_ids: [assetId], metadata: tagFields(tag) },
          signal,
        },
        CreatedSchema,
      );
      return { entityId: _id };
    },

    async findEntities({ collectionId, name, tag }, { signal } = {}) {
      const own: string[] = [];
      for (let page = 1; ; page++) {
        const query = new URLSearchParams({ name, page: String(page), page_limit: String(PAGE_SIZE) });
        const { data } = await client.call(
          {
            method: 'GET',
            route: '/entity-collections/{id}/entities',
            path: `${entitiesPath(collectionId)}?${query.toString()}`,
            about: name,
            creates: false,
            signal,
          },
          EntityPageSchema,
        );
        own.push(...data.filter(({ metadata }) => carriesTag(metadata, tag)).map(({ _id }) => _id));
        if (data.length < PAGE_SIZE) return own.toReversed(); // the list is newest first
      }
    },

    /** Harmless to repeat, but after a lost answer it is not known whether cleanup has something to undo. */
    async addToEntity(entity, { signal } = {}) {
      await client.callVoid({ ...membership('POST', entity), creates: true, signal });
    },

    async removeFromEntity(entity, { signal } = {}) {
      await client.callVoid({ ...membership('DELETE', entity), signal });
    },

    async deleteEntity({ collectionId, entityId }, { signal } = {}) {
      const path = `${entitiesPath(collectionId)}/${encodeURIComponent(entityId)}`;
      const route = '/entity-collections/{id}/entities/{id}';
      await client.callVoid({ method: 'DELETE', route, path, about: entityId, creates: false, signal });
    },

    async createIndexedAsset({ indexId, assetId, enableVideoStream, tag }, { signal } = {}) {
      const { _id } = await client.call(
        {
          method: 'POST',
          kind: 'index',
          route: '/indexes/{id}/indexed-assets',
          path: `/indexes/${encodeURIComponent(indexId)}/indexed-assets`,
          about: assetId,
          creates: true,
          json: { asset_id: assetId, enable_video_stream: enableVideoStream, user_metadata: tagFields(tag) },
          signal,
        },
        CreatedSchema,
      );
      return { indexedAssetId: _id };
    },

    async readIndexedAsset(entry, { signal } = {}) {
      const { user_metadata } = await client.call({ ...oneEntry('GET', entry), signal }, IndexedAssetSchema);
      return user_metadata ?? {};
    },

    async deleteIndexedAsset(entry, { signal } = {}) {
      await client.callVoid({ ...oneEntry('DELETE', entry), signal });
    },
  };
}

const entitiesPath = (collectionId: string): string =>
  `/entity-collections/${encodeURIComponent(collectionId)}/entities`;

const oneEntry = (method: 'GET' | 'DELETE', { indexId, indexedAssetId }: { indexId: string; indexedAssetId: string }) =>
  ({
    method,
    route: '/indexes/{id}/indexed-assets/{id}',
    path: `/indexes/${encodeURIComponent(indexId)}/indexed-assets/${encodeURIComponent(indexedAssetId)}`,
    about: indexedAssetId,
    creates: false,
  }) as const;

const membership = (
  method: 'POST' | 'DELETE',
  { collectionId, entityId, assetId }: { collectionId: string; entityId: string; assetId: string },
) =>
  ({
    method,
    route: '/entity-collections/{id}/entities/{id}/assets',
    path: `${entitiesPath(collectionId)}/${encodeURIComponent(entityId)}/assets`,
    about: `${entityId}, asset ${assetId}`,
    creates: false,
    json: { asset_ids: [assetId] },
  }) as const;

/** Body of `POST /embed-v2/tasks`; scopes and options left out are the provider's defaults. */
export function embedRequest(
  { assetId, fileType, filename }: { assetId: string; fileType?: string; filename?: string },
  { model, scopes, options }: EmbedBranch,
): Record<string, unknown> {
  const inputType = inputTypeOf(fileType, filename);
  if (!inputType) {
    throw failure(
      'InvalidRequest',
      `branch: asset ${assetId} is ${fileType ?? 'of an unknown type'}, which has no embedding`,
    );
  }
  const input: Record<string, unknown> = { media_source: { asset_id: assetId } };
  if (inputType !== 'image') {
    const usable = inputType === 'audio' ? options?.filter((option) => option !== 'visual') : options;
    if (usable?.length === 0)
      throw failure('InvalidRequest', `branch.options: asset ${assetId} is audio and has no "visual"`);
    if (usable) input.embedding_option = usable;
    if (scopes) input.embedding_scope = scopes;
  }
  return { input_type: inputType, model_name: model, [inputType]: input };
}

const INPUT_TYPES = ['video', 'audio', 'image'] as const;

function inputTypeOf(fileType: string | undefined, filename = ''): (typeof INPUT_TYPES)[number] | undefined {
  const told = INPUT_TYPES.find((kind) => fileType?.startsWith(`${kind}/`));
  return told ?? INPUT_TYPES.find((kind) => kind === kindOfFile(filename));
}
