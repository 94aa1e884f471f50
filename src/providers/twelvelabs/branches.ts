import type { EmbedBranch } from '../../contracts/branch';
import { embedRefusal, usableOptions, type EmbeddableKind } from '../../contracts/branches/embed-rules';
import { failure } from '../../contracts/failures';
import { carriesTag, tagFields } from '../../contracts/resource';
import { kindOfFile } from './intake/file-kind';
import type { EmbeddableAsset, MediaProvider } from '../media-provider';
import type { TwelveLabsClient } from './client';
import { itemsOf } from './lists';
import {
  CreatedSchema,
  EmbeddedSchema,
  EmbedTaskSchema,
  EntityPageSchema,
  EntitySchema,
  IndexedAssetSchema,
} from './schemas';

type BranchOperations = Pick<
  MediaProvider,
  | 'createEmbedding'
  | 'embedAtOnce'
  | 'readEmbedding'
  | 'createEntity'
  | 'findEntities'
  | 'assetsOfEntity'
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
      const call = embedCall('/embed-v2/tasks', asset, branch);
      const { _id } = await client.call({ ...call, creates: true, signal }, CreatedSchema);
      return { taskId: _id };
    },

    async embedAtOnce(asset, branch, { signal } = {}) {
      const call = embedCall('/embed-v2', asset, branch);
      const { data } = await client.call({ ...call, creates: false, signal }, EmbeddedSchema);
      return data;
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
      const list = {
        route: '/entity-collections/{id}/entities',
        path: entitiesPath(collectionId),
        query: [['name', name]] as const,
        about: name,
        signal,
      };
      for await (const { _id, metadata } of itemsOf(client, list, EntityPageSchema)) {
        if (carriesTag(metadata, tag)) own.push(_id);
      }
      return own.toReversed(); // the list is newest first
    },

    async assetsOfEntity(entity, { signal } = {}) {
      const { asset_ids } = await client.call({ ...oneEntity('GET', entity), signal }, EntitySchema);
      return asset_ids ?? [];
    },

    /** Harmless to repeat, but after a lost answer it is not known whether cleanup has something to undo. */
    async addToEntity(entity, { signal } = {}) {
      await client.callVoid({ ...membership('POST', entity), creates: true, signal });
    },

    async removeFromEntity(entity, { signal } = {}) {
      await client.callVoid({ ...membership('DELETE', entity), signal });
    },

    async deleteEntity(entity, { signal } = {}) {
      await client.callVoid({ ...oneEntity('DELETE', entity), signal });
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

const oneEntity = (method: 'GET' | 'DELETE', { collectionId, entityId }: { collectionId: string; entityId: string }) =>
  ({
    method,
    route: '/entity-collections/{id}/entities/{id}',
    path: `${entitiesPath(collectionId)}/${encodeURIComponent(entityId)}`,
    about: entityId,
    creates: false,
  }) as const;

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

function embedCall(route: '/embed-v2' | '/embed-v2/tasks', asset: EmbeddableAsset, branch: EmbedBranch) {
  const kind = kindOf(asset);
  return {
    method: 'POST',
    kind: `embed-${kind}`,
    route,
    path: route,
    about: asset.assetId,
    json: embedRequest(asset.assetId, kind, branch),
  } as const;
}

/** Body of `POST /embed-v2` and `/embed-v2/tasks`; scopes and options left out are the provider's defaults. */
function embedRequest(assetId: string, kind: EmbeddableKind, branch: EmbedBranch): Record<string, unknown> {
  const refusal = embedRefusal(kind, branch);
  if (refusal) throw failure('InvalidRequest', `${refusal} (asset ${assetId})`);
  const input: Record<string, unknown> = { media_source: { asset_id: assetId } };
  if (kind !== 'image') {
    const options = usableOptions(kind, branch);
    if (options) input.embedding_option = options;
    if (branch.scopes) input.embedding_scope = branch.scopes;
  }
  return { input_type: kind, model_name: branch.model, [kind]: input };
}

const KINDS = ['video', 'audio', 'image'] as const;

/** By the MIME type, else by the name. @throws InvalidRequest */
function kindOf({ assetId, fileType, filename = '' }: EmbeddableAsset): EmbeddableKind {
  const told = KINDS.find((kind) => fileType?.startsWith(`${kind}/`)) ?? kindOfFile(filename);
  if (told !== 'other') return told;
  throw failure(
    'InvalidRequest',
    `branch: asset ${assetId} is ${fileType ?? 'of an unknown type'}, which has no embedding`,
  );
}
