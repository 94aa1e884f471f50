import type { IndexedAssetRecord } from '../store/records';
import { segmentsOf } from './embed/segments';
import type { Emulation } from './emulation';
import { invalid } from './errors';
import { findIndex } from './indexes';
import { contains, many, one, pageOf, since, sorted, type Page, type Query } from './paging';
import { fractionOf, lastChangeAt, stateOf } from './progress';
import { presentMetadata } from './user-metadata';

const STATUSES = ['validating', 'pending', 'queued', 'indexing', 'ready', 'failed'];
const MEASURES = ['duration', 'fps', 'width', 'height', 'size'] as const;
const CLIP_SEC = 4;

/** On its way it is pending, then queued, then indexing. */
export function indexingStatus({ progress }: IndexedAssetRecord, now: number): string {
  const state = stateOf(progress, now);
  if (state !== 'processing') return state;
  const fraction = fractionOf(progress, now);
  return fraction < 0.1 ? 'pending' : fraction < 0.25 ? 'queued' : 'indexing';
}

/** The item of a list. */
export function indexedAssetView({ clock, store }: Emulation, entry: IndexedAssetRecord): Record<string, unknown> {
  const now = clock.now();
  const status = indexingStatus(entry, now);
  const changedAt = Math.max(entry.updatedAt, lastChangeAt(entry.progress, now));
  return {
    _id: entry.id,
    asset_id: entry.assetId,
    status,
    created_at: clock.iso(entry.createdAt),
    updated_at: clock.iso(changedAt),
    ...(status === 'ready' ? { indexed_at: clock.iso(entry.progress.endsAt ?? now) } : {}),
    system_metadata: systemMetadata(entry, store.mediaOf(entry)),
  };
}

function systemMetadata(entry: IndexedAssetRecord, media: ReturnType<Emulation['store']['mediaOf']>) {
  return {
    filename: entry.filename,
    duration: media?.durationSec ?? 0,
    fps: media?.fps ?? 0,
    width: media?.width ?? 0,
    height: media?.height ?? 0,
    size: media?.sizeBytes ?? 0,
  };
}

/** The answer of retrieve. */
export function indexedAssetDetail(
  emulation: Emulation,
  entry: IndexedAssetRecord,
  query: Query,
): Record<string, unknown> {
  const view = indexedAssetView(emulation, entry);
  const ready = view.status === 'ready';
  const options = many(query, 'embedding_option');
  return {
    ...view,
    ...presentMetadata(entry.userMetadata),
    ...(entry.enableVideoStream ? { hls: streamView(emulation, entry, view) } : {}),
    ...(options.length > 0 && ready ? { embedding: embeddingView(emulation, entry, options) } : {}),
    ...(one(query, 'transcription') === 'true' && ready ? { transcription: null } : {}),
  };
}

function streamView({ origin }: Emulation, entry: IndexedAssetRecord, { status, updated_at }: Record<string, unknown>) {
  const base = `${origin}/_emulator/media/${entry.assetId}`;
  if (status === 'failed') return { status: 'ERROR', updated_at };
  if (status !== 'ready') return { status: 'PROCESSING', updated_at };
  return { video_url: `${base}/manifest.m3u8`, thumbnail_urls: [`${base}/thumbnail.jpg`], status: 'COMPLETE', updated_at };
}

function embeddingView({ store }: Emulation, entry: IndexedAssetRecord, options: string[]) {
  const known = ['visual', 'audio', 'transcription'];
  if (options.some((option) => !known.includes(option))) {
    throw invalid(`The embedding_option parameter must be one of ${known.join(', ')}.`);
  }
  const model = store.indexes.get(entry.indexId)?.models[0]?.model_name ?? 'marengo3.0';
  const media = store.mediaOf(entry);
  const plan = {
    inputType: 'video' as const,
    model,
    options: media?.kind === 'audio' ? options.filter((option) => option !== 'visual') : options,
    scopes: ['clip'],
    separate: true,
    fused: false,
    clipSec: CLIP_SEC,
    fixedClips: false,
  };
  const segments = (media ? segmentsOf(media, plan) : []).map((segment) => ({
    float: segment.embedding,
    embedding_option: segment.embedding_option,
    embedding_scope: segment.embedding_scope,
    start_offset_sec: segment.start_sec,
    end_offset_sec: segment.end_sec,
  }));
  return { model_name: model, video_embedding: { segments } };
}

/** Newest first, unless asked otherwise. */
export function listIndexedAssets(emulation: Emulation, indexId: string, query: Query): Page<Record<string, unknown>> {
  const index = findIndex(emulation, indexId);
  const { store, clock } = emulation;
  const statuses = many(query, 'status');
  const unknown = statuses.find((status) => !STATUSES.includes(status));
  if (unknown !== undefined) throw invalid(`The status parameter must be one of ${STATUSES.join(', ')}.`);
  const own = [...store.indexedAssets.values()].filter((entry) => entry.indexId === index.id);
  const found = sorted(own, query, ['created_at', 'updated_at']).filter(
    (entry) =>
      (statuses.length === 0 || statuses.includes(indexingStatus(entry, clock.now()))) &&
      contains(entry.filename, one(query, 'filename')) &&
      since(entry.createdAt, query, 'created_at') &&
      since(entry.updatedAt, query, 'updated_at') &&
      inRanges(systemMetadata(entry, store.mediaOf(entry)), query) &&
      hasMetadata(entry, one(query, 'user_metadata')),
  );
  return pageOf(found, query, (entry) => indexedAssetView(emulation, entry));
}

function inRanges(measured: Record<(typeof MEASURES)[number], number>, query: Query): boolean {
  return MEASURES.every((measure) => {
    const least = Number(one(query, `${measure}[gte]`) ?? -Infinity);
    const most = Number(one(query, `${measure}[lte]`) ?? Infinity);
    if (Number.isNaN(least) || Number.isNaN(most)) throw invalid(`The ${measure} parameter must be a number.`);
    return measured[measure] >= least && measured[measure] <= most;
  });
}

function hasMetadata({ userMetadata }: IndexedAssetRecord, filter: string | undefined): boolean {
  if (filter === undefined) return true;
  let wanted: unknown;
  try {
    wanted = JSON.parse(filter);
  } catch {
    throw invalid('The user_metadata parameter must be a JSON-encoded object.');
  }
  return Object.entries(wanted ?? {}).every(([key, value]) => JSON.stringify(userMetadata[key]) === JSON.stringify(value));
}
