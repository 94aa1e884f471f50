import type { Referrer } from '../assets';
import { unlessGone, type CallOptions } from '../outcome';
import type { TwelveLabsClient } from './api/client';
import { itemsOf } from './api/lists';
import { EntityPageSchema, ReferencePageSchema } from './api/schemas';

/** An entity that contains an asset. */
export interface EntityOfAsset {
  /** Absent if the provider does not state it. */
  collectionId?: string;
  entityId: string;
  name: string;
  metadata: Record<string, unknown>;
}

/** An entry of an asset in an index. */
export interface IndexEntry {
  indexId: string;
  indexName?: string;
  id: string;
}

/**
 * Every entity that contains the asset. If the asset is gone: none, or ResourceGone where the caller asks for it.
 * Source: `GET /assets/{asset_id}/entities`.
 */
export async function entitiesOf(
  client: TwelveLabsClient,
  assetId: string,
  signal: AbortSignal | undefined,
  { gone = 'has none' }: { gone?: 'has none' | 'is a failure' } = {},
): Promise<EntityOfAsset[]> {
  const read = async (): Promise<EntityOfAsset[]> => {
    const entities: EntityOfAsset[] = [];
    for await (const one of itemsOf(client, { ...below(assetId, 'entities'), signal }, EntityPageSchema)) {
      const { _id: entityId, entity_collection_id: collectionId, name = '', metadata = {} } = one;
      entities.push({ collectionId, entityId, name, metadata });
    }
    return entities;
  };
  return gone === 'is a failure' ? read() : ((await unlessGone(read())) ?? []);
}

/** Every index entry of the asset; none if the asset is gone. Source: `GET /assets/{asset_id}/indexed-assets`. */
export async function indexEntriesOf(
  client: TwelveLabsClient,
  assetId: string,
  signal: AbortSignal | undefined,
): Promise<IndexEntry[]> {
  const read = async (): Promise<IndexEntry[]> => {
    const entries: IndexEntry[] = [];
    const list = { ...below(assetId, 'indexed-assets'), signal };
    for await (const { _id: id, index } of itemsOf(client, list, ReferencePageSchema)) {
      entries.push({ indexId: index._id, indexName: index.name, id });
    }
    return entries;
  };
  return (await unlessGone(read())) ?? [];
}

/**
 * Everything that refers to the asset: entities, which would lose it, and index entries, which block its deletion.
 * Source: `GET /assets/{asset_id}/entities`, `GET /assets/{asset_id}/indexed-assets`.
 */
export async function referrersOf(
  client: TwelveLabsClient,
  assetId: string,
  { signal, unprotectedOnly = false }: CallOptions & { unprotectedOnly?: boolean } = {},
): Promise<Referrer[]> {
  const entities = await entitiesOf(client, assetId, signal);
  const entries = unprotectedOnly ? [] : await indexEntriesOf(client, assetId, signal);
  return [
    ...entities.map(({ entityId: id, collectionId, name }) => ({
      branch: 'entity',
      kind: 'entity',
      id,
      name,
      parent: collectionId === undefined ? undefined : { kind: 'collection', id: collectionId },
      words: `entity ${id}${collectionId ? ` in collection ${collectionId}` : ''}`,
      blocksDeletion: false,
    })),
    ...entries.map(({ id, indexId, indexName: name }) => ({
      branch: 'index',
      kind: 'indexed asset',
      id,
      parent: { kind: 'index', id: indexId, name },
      words: `indexed asset ${id} in index ${indexId}`,
      blocksDeletion: true,
    })),
  ];
}

const below = (assetId: string, list: 'entities' | 'indexed-assets') => ({
  route: `/assets/{asset_id}/${list}`,
  path: `/assets/${encodeURIComponent(assetId)}/${list}`,
  about: assetId,
});
