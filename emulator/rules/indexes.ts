import { z } from 'zod';
import type { IndexRecord } from '../store/records';
import type { Emulation } from './emulation';
import { ApiError, existing, parse } from './errors';
import { contains, many, one, pageOf, since, sorted, type Page, type Query } from './paging';

const indexName = z.string().trim().min(1);
const CreateSchema = z.object({
  index_name: indexName,
  models: z
    .array(
      z.object({
        model_name: z.enum(['marengo3.0', 'marengo3.5', 'pegasus1.2']),
        model_options: z.array(z.enum(['visual', 'audio'])).min(1),
      }),
    )
    .min(1),
  addons: z.array(z.enum(['thumbnail'])).default([]),
});
const RenameSchema = z.object({ index_name: indexName });

export function createIndex({ store, clock }: Emulation, body: unknown): IndexRecord {
  const { index_name: name, models, addons } = parse(CreateSchema, body);
  refuseTaken(store.indexes.values(), name);
  const now = clock.now();
  const index: IndexRecord = { id: store.newId(), name, models, addons, createdAt: now, updatedAt: now };
  store.indexes.set(index.id, index);
  return index;
}

function refuseTaken(indexes: Iterable<IndexRecord>, name: string, own?: IndexRecord): void {
  for (const index of indexes) {
    if (index.name === name && index !== own) {
      throw new ApiError(400, 'index_name_already_exists', `The index name ${name} is already in use.`);
    }
  }
}

export const findIndex = ({ store }: Emulation, id: string): IndexRecord => existing(store.indexes, 'index', id);

export function renameIndex(emulation: Emulation, id: string, body: unknown): void {
  const index = findIndex(emulation, id);
  const { index_name: name } = parse(RenameSchema, body);
  refuseTaken(emulation.store.indexes.values(), name, index);
  index.name = name;
  index.updatedAt = emulation.clock.now();
}

/** Its index entries go with it, which frees their assets. */
export function deleteIndex(emulation: Emulation, id: string): void {
  const { store } = emulation;
  const index = findIndex(emulation, id);
  for (const entry of store.indexedAssets.values()) {
    if (entry.indexId === index.id) store.indexedAssets.delete(entry.id);
  }
  store.indexes.delete(index.id);
}

export function listIndexes(emulation: Emulation, query: Query): Page<Record<string, unknown>> {
  const options = many(query, 'model_options').flatMap((list) => list.split(','));
  const family = one(query, 'model_family');
  const found = sorted(emulation.store.indexes.values(), query, ['created_at', 'updated_at']).filter(
    (index) =>
      contains(index.name, one(query, 'index_name')) &&
      options.every((option) => index.models.some((model) => model.model_options.includes(option))) &&
      (family === undefined || index.models.some((model) => model.model_name.startsWith(family))) &&
      since(index.createdAt, query, 'created_at') &&
      since(index.updatedAt, query, 'updated_at'),
  );
  return pageOf(found, query, (index) => indexView(emulation, index));
}

export function indexView({ clock, store }: Emulation, index: IndexRecord): Record<string, unknown> {
  const entries = [...store.indexedAssets.values()].filter((entry) => entry.indexId === index.id);
  return {
    _id: index.id,
    index_name: index.name,
    models: index.models,
    addons: index.addons,
    video_count: entries.length,
    total_duration: entries.reduce((sum, entry) => sum + (store.mediaOf(entry)?.durationSec ?? 0), 0),
    created_at: clock.iso(index.createdAt),
    updated_at: clock.iso(index.updatedAt),
    expires_at: null,
  };
}
