import { z } from 'zod';
import type { CollectionRecord } from '../store/records';
import type { Emulation } from './emulation';
import { existing, parse } from './errors';
import { contains, one, pageOf, sorted, type Page, type Query } from './paging';

const name = z.string().trim().min(1);
const CreateSchema = z.object({ name, description: z.string().optional() });
const ChangeSchema = z.object({ name: name.optional(), description: z.string().optional() });

export function createCollection({ store, clock }: Emulation, body: unknown): CollectionRecord {
  const fields = parse(CreateSchema, body);
  const now = clock.now();
  const collection = { id: store.newId(), ...fields, createdAt: now, updatedAt: now };
  store.collections.set(collection.id, collection);
  return collection;
}

export const findCollection = ({ store }: Emulation, id: string): CollectionRecord =>
  existing(store.collections, 'entity collection', id);

export function changeCollection(emulation: Emulation, id: string, body: unknown): CollectionRecord {
  const collection = findCollection(emulation, id);
  return Object.assign(collection, parse(ChangeSchema, body), { updatedAt: emulation.clock.now() });
}

/** Its entities go with it; their assets stay. */
export function deleteCollection(emulation: Emulation, id: string): void {
  const { store } = emulation;
  const collection = findCollection(emulation, id);
  for (const entity of store.entities.values()) {
    if (entity.collectionId === collection.id) store.entities.delete(entity.id);
  }
  store.collections.delete(collection.id);
}

export function listCollections(emulation: Emulation, query: Query): Page<Record<string, unknown>> {
  const found = sorted(emulation.store.collections.values(), query, ['created_at', 'updated_at', 'name']).filter(
    (collection) => contains(collection.name, one(query, 'name')),
  );
  return pageOf(found, query, (collection) => collectionView(emulation, collection));
}

export function collectionView({ clock }: Emulation, collection: CollectionRecord): Record<string, unknown> {
  return {
    _id: collection.id,
    name: collection.name,
    ...(collection.description === undefined ? {} : { description: collection.description }),
    created_at: clock.iso(collection.createdAt),
    updated_at: clock.iso(collection.updatedAt),
  };
}
