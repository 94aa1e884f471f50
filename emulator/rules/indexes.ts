import { z } from 'zod';
import type { IndexedAssetRecord, IndexRecord } from '../store/records';
import { readyAsset } from './assets';
import { segmentsOf } from './embed/segments';
import type { Emulation } from './emulation';
import { ApiError, existing, parse } from './errors';
import { refuseForMarengo } from './media/limits';
import { contains, many, one, pageOf, since, sorted, type Query } from './paging';
import { fractionOf, lastChangeAt, stateOf, workOnMedia } from './progress';
import { merged, metadataObject, presentMetadata, replaced } from './user-metadata';

const ModelSchema = z.object({
  model_name: z.enum(['marengo3.0', 'pegasus1.2']),
  model_options: z.array(z.enum(['visual', 'audio'])).min(1),
});
const IndexSchema = z.object({
  index_name: z.string().min(1),
  models: z.array(ModelSchema).min(1),
  addons: z.array(z.enum(['thumbnail'])).default([]),
});
const RenameSchema = z.object({ index_name: z.string().min(1) });
const EntrySchema = z.object({
  asset_id: z.string(),
  enable_video_stream: z.boolean().default(false),
  user_metadata: z.unknown().optional(),
});
const SORT_KEYS = ['created_at', 'updated_at'];
const PLAN = { separate: true, fused: false, clipSec: 4, fixedClips: false };

export const findIndex = ({ store }: Emulation, id: string): IndexRecord => existing(store.indexes, 'index', id);

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

export function listIndexes(emulation: Emulation, query: Query) {
  const found = sorted(emulation.store.indexes.values(), query, SORT_KEYS).filter(
    ({ name, createdAt, updatedAt }) =>
      contains(name, one(query, 'index_name')) &&
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

/** The contract does not say whether an asset may be indexed twice; here it may. */
export function createEntry(emulation: Emulation, indexId: string, body: unknown): IndexedAssetRecord {
  const { store, clock } = emulation;
  const index = findIndex(emulation, indexId);
  const { asset_id, enable_video_stream, user_metadata } = parse(EntrySchema, body);
  const { asset, media } = readyAsset(emulation, asset_id);
  if (media.kind === 'image') throw new ApiError(400, 'unsupported_media_type', 'Images cannot be indexed.');
  refuseForMarengo(media);
  const now = clock.now();
  const entry: IndexedAssetRecord = {
    id: store.newId(),
    indexId: index.id,
    assetId: asset.id,
    filename: asset.filename,
    sha256: media.sha256,
    enableVideoStream: enable_video_stream,
    userMetadata: user_metadata === undefined ? {} : replaced(metadataObject(user_metadata)),
    createdAt: now,
    updatedAt: now,
    progress: workOnMedia(emulation, media),
  };
  store.indexedAssets.set(entry.id, entry);
  return entry;
}

export function findEntry(emulation: Emulation, indexId: string, id: string): IndexedAssetRecord {
  const index = findIndex(emulation, indexId);
  const entry = existing(emulation.store.indexedAssets, 'indexed asset', id);
  return entry.indexId === index.id ? entry : existing(new Map<string, IndexedAssetRecord>(), 'indexed asset', id);
}

export function changeEntryMetadata(emulation: Emulation, entry: IndexedAssetRecord, body: unknown): void {
  const { user_metadata } = (body ?? {}) as { user_metadata?: unknown };
  entry.userMetadata = merged(entry.userMetadata, metadataObject(user_metadata));
  entry.updatedAt = emulation.clock.now();
}

export function listEntries(emulation: Emulation, indexId: string, query: Query) {
  const index = findIndex(emulation, indexId);
  const statuses = many(query, 'status');
  const found = sorted(emulation.store.indexedAssets.values(), query, SORT_KEYS).filter(
    (entry) =>
      entry.indexId === index.id &&
      contains(entry.filename, one(query, 'filename')) &&
      (statuses.length === 0 || statuses.includes(entryStatus(emulation, entry))),
  );
  return pageOf(found, query, (entry) => entryView(emulation, entry));
}

/** Stages at a tenth and a fifth of the time; the provider does not say when it changes from one to the next. */
function entryStatus({ clock }: Emulation, { progress }: IndexedAssetRecord): string {
  const state = stateOf(progress, clock.now());
  if (state !== 'processing') return state;
  const done = fractionOf(progress, clock.now());
  return done < 0.1 ? 'pending' : done < 0.2 ? 'queued' : 'indexing';
}

export function entryView(emulation: Emulation, entry: IndexedAssetRecord) {
  const { clock, store } = emulation;
  const media = store.mediaOf(entry);
  const now = clock.now();
  const status = entryStatus(emulation, entry);
  return {
    _id: entry.id,
    asset_id: entry.assetId,
    created_at: clock.iso(entry.createdAt),
    updated_at: clock.iso(Math.max(entry.updatedAt, lastChangeAt(entry.progress, now))),
    ...(status === 'ready' ? { indexed_at: clock.iso(lastChangeAt(entry.progress, now)) } : {}),
    status,
    system_metadata: {
      filename: entry.filename,
      duration: media?.durationSec,
      fps: media?.fps,
      width: media?.width,
      height: media?.height,
      size: media?.sizeBytes,
    },
  };
}

export function entryDetail(emulation: Emulation, entry: IndexedAssetRecord, query: Query) {
  const media = emulation.store.mediaOf(entry);
  const options = many(query, 'embedding_option');
  const ready = stateOf(entry.progress, emulation.clock.now()) === 'ready';
  const inputType = media?.kind === 'audio' ? 'audio' : 'video';
  const plan = { ...PLAN, inputType, model: 'marengo3.0', options, scopes: ['clip'] } as const;
  return {
    ...entryView(emulation, entry),
    ...presentMetadata(entry.userMetadata),
    ...(one(query, 'transcription') === 'true' ? { transcription: null } : {}),
    ...(options.length > 0 && ready && media
      ? {
          embedding: {
            video_embedding: { segments: segmentsOf({ ...plan, options: [...options], scopes: ['clip'] }, media) },
          },
        }
      : {}),
  };
}
