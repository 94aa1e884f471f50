import { z } from 'zod';
import type { CollectionRecord, EntityRecord } from '../store/records';
import { readyAsset } from './assets';
import type { Emulation } from './emulation';
import { existing, invalid, parse } from './errors';
import { refuseForMarengo } from './media/limits';
import type { Query } from '../../shared/server/json-server';
import { contains, known, one, pageOf, sorted } from './paging';
import { lastChangeAt, stateOf, workOn } from './progress';
import { metadataObject, replaced } from './user-metadata';

const NameSchema = z.string().min(1).max(255);
const CollectionSchema = z.object({ name: NameSchema, description: z.string().optional() });
const CollectionPatchSchema = CollectionSchema.partial();
const AssetIdsSchema = z.object({ asset_ids: z.array(z.string()).min(1) });
const EntitySchema = CollectionSchema.extend({ ...AssetIdsSchema.shape, metadata: z.unknown().optional() });
const EntityPatchSchema = CollectionPatchSchema.extend({ metadata: z.unknown().optional() });
const BulkSchema = z.object({ entities: z.array(z.unknown()).min(1) });
const SORT_KEYS = ['created_at', 'updated_at', 'name'];

export const findCollection = ({ store }: Emulation, id: string): CollectionRecord =>
  existing(store.collections, 'entity collection', id);

export function findEntity(emulation: Emulation, collectionId: string, id: string): EntityRecord {
  const collection = findCollection(emulation, collectionId);
  const entity = existing(emulation.store.entities, 'entity', id);
  return entity.collectionId === collection.id ? entity : existing(new Map<string, EntityRecord>(), 'entity', id);
}

/** Source: `POST /entity-collections`. */
export function createCollection({ store, clock }: Emulation, body: unknown): CollectionRecord {
  const now = clock.now();
  const collection = { id: store.newId(), ...parse(CollectionSchema, body), createdAt: now, updatedAt: now };
  store.collections.set(collection.id, collection);
  return collection;
}

export function updateCollection(emulation: Emulation, id: string, body: unknown): CollectionRecord {
  const collection = findCollection(emulation, id);
  return Object.assign(collection, parse(CollectionPatchSchema, body), { updatedAt: emulation.clock.now() });
}

export function deleteCollection(emulation: Emulation, id: string): void {
  const { store } = emulation;
  const collection = findCollection(emulation, id);
  for (const entity of store.entities.values())
    if (entity.collectionId === collection.id) store.entities.delete(entity.id);
  store.collections.delete(collection.id);
}

export const listCollections = (emulation: Emulation, query: Query) =>
  pageOf(
    sorted(emulation.store.collections.values(), query, SORT_KEYS).filter(({ name }) =>
      contains(name, one(query, 'name')),
    ),
    query,
    (collection) => collectionView(emulation, collection),
  );

export const collectionView = (
  { clock }: Emulation,
  { id, name, description, createdAt, updatedAt }: CollectionRecord,
) => ({
  _id: id,
  name,
  ...(description === undefined ? {} : { description }),
  created_at: clock.iso(createdAt),
  updated_at: clock.iso(updatedAt),
});

/** Source: `POST /entity-collections/{id}/entities`. */
export function createEntity(emulation: Emulation, collectionId: string, body: unknown): EntityRecord {
  const collection = findCollection(emulation, collectionId);
  const { name, description, asset_ids, metadata } = parse(EntitySchema, body);
  for (const id of asset_ids) refuseOther(emulation, id);
  const now = emulation.clock.now();
  const entity: EntityRecord = {
    id: emulation.store.newId(),
    collectionId: collection.id,
    name,
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata: replaced(metadataObject(metadata, 'metadata')) }),
    assetIds: [...new Set(asset_ids)],
    createdAt: now,
    updatedAt: now,
    progress: workOn(emulation, 0),
  };
  emulation.store.entities.set(entity.id, entity);
  return entity;
}

/** Entities are made of images of a person; the emulator sees that it is an image. */
function refuseOther(emulation: Emulation, assetId: string): void {
  const { media } = readyAsset(emulation, assetId);
  if (media.kind !== 'image') throw invalid(`The asset with id ${assetId} is ${media.kind}: an entity takes images.`);
  refuseForMarengo(media);
}

/**
 * One bad entity does not stop the others; the answer lists both.
 * Source: `create-bulk`, `POST /entity-collections/{id}/entities/bulk`.
 */
export function createEntities(emulation: Emulation, collectionId: string, body: unknown) {
  findCollection(emulation, collectionId);
  const made: EntityRecord[] = [];
  const errors: { entity_index: number; entity_name?: string; error_reason: string }[] = [];
  parse(BulkSchema, body).entities.forEach((one, index) => {
    try {
      made.push(createEntity(emulation, collectionId, one));
    } catch (error) {
      const name = (one as { name?: string } | null)?.name;
      errors.push({ entity_index: index, entity_name: name, error_reason: (error as Error).message });
    }
  });
  const entities = made.map((entity) => ({
    _id: entity.id,
    name: entity.name,
    status: stateOf(entity.progress, emulation.clock.now()),
  }));
  return { success_count: made.length, failed_count: errors.length, entities, errors };
}

export function updateEntity(emulation: Emulation, entity: EntityRecord, body: unknown): EntityRecord {
  const { metadata, ...rest } = parse(EntityPatchSchema, body);
  Object.assign(entity, rest, { updatedAt: emulation.clock.now() });
  if (metadata !== undefined) entity.metadata = replaced(metadataObject(metadata, 'metadata'));
  return entity;
}

/** Source: `create-assets`, `POST /entity-collections/{id}/entities/{entity_id}/assets`. */
export function addAssets(emulation: Emulation, entity: EntityRecord, body: unknown): EntityRecord {
  const { asset_ids } = parse(AssetIdsSchema, body);
  for (const id of asset_ids) refuseOther(emulation, id);
  return changeAssets(emulation, entity, [...new Set([...entity.assetIds, ...asset_ids])]);
}

/** Source: `delete-assets`, `DELETE /entity-collections/{id}/entities/{entity_id}/assets`. */
export function removeAssets(emulation: Emulation, entity: EntityRecord, body: unknown): EntityRecord {
  const { asset_ids } = parse(AssetIdsSchema, body);
  const left = entity.assetIds.filter((id) => !asset_ids.includes(id));
  if (left.length === 0) throw invalid('The last asset of an entity cannot be removed.');
  return changeAssets(emulation, entity, left);
}

/** Changed assets are worked on anew. */
function changeAssets(emulation: Emulation, entity: EntityRecord, assetIds: string[]): EntityRecord {
  if (assetIds.length !== entity.assetIds.length) entity.progress = workOn(emulation, 0);
  return Object.assign(entity, { assetIds, updatedAt: emulation.clock.now() });
}

/** Source: `GET /entity-collections/{id}/entities`. */
export function listEntities(emulation: Emulation, collectionId: string, query: Query) {
  const collection = findCollection(emulation, collectionId);
  const statuses = known(query, 'status', ['processing', 'ready']);
  const now = emulation.clock.now();
  const found = sorted(emulation.store.entities.values(), query, SORT_KEYS).filter(
    (entity) =>
      entity.collectionId === collection.id &&
      contains(entity.name, one(query, 'name')) &&
      (statuses.length === 0 || statuses.includes(stateOf(entity.progress, now))),
  );
  return pageOf(found, query, (entity) => entityView(emulation, entity));
}

export function entityView({ clock }: Emulation, entity: EntityRecord) {
  const { id, collectionId, name, description, metadata, assetIds, createdAt, updatedAt, progress } = entity;
  const now = clock.now();
  return {
    _id: id,
    entity_collection_id: collectionId,
    name,
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata }),
    asset_ids: assetIds,
    status: stateOf(progress, now) === 'processing' ? 'processing' : 'ready', // an entity never fails
    created_at: clock.iso(createdAt),
    updated_at: clock.iso(Math.max(updatedAt, lastChangeAt(progress, now))),
  };
}
