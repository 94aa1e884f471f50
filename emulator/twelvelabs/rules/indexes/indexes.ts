import { z } from 'zod';
import type { IndexModel, IndexRecord } from '../../store/records';
import type { Emulation } from '../emulation';
import { ApiError } from '../../../shared/server/api-error';
import { existing, invalid, parse } from '../errors';
import type { Query } from '../../../shared/server/json-server';
import { contains, many, one, pageOf, since, sorted } from '../paging';

const ModelSchema = z.object({
  /** `pegasus1.2` is taken by no new index any more. */
  model_name: z.enum(['marengo3.0']),
  model_options: z.array(z.enum(['visual', 'audio'])).min(1),
});
const IndexSchema = z.object({
  index_name: z.string().min(1),
  models: z.array(ModelSchema).min(1),
  addons: z.array(z.enum(['thumbnail'])).default([]),
});
const RenameSchema = z.object({ index_name: z.string().min(1) });
export const SORT_KEYS = ['created_at', 'updated_at'];
const FAMILIES = ['marengo', 'pegasus'];

export const findIndex = ({ store }: Emulation, id: string): IndexRecord => existing(store.indexes, 'index', id);

/** Source: `POST /indexes`. */
export function createIndex({ store, clock }: Emulation, body: unknown): IndexRecord {
  const { index_name, models, addons } = parse(IndexSchema, body);
  if ([...store.indexes.values()].some(({ name }) => name === index_name)) {
    throw new ApiError(
      400,
      'index_name_already_exists',
      `An index named ${JSON.stringify(index_name)} exists already.`,
    );
  }
  const now = clock.now();
  const index = { id: store.newId(), name: index_name, models, addons, createdAt: now, updatedAt: now };
  store.indexes.set(index.id, index);
  return index;
}

export function renameIndex(emulation: Emulation, id: string, body: unknown): void {
  const index = findIndex(emulation, id);
  index.name = parse(RenameSchema, body).index_name;
  index.updatedAt = emulation.clock.now();
}

/** Its entries go with it; their assets stay. */
export function deleteIndex(emulation: Emulation, id: string): void {
  const { store } = emulation;
  const index = findIndex(emulation, id);
  for (const entry of store.indexedAssets.values())
    if (entry.indexId === index.id) store.indexedAssets.delete(entry.id);
  store.indexes.delete(index.id);
}

/** Source: `GET /indexes`. */
export function listIndexes(emulation: Emulation, query: Query) {
  const found = sorted(emulation.store.indexes.values(), query, SORT_KEYS).filter(
    ({ name, models, createdAt, updatedAt }) =>
      contains(name, one(query, 'index_name')) &&
      isOfModels(models, query) &&
      since(emulation.clock, createdAt, query, 'created_at') &&
      since(emulation.clock, updatedAt, query, 'updated_at'),
  );
  return pageOf(found, query, (index) => indexView(emulation, index));
}

export function indexView(
  { clock, store }: Emulation,
  { id, name, models, addons, createdAt, updatedAt }: IndexRecord,
) {
  const entries = [...store.indexedAssets.values()].filter(({ indexId }) => indexId === id);
  const total = entries.reduce((sum, entry) => sum + (store.mediaOf(entry)?.durationSec ?? 0), 0);
  return {
    _id: id,
    index_name: name,
    created_at: clock.iso(createdAt),
    updated_at: clock.iso(updatedAt),
    expires_at: null,
    total_duration: total,
    video_count: entries.length,
    models,
    addons,
  };
}

/** An index passes when one of its models is of the family, and its models together have all the options. */
function isOfModels(models: IndexModel[], query: Query): boolean {
  const family = one(query, 'model_family');
  if (family !== undefined && !FAMILIES.includes(family)) {
    throw invalid(`The model_family parameter must be one of ${FAMILIES.join(', ')}.`);
  }
  const wanted = many(query, 'model_options').flatMap((list) => list.split(','));
  const had = new Set(models.flatMap(({ model_options }) => model_options));
  return (
    wanted.every((option) => had.has(option)) && models.some(({ model_name }) => model_name.startsWith(family ?? ''))
  );
}
