import { z } from 'zod';
import type { AssetRecord, MediaFacts, Metadata } from '../store/records';
import type { Emulation } from './emulation';
import { ApiError } from '../../shared/server/api-error';
import { existing, invalid, missing, parse } from './errors';
import { kindOfType, promisedType } from './media/file-types';
import { LIMITS, tooLarge } from './media/limits';
import { isFetchable } from './media/remote-media';
import { fetching, stateOf, workOnMedia } from './progress';
import { fetchInto } from './fetch-into';
import { failUpload } from './uploads/status';
import { metadataText } from './user-metadata';

/** What arrived in the form of `POST /assets`. */
export interface AssetForm {
  fields: Record<string, string>;
  file?: { filename: string; media: MediaFacts | undefined };
}

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

const FieldsSchema = z.object({
  method: z.enum(['direct', 'url']),
  url: z.string().optional(),
  filename: z.string().min(1).max(255).optional(),
  enable_hls: flag.optional(),
  enable_thumbnail: flag.optional(),
  user_metadata: z.string().transform(metadataText).optional(),
});

/** Source: `POST /assets`. */
export function createAsset(emulation: Emulation, form: AssetForm): AssetRecord {
  const fields = parse(FieldsSchema, form.fields);
  const source = fields.method === 'direct' ? directSource(form) : urlSource(fields.url);
  const filename = fields.filename ?? source.filename;
  if (filename.length > 255) throw invalid('The filename parameter is invalid: at most 255 characters.');
  const { store, clock, settings } = emulation;
  const asset: AssetRecord = {
    id: store.newId(),
    method: fields.method,
    filename,
    createdAt: clock.now(),
    enableHls: fields.enable_hls ?? settings.enableFlagDefaults,
    enableThumbnail: fields.enable_thumbnail ?? settings.enableFlagDefaults,
    userMetadata: fields.user_metadata ?? {},
    ...(source.url === undefined ? {} : { url: source.url }),
    progress: fetching(emulation),
  };
  takeIn(emulation, asset, source.media);
  store.assets.set(asset.id, asset);
  if (source.url !== undefined) fetchAsset(emulation, asset);
  return asset;
}

/**
 * Sets what is known of the content, and from it what the asset will end as.
 * @param startedAt when work on it began; default: now
 */
export function takeIn(
  emulation: Emulation,
  asset: AssetRecord,
  media: MediaFacts | undefined,
  startedAt?: number,
): void {
  const fileType = media?.fileType ?? promisedType(asset.filename);
  if (fileType !== undefined) asset.fileType = fileType;
  if (!media) return;
  asset.sha256 = media.sha256;
  asset.progress = workOnMedia(emulation, media, startedAt);
}

/** Also called for assets whose fetch was interrupted by a restart. */
export function fetchAsset(emulation: Emulation, asset: AssetRecord): void {
  fetchInto(emulation, asset, (media) => takeIn(emulation, asset, media));
}

interface Source {
  filename: string;
  media?: MediaFacts;
  url?: string;
}

function directSource({ file }: AssetForm): Source {
  if (!file) throw missing('file');
  const { filename, media } = file;
  const promised = kindOfType(promisedType(filename));
  if (!media) throw tooLarge(promised, LIMITS.directBytes);
  if (media.sizeBytes === 0) throw invalid('The file parameter is invalid: the file is empty.');
  if ((media.kind ?? promised) === 'image' && media.sizeBytes > LIMITS.imageBytes) {
    throw tooLarge('image', LIMITS.imageBytes);
  }
  return { filename, media };
}

function urlSource(url: string | undefined): Source {
  if (url === undefined || url === '') throw missing('url');
  if (!isFetchable(url)) throw invalid('The url parameter is invalid: it must be an http or https URL.');
  const name = new URL(url).pathname.split('/').at(-1) ?? '';
  return { url, filename: decoded(name) || 'asset' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const findAsset = ({ store }: Emulation, id: string): AssetRecord => existing(store.assets, 'asset', id);

/** An asset for embedding, indexing or an entity: only a ready one is taken. */
export function readyAsset(emulation: Emulation, id: string): { asset: AssetRecord; media: MediaFacts } {
  const asset = findAsset(emulation, id);
  const state = stateOf(asset.progress, emulation.clock.now());
  const media = emulation.store.mediaOf(asset);
  if (state !== 'ready' || !media) {
    throw new ApiError(400, 'asset_not_ready', `The asset with id ${id} is not ready: its status is ${state}.`);
  }
  return { asset, media };
}

export const referencesOf = ({ store }: Emulation, assetId: string) =>
  [...store.indexedAssets.values()].filter((indexed) => indexed.assetId === assetId);

export const entitiesOf = ({ store }: Emulation, assetId: string) =>
  [...store.entities.values()].filter((entity) => entity.assetIds.includes(assetId));

/**
 * Index entries block; with `force` they go too. Entities never block: they lose the asset. A session ends.
 * Source: `DELETE /assets/{asset_id}`.
 */
export function deleteAsset(emulation: Emulation, id: string, force: boolean): void {
  const { store, background, parts } = emulation;
  const asset = findAsset(emulation, id);
  const references = referencesOf(emulation, asset.id);
  if (references.length > 0 && !force) {
    throw new ApiError(
      409,
      'emulator_asset_in_use',
      `The asset with id ${id} is referenced by ${references.length} indexed asset(s). ` +
        'Delete them first, or set force=true.',
    );
  }
  for (const reference of references) store.indexedAssets.delete(reference.id);
  for (const entity of entitiesOf(emulation, asset.id)) {
    entity.assetIds = entity.assetIds.filter((assetId) => assetId !== asset.id);
    entity.updatedAt = emulation.clock.now();
  }
  background.stop(asset.id);
  const upload = store.uploads.get(asset.uploadId ?? '');
  if (upload) {
    failUpload(emulation, upload, 'The asset was deleted.');
    parts.discard(upload.id);
  }
  store.assets.delete(asset.id);
}

/** Source: `PATCH`, `PUT`, `DELETE /assets/{asset_id}/user-metadata`. */
export function changeMetadata(emulation: Emulation, id: string, change: (metadata: Metadata) => Metadata): void {
  const asset = findAsset(emulation, id);
  asset.userMetadata = change(asset.userMetadata);
}
