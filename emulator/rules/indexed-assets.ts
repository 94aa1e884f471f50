import { z } from 'zod';
import type { IndexedAssetRecord } from '../store/records';
import { findAsset, readyAsset, referencesOf } from './assets';
import type { Emulation } from './emulation';
import { ApiError, existing, invalid, parse } from './errors';
import { findIndex } from './indexes';
import { refuseForMarengo } from './media/limits';
import { pageOf, type Query } from './paging';
import { workOnMedia } from './progress';
import { merged, metadataObject, replaced } from './user-metadata';

const CreateSchema = z.object({
  asset_id: z.string(),
  enable_video_stream: z.boolean().default(false),
  user_metadata: z.unknown().optional(),
});
const ChangeSchema = z.object({ user_metadata: z.record(z.string(), z.unknown()) });

/** The same asset may stand in an index twice: nothing says that the provider refuses it. */
export function createIndexedAsset(emulation: Emulation, indexId: string, body: unknown): IndexedAssetRecord {
  const index = findIndex(emulation, indexId);
  const fields = parse(CreateSchema, body);
  const { asset, media } = readyAsset(emulation, fields.asset_id);
  if (media.kind === 'image') throw invalid(`The asset with id ${asset.id} is an image; only video and audio can be indexed.`);
  refuseForMarengo(media);
  const { store, clock, limits } = emulation;
  const metadata = fields.user_metadata === undefined ? {} : replaced(metadataObject(fields.user_metadata));
  limits.spendMinutes('index', (media.durationSec ?? 0) / 60);
  const now = clock.now();
  const entry: IndexedAssetRecord = {
    id: store.newId(),
    indexId: index.id,
    assetId: asset.id,
    filename: asset.filename,
    sha256: media.sha256,
    enableVideoStream: fields.enable_video_stream,
    userMetadata: metadata,
    createdAt: now,
    updatedAt: now,
    progress: workOnMedia(emulation, media),
  };
  store.indexedAssets.set(entry.id, entry);
  return entry;
}

export function findIndexedAsset(emulation: Emulation, indexId: string, id: string): IndexedAssetRecord {
  const index = findIndex(emulation, indexId);
  const entry = existing(emulation.store.indexedAssets, 'indexed asset', id);
  if (entry.indexId === index.id) return entry;
  throw new ApiError(404, 'resource_not_exist', `The indexed asset with id ${id} does not exist in this index.`);
}

export function changeIndexedAsset(emulation: Emulation, indexId: string, id: string, body: unknown): void {
  const entry = findIndexedAsset(emulation, indexId, id);
  const { user_metadata: changes } = parse(ChangeSchema, body);
  entry.userMetadata = merged(entry.userMetadata, metadataObject(changes));
  entry.updatedAt = emulation.clock.now();
}

export function deleteIndexedAsset(emulation: Emulation, indexId: string, id: string): void {
  emulation.store.indexedAssets.delete(findIndexedAsset(emulation, indexId, id).id);
}

/** What blocks the deletion of an asset; newest first. */
export const listReferences = (emulation: Emulation, assetId: string, query: Query) =>
  pageOf(referencesOf(emulation, findAsset(emulation, assetId).id).reverse(), query, (entry) => ({
    _id: entry.id,
    index: { _id: entry.indexId, name: emulation.store.indexes.get(entry.indexId)?.name },
  }));
