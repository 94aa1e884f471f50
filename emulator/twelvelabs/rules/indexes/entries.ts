import { z } from 'zod';
import type { EmbeddingPlan, IndexedAssetRecord } from '../../store/records';
import { readyAsset } from '../assets';
import { segmentsOf, type Segment } from '../embed/segments';
import type { Emulation } from '../emulation';
import { hasMeasures, hasMetadata } from './entry-filters';
import { ApiError } from '../../../shared/server/api-error';
import { existing, parse } from '../errors';
import { findIndex, SORT_KEYS } from './indexes';
import { refuseForMarengo } from '../media/limits';
import type { Query } from '../../../shared/server/json-server';
import { contains, known, one, pageOf, since, sorted } from '../paging';
import { fractionOf, lastChangeAt, stateOf, workOnMedia } from '../progress';
import { merged, metadataObject, presentMetadata, replaced } from '../user-metadata';

const EntrySchema = z.object({
  asset_id: z.string(),
  enable_video_stream: z.boolean().default(false),
  user_metadata: z.unknown().optional(),
});
/** `validating` is in the newer SDK, not in the document; no entry here is ever in it. */
const STATUSES = ['ready', 'pending', 'queued', 'indexing', 'failed', 'validating'];
const EMBEDDING_OPTIONS = ['visual', 'audio', 'transcription', 'visual-text'];
const PLAN = { separate: true, fused: false, clipSec: 4, fixedClips: false };

/**
 * The contract does not say whether an asset may be indexed twice; here it may.
 * Source: `POST /indexes/{index-id}/indexed-assets`.
 */
export function createEntry(emulation: Emulation, indexId: string, body: unknown): IndexedAssetRecord {
  const { store, clock } = emulation;
  const index = findIndex(emulation, indexId);
  const { asset_id, enable_video_stream, user_metadata } = parse(EntrySchema, body);
  const { asset, media } = readyAsset(emulation, asset_id);
  if (media.kind === 'image') throw new ApiError(400, 'unsupported_media_type', 'Images cannot be indexed.');
  refuseForMarengo(media);
  refuseTooMany(emulation);
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

/** What the provider does beyond its limit is not published; here it refuses. */
function refuseTooMany({ store, clock, settings }: Emulation): void {
  const most = settings.concurrentIndexing ?? Infinity;
  const running = [...store.indexedAssets.values()].filter(
    ({ progress }) => stateOf(progress, clock.now()) === 'processing',
  );
  if (running.length < most) return;
  throw new ApiError(
    429,
    'too_many_requests',
    `${most} assets are being indexed, which is the limit. Try again later.`,
  );
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

/** Source: `GET /indexes/{index-id}/indexed-assets`. */
export function listEntries(emulation: Emulation, indexId: string, query: Query) {
  const index = findIndex(emulation, indexId);
  const statuses = known(query, 'status', STATUSES);
  const found = sorted(emulation.store.indexedAssets.values(), query, SORT_KEYS).filter(
    (entry) =>
      entry.indexId === index.id &&
      contains(entry.filename, one(query, 'filename')) &&
      since(emulation.clock, entry.createdAt, query, 'created_at') &&
      since(emulation.clock, changedAt(emulation, entry), query, 'updated_at') &&
      hasMeasures(emulation.store.mediaOf(entry), query) &&
      hasMetadata(entry.userMetadata, query) &&
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

const changedAt = ({ clock }: Emulation, { updatedAt, progress }: IndexedAssetRecord): number =>
  Math.max(updatedAt, lastChangeAt(progress, clock.now()));

export function entryView(emulation: Emulation, entry: IndexedAssetRecord) {
  const { clock, store } = emulation;
  const media = store.mediaOf(entry);
  const now = clock.now();
  const status = entryStatus(emulation, entry);
  return {
    _id: entry.id,
    asset_id: entry.assetId,
    created_at: clock.iso(entry.createdAt),
    updated_at: clock.iso(changedAt(emulation, entry)),
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

/** Source: `GET /indexes/{index-id}/indexed-assets/{indexed-asset-id}`. */
export function entryDetail(emulation: Emulation, entry: IndexedAssetRecord, query: Query) {
  const media = emulation.store.mediaOf(entry);
  const options = known(query, 'embedding_option', EMBEDDING_OPTIONS);
  const ready = stateOf(entry.progress, emulation.clock.now()) === 'ready';
  const inputType = media?.kind === 'audio' ? 'audio' : 'video';
  const plan: EmbeddingPlan = { ...PLAN, inputType, model: 'marengo3.0', options, scopes: ['clip'] };
  return {
    ...entryView(emulation, entry),
    ...presentMetadata(entry.userMetadata),
    ...streamView(emulation, entry),
    ...(one(query, 'transcription') === 'true' ? { transcription: null } : {}),
    ...(options.length > 0 && ready && media
      ? {
          embedding: {
            model_name: plan.model,
            video_embedding: { segments: segmentsOf(plan, media).map(indexedSegment) },
          },
        }
      : {}),
  };
}

/** Here the vector and the times have other names than in the answer of an embed task. */
const indexedSegment = ({ embedding, start_sec, end_sec, embedding_option, embedding_scope }: Segment) => ({
  float: embedding,
  start_offset_sec: start_sec,
  end_offset_sec: end_sec,
  embedding_option,
  embedding_scope,
});

const STREAM_STATES = { processing: 'PROCESSING', ready: 'COMPLETE', failed: 'ERROR' } as const;

function streamView(emulation: Emulation, entry: IndexedAssetRecord) {
  if (!entry.enableVideoStream) return {};
  const { clock, origin } = emulation;
  const status = STREAM_STATES[stateOf(entry.progress, clock.now())];
  const files = `${origin}/_emulator/media/${entry.id}`;
  const urls = { video_url: `${files}/stream.m3u8`, thumbnail_urls: [`${files}/thumbnail.jpg`] };
  return {
    hls: { ...(status === 'COMPLETE' ? urls : {}), status, updated_at: clock.iso(changedAt(emulation, entry)) },
  };
}
