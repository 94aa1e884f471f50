import type { DeletedAsset } from '../../../src/client/assets/delete-assets';
import type { DownloadResult } from '../../../src/client/transfers/download-assets';
import type { UploadResult } from '../../../src/client/transfers/upload-assets';
import type { ProviderAsset } from '../../../src/providers/assets';
import type { Ingestion } from '../../../src/providers/ingestions';
import type { NAMED, Split } from './names';

type Readers<Names extends string, Answer> = Record<Split<Names>, (answer: Answer) => unknown>;

const field = (from: unknown, ...names: string[]): unknown =>
  names.reduce((value: unknown, name) => (value as Record<string, unknown> | undefined)?.[name], from);
const detail =
  (...names: string[]) =>
  (from: { details?: unknown }) =>
    field(from.details, ...names);

/** Absent where the provider has nothing to say; every other property must be there. */
export const OPTIONAL = new Set(['AssetDimensions.depth', 'AssetPixelRatio.depth']);

export const contents = (which: 'asset' | 'thumbnail'): Readers<(typeof NAMED)['Contents'], ProviderAsset> => ({
  url: (from) => from.contents?.[which]?.url,
  expiry: (from) => from.contents?.[which]?.expiresAt,
  headers: (from) => from.contents?.[which]?.headers,
  method: (from) => from.contents?.[which]?.method,
});

export const ASSET: Readers<(typeof NAMED)['Asset'], ProviderAsset> = {
  asset_id: ({ id }) => id,
  dataset_id: detail('datasetId'),
  organization_id: detail('workspaceId'),
  filename: ({ filename }) => filename,
  kind: detail('kind'),
  owner: detail('owner'),
  metadata: detail('metadata'),
  self_link: detail('selfLink'),
  etag: detail('etag'),
  contents: (from) => from.contents,
  info: (from) => from.details, // `assets info` shows them as a table
};

export const METADATA: Readers<(typeof NAMED)['AssetMetadata'], ProviderAsset> = {
  width: ({ widthPixels }) => widthPixels,
  height: ({ heightPixels }) => heightPixels,
  file_size: ({ sizeBytes }) => sizeBytes,
  mime_type: ({ fileType }) => fileType,
  upload_status: detail('metadata', 'uploadStatus'),
  status: detail('metadata', 'status'),
  frames: detail('metadata', 'frames'),
  visibility: detail('metadata', 'visibility'),
  generations: detail('metadata', 'generations'),
  annotations: detail('metadata', 'annotations'),
  dimensions: detail('metadata', 'dimensions'),
  pixel_ratio: detail('metadata', 'pixelRatio'),
  hash: ({ hash }) => hash,
  inserted_by: detail('metadata', 'insertedBy'),
  cohorts: detail('metadata', 'cohorts'),
  user_defined: detail('metadata', 'userDefined'),
  custom_metadata: ({ metadata }) => metadata,
  comments: detail('metadata', 'comments'),
  time_created: ({ createdAt }) => createdAt,
  last_updated: detail('metadata', 'lastUpdated'),
};

export const readersOf = (names: string, ...way: string[]): Record<string, (from: ProviderAsset) => unknown> =>
  Object.fromEntries(names.split(' ').map((name) => [name, detail('metadata', ...way, camelCase(name))]));
const camelCase = (name: string): string => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());

export const UPLOAD: Readers<(typeof NAMED)['AssetUploadResult'], UploadResult> = {
  total_files: ({ totalFiles }) => totalFiles,
  total_succeeded: ({ totalSucceeded }) => totalSucceeded,
  total_failed: ({ totalFailed }) => totalFailed,
  success_rate: ({ successRate }) => successRate,
  sessions: ({ sessions }) => sessions,
  session_ids: ({ sessionIds }) => sessionIds,
  failed_files: ({ failedFiles }) => failedFiles,
  summary: (result) => result.summary(),
};

export const DOWNLOAD: Readers<(typeof NAMED)['AssetDownloadResult'], DownloadResult> = {
  dataset_id: ({ in: its }) => its,
  count: ({ total }) => total,
  save_dir: ({ folder: where }) => where,
  size: ({ bytes }) => bytes,
  summary: (result) => result.summary(),
};

export const DELETED: Readers<(typeof NAMED)['DeletedAsset'], DeletedAsset> = {
  id: ({ id }) => id,
  deleted: (one) => one.deleted,
};

export const SESSION: Readers<(typeof NAMED)['AssetIngestionSession'], Ingestion> = {
  organization_id: detail('workspaceId'),
  dataset_id: ({ in: its }) => its,
  asset_ingestion_session_id: ({ id }) => id,
  asset_source_class: detail('assetSourceClass'),
  asset_source_provider: detail('assetSourceProvider'),
  asset_source_id: detail('assetSourceId'),
  self_link: detail('selfLink'),
  etag: detail('etag'),
  metadata: detail('metadata'),
  spec: ({ failureMode, overwriteMode }) => failureMode && overwriteMode,
  status: ({ state }) => state,
};

export const SPEC: Readers<(typeof NAMED)['AssetIngestionSessionSpec'], Ingestion> = {
  kind: detail('spec', 'kind'),
  failureMode: ({ failureMode }) => failureMode,
  onAssetOverwritten: ({ overwriteMode }) => overwriteMode,
  assets: ({ files }) => files?.[0],
};

export const STATUS: Readers<(typeof NAMED)['AssetIngestionSessionStatus'], Ingestion> = {
  conditions: ({ conditions }) => conditions[0]?.condition && conditions[0].status && conditions[0].since,
  events: ({ events }) => events[0],
  progressCount: ({ progress }) => progress,
  assets: ({ files }) => files?.[0],
};

export const COUNTS: Readers<(typeof NAMED)['AssetIngestionProgressCount'], Ingestion> = {
  total: ({ progress }) => progress.total,
  succeeded: ({ progress }) => progress.succeeded,
  errored: ({ progress }) => progress.errored,
};

const eventOf = ({ events }: Ingestion, kind: string) => events.find((event) => event.kind === kind);
export const ERROR: Readers<(typeof NAMED)['AssetIngestionEventError'], Ingestion> = {
  files: (from) => eventOf(from, 'Error')?.files?.['bad.png'],
  corrections: (from) => eventOf(from, 'Error')?.corrections,
  time: (from) => eventOf(from, 'Error')?.at,
};
export const PROGRESS: Readers<(typeof NAMED)['AssetIngestionEventProgress'], Ingestion> = {
  tasks: (from) => eventOf(from, 'Progress')?.tasks,
};

export const FILE: Readers<(typeof NAMED)['UploadedAssetMetadata'], Ingestion> = {
  kind: ({ files }) => files?.[0]?.kind,
  filename: ({ files }) => files?.[0]?.filename,
  mime: ({ files }) => files?.[0]?.mime,
  size: ({ files }) => files?.[0]?.sizeBytes,
  crc32c: ({ files }) => files?.[0]?.crc32c,
  custom_metadata: ({ files }) => files?.[0]?.metadata.text,
};

export const CUSTOM: Readers<(typeof NAMED)['AssetCustomMetadata'], ProviderAsset> = {
  str: ({ metadata }) => metadata.text === 'early',
  int: ({ metadata }) => metadata.whole === 7,
  float: ({ metadata }) => metadata.fraction === 0.5,
  bool: ({ metadata }) => metadata.good,
};
