import { z } from 'zod';
import type { EntityRecord, Metadata } from '../store/records';
import { entitiesOf, findAsset, readyAsset } from './assets';
import { findCollection } from './collections';
import type { Emulation } from './emulation';
import { ApiError, existing, invalid, parse } from './errors';
import { refuseForMarengo } from './media/limits';
import { contains, one, pageOf, sorted, type Page, type Query } from './paging';
import { stateOf, workOn } from './progress';
import { metadataObject, replaced } from './user-metadata';

const name = z.string().trim().min(1);
const description = z.string().optional();
const metadata = z
  .unknown()
  .optional()
  .transform((value): Metadata | undefined => (value === undefined ? undefined : replaced(metadataObject(value, 'metadata'))));
const AssetIdsSchema = z.object({ asset_ids: z.array(z.string()).min(1) });
const CreateSchema = z.object({ name, description, metadata, ...AssetIdsSchema.shape });
const ChangeSchema = z.object({ name: name.optional(), description, metadata });
const BulkSchema = z.object({ entities: z.array(z.unknown()).min(1) });

export function createEntity(emulation: Emulation, collectionId: string, body: unknown): EntityRecord {
  const collection = findCollection(emulation, collectionId);
  const fields = parse(CreateSchema, body);
  const assetIds = usableImages(emulation, fields.asset_ids);
  const { store, clock } = emulation;
  const now = clock.now();
  const entity: EntityRecord = {
    id: store.newId(),
    collectionId: collection.id,
    name: fields.name,
    ...(fields.description === undefined ? {} : { description: fields.description }),
    ...(fields.metadata === undefined ? {} : { metadata: fields.metadata }),
    assetIds,
    createdAt: now,
    updatedAt: now,
    progress: workOnImages(emulation, assetIds),
  };
  store.entities.set(entity.id, entity);
  return entity;
}

/** What fails is reported beside what worked. */
export function createEntities(emulation: Emulation, collectionId: string, body: unknown): Record<string, unknown> {
  findCollection(emulation, collectionId);
  const made: EntityRecord[] = [];
  const errors: Record<string, unknown>[] = [];
  for (const [index, item] of parse(BulkSchema, body).entities.entries()) {
    try {
      made.push(createEntity(emulation, collectionId, item));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const entityName = (item as { name?: unknown } | null)?.name ?? '';
      errors.push({ entity_index: index, entity_name: entityName, error_reason: error.message });
    }
  }
  const entities = made.map(({ id, name: of, progress }) => ({
    _id: id,
    name: of,
    status: stateOf(progress, emulation.clock.now()),
  }));
  return { success_count: made.length, failed_count: errors.length, entities, errors };
}

/** Ready JPEG or PNG images that Marengo takes. */
function usableImages(emulation: Emulation, ids: string[]): string[] {
  const assets = ids.map((id) => readyAsset(emulation, id));
  for (const { asset, media } of assets) {
    if (media.kind !== 'image') throw invalid(`The asset with id ${asset.id} is not an image.`);
    refuseForMarengo(media);
  }
  return [...new Set(assets.map(({ asset }) => asset.id))];
}

function workOnImages(emulation: Emulation, assetIds: string[]) {
  const { store } = emulation;
  const sizes = assetIds.map((id) => store.mediaOf(findAsset(emulation, id))?.sizeBytes ?? 0);
  return workOn(emulation, sizes.reduce((sum, size) => sum + size, 0));
}

export function findEntity(emulation: Emulation, collectionId: string, id: string): EntityRecord {
  const collection = findCollection(emulation, collectionId);
  const entity = existing(emulation.store.entities, 'entity', id);
  if (entity.collectionId === collection.id) return entity;
  throw new ApiError(404, 'resource_not_exist', `The entity with id ${id} does not exist in this collection.`);
}

export function changeEntity(emulation: Emulation, collectionId: string, id: string, body: unknown): EntityRecord {
  const entity = findEntity(emulation, collectionId, id);
  const changes = Object.entries(parse(ChangeSchema, body)).filter(([, value]) => value !== undefined);
  return Object.assign(entity, Object.fromEntries(changes), { updatedAt: emulation.clock.now() });
}

/** New images are worked on; one that is there already changes nothing. */
export function addImages(emulation: Emulation, collectionId: string, id: string, body: unknown): EntityRecord {
  const entity = findEntity(emulation, collectionId, id);
  const wanted = usableImages(emulation, parse(AssetIdsSchema, body).asset_ids);
  const added = wanted.filter((assetId) => !entity.assetIds.includes(assetId));
  if (added.length === 0) return entity;
  entity.assetIds.push(...added);
  return touched(emulation, entity, added);
}

export function removeImages(emulation: Emulation, collectionId: string, id: string, body: unknown): EntityRecord {
  const entity = findEntity(emulation, collectionId, id);
  const unwanted = parse(AssetIdsSchema, body).asset_ids;
  const stranger = unwanted.find((assetId) => !entity.assetIds.includes(assetId));
  if (stranger !== undefined) throw invalid(`The asset with id ${stranger} does not belong to the entity.`);
  const left = entity.assetIds.filter((assetId) => !unwanted.includes(assetId));
  if (left.length === 0) throw invalid('The last asset of an entity cannot be removed.');
  entity.assetIds = left;
  return touched(emulation, entity, left);
}

function touched(emulation: Emulation, entity: EntityRecord, assetIds: string[]): EntityRecord {
  entity.updatedAt = emulation.clock.now();
  entity.progress = workOnImages(emulation, assetIds);
  return entity;
}

export function deleteEntity(emulation: Emulation, collectionId: string, id: string): void {
  emulation.store.entities.delete(findEntity(emulation, collectionId, id).id);
}

export function listEntities(emulation: Emulation, collectionId: string, query: Query): Page<Record<string, unknown>> {
  const collection = findCollection(emulation, collectionId);
  const { store, clock } = emulation;
  const status = one(query, 'status');
  const own = [...store.entities.values()].filter((entity) => entity.collectionId === collection.id);
  const found = sorted(own, query, ['created_at', 'updated_at', 'name'])
    .filter((entity) => contains(entity.name, one(query, 'name')))
    .filter(({ progress }) => status === undefined || stateOf(progress, clock.now()) === status);
  return pageOf(found, query, (entity) => entityView(emulation, entity));
}

/** Newest first. */
export const listEntitiesOfAsset = (emulation: Emulation, assetId: string, query: Query) =>
  pageOf(entitiesOf(emulation, findAsset(emulation, assetId).id).reverse(), query, (entity) =>
    entityView(emulation, entity),
  );

export function entityView({ clock }: Emulation, entity: EntityRecord): Record<string, unknown> {
  return {
    _id: entity.id,
    entity_collection_id: entity.collectionId,
    name: entity.name,
    ...(entity.description === undefined ? {} : { description: entity.description }),
    ...(entity.metadata === undefined ? {} : { metadata: entity.metadata }),
    asset_ids: entity.assetIds,
    status: stateOf(entity.progress, clock.now()),
    created_at: clock.iso(entity.createdAt),
    updated_at: clock.iso(entity.updatedAt),
  };
}
