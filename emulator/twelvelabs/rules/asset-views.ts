import { randomBytes } from 'node:crypto';
import type { AssetRecord } from '../store/records';
import type { Emulation } from './emulation';
import { invalid } from './errors';
import { kindOfType } from './media/file-types';
import type { Query } from '../../shared/server/json-server';
import { contains, many, one, pageOf, type Page } from './paging';
import { fractionOf, stateOf } from './progress';
import { presentMetadata } from './user-metadata';

export type AssetView = Record<string, unknown> & { _id: string; status: string };

/** The answer of a create: every upload is asynchronous, so it says that it is in work even when nothing is left to do. */
export function createdView(emulation: Emulation, asset: AssetRecord): AssetView {
  const { clock, settings } = emulation;
  const inWork = settings.profile === 'seeds' ? 'waiting' : 'processing';
  const status = settings.readyAtOnce ? stateOf(asset.progress, clock.now()) : inWork;
  return inProfile(emulation, asset, { ...commonView(emulation, asset), status });
}

/** The answer of list and retrieve. Source: `GET /assets/{asset_id}`. */
export function assetView(emulation: Emulation, asset: AssetRecord): AssetView {
  const { clock, store } = emulation;
  const status = stateOf(asset.progress, clock.now());
  const media = store.mediaOf(asset);
  const view = {
    ...commonView(emulation, asset),
    status,
    ...streamViews(emulation, asset, status),
    ...(media && status !== 'processing' ? { technical_metadata: media.technical, size: media.sizeBytes } : {}),
    ...(media?.durationSec !== undefined && status !== 'processing' ? { duration: media.durationSec } : {}),
    ...(status === 'failed' ? { error: { message: asset.progress.error } } : {}),
  };
  return inProfile(emulation, asset, view, DETAIL_FIELDS);
}

function commonView({ clock }: Emulation, asset: AssetRecord): AssetView {
  return {
    _id: asset.id,
    method: asset.method,
    status: 'processing',
    filename: asset.filename,
    ...(asset.fileType === undefined ? {} : { file_type: asset.fileType }),
    created_at: clock.iso(asset.createdAt),
    ...presentMetadata(asset.userMetadata),
  };
}

const FIELDS = ['method', 'filename', 'file_type', 'url', 'url_expires_at', 'created_at', 'user_metadata'];
const DETAIL_FIELDS = ['hls', 'thumbnail', 'technical_metadata', 'size', 'duration', 'error'];

/** How long the URL of an asset is good. */
const URL_LIFE_MS = 3_600_000;
/** The part of its processing time for which an asset waits. */
const WAITING_PART = 0.25;

/** What the profile `seeds` adds: `waiting`, a signed URL once there is content, and null for each field that is absent. */
function inProfile(emulation: Emulation, asset: AssetRecord, view: AssetView, details: string[] = []): AssetView {
  const { clock, settings } = emulation;
  if (settings.profile === 'current') return view;
  const now = clock.now();
  const waits = asset.sha256 === undefined || fractionOf(asset.progress, now) < WAITING_PART;
  const hasUrl = asset.sha256 !== undefined && view.status !== 'failed';
  return {
    ...Object.fromEntries([...FIELDS, ...details].map((field) => [field, null])),
    ...view,
    status: view.status === 'processing' && waits ? 'waiting' : view.status,
    ...(hasUrl && { url: signedUrl(emulation, asset, 'original'), url_expires_at: clock.iso(now + URL_LIFE_MS) }),
  };
}

/** Leads nowhere, since the emulator keeps no content; with a signature as a real one has. */
const signedUrl = ({ origin }: Emulation, { id }: AssetRecord, file: string): string =>
  `${origin}/_emulator/media/${id}/${file}?signature=${randomBytes(16).toString('hex')}`;

const STREAMED = ['video', 'audio'];
const PICTURED = [...STREAMED, 'image'];

function streamViews(emulation: Emulation, asset: AssetRecord, status: string): Record<string, unknown> {
  const kind = kindOfType(asset.fileType) ?? '';
  const state = status === 'failed' ? 'error' : status === 'ready' ? 'ready' : 'pending';
  const view = (field: string, file: string) => ({
    status: state,
    ...(state === 'ready' ? { [field]: signedUrl(emulation, asset, file) } : {}),
  });
  return {
    ...(asset.enableHls && STREAMED.includes(kind) ? { hls: view('manifest_url', 'manifest.m3u8') } : {}),
    ...(asset.enableThumbnail && PICTURED.includes(kind)
      ? { thumbnail: view('representative_url', 'thumbnail.jpg') }
      : {}),
  };
}

const TYPES = ['image', 'video', 'audio', 'document'];

/** Newest first. A filter by ids reads those records directly. Source: `GET /assets`. */
export function listAssets(emulation: Emulation, query: Query): Page<AssetView> {
  const { assets } = emulation.store;
  const types = many(query, 'asset_types');
  const unknown = types.find((type) => !TYPES.includes(type));
  if (unknown !== undefined) throw invalid(`The asset_types parameter must be one of ${TYPES.join(', ')}.`);
  const filename = one(query, 'filename');
  const found = candidates(assets, many(query, 'asset_ids')).filter(
    (asset) =>
      contains(asset.filename, filename) && (types.length === 0 || types.includes(kindOfType(asset.fileType) ?? '')),
  );
  return pageOf(found, query, (asset) => assetView(emulation, asset));
}

function candidates(assets: Map<string, AssetRecord>, ids: string[]): AssetRecord[] {
  if (ids.length === 0) return [...assets.values()].reverse();
  const found = [...new Set(ids)].map((id) => assets.get(id)).filter((asset) => asset !== undefined);
  return found.sort((a, b) => b.createdAt - a.createdAt);
}
