/** Everything that the vendor's description of the assets names, type by type. */
export const NAMED = {
  Asset: 'asset_id dataset_id organization_id filename kind owner metadata self_link etag contents info',
  AssetMetadata:
    'width height file_size mime_type upload_status status frames visibility generations annotations dimensions pixel_ratio ' +
    'hash inserted_by cohorts user_defined custom_metadata comments time_created last_updated',
  AssetGenerations: 'asset thumbnail',
  AssetAnnotations: 'with_tag total',
  AssetDimensions: 'height width depth',
  AssetPixelRatio: 'height width depth',
  AssetHash: 'algorithm contents',
  AssetContents: 'asset thumbnail',
  Contents: 'url expiry headers method',
  ThumbnailContents: 'url expiry headers method',
  AssetCustomMetadata: 'str int float bool',
  AssetUploadResult: 'total_files total_succeeded total_failed success_rate sessions session_ids failed_files summary',
  AssetDownloadResult: 'dataset_id count save_dir size summary',
  DeletedAsset: 'id deleted',
  AssetIngestionSession:
    'organization_id dataset_id asset_ingestion_session_id asset_source_class asset_source_provider asset_source_id ' +
    'self_link etag metadata spec status',
  AssetIngestionSessionSpec: 'kind failureMode onAssetOverwritten assets',
  AssetIngestionSessionStatus: 'conditions events progressCount assets',
  AssetIngestionProgressCount: 'total succeeded errored',
  AssetIngestionEventError: 'files corrections time',
  AssetIngestionEventProgress: 'tasks',
  UploadedAssetMetadata: 'kind filename mime size crc32c custom_metadata',
} as const;

/** Parameters of each operation. */
export const PARAMETERS = {
  list: 'dataset_id pagination contents sort_by filter_criteria metadata_query',
  get: 'dataset_id asset_id contents',
  upload: 'dataset_id paths wait_until_done failure_mode on_asset_overwritten',
  download: 'dataset_id save_dir overwrite show_progress',
  delete: 'dataset_id asset_id',
  wait_until_done: 'dataset_id asset_ingestion_session_id',
} as const;

export const SORT_CRITERIA = ['default', 'assetId', 'filename', 'lastModified.contents', 'metadata.fileSize'];
export const SORT_ORDERS = ['asc', 'desc'] as const;
export const FAILURE_MODES = ['FailAfterOne', 'FailAfterAll'];
export const CODES = ['EALREADY', 'EBADMIME', 'EBADSIZE', 'ECORRUPT', 'ENOQUOTA', 'ETIMEOUT', 'EUNKNOWN'];
export const EXTENSIONS = '.jpg .jpeg .jfif .png .tiff .tif .bmp .webp .heif .heic .avif .jp2 .j2k .gif'.split(' ');

/** The words of a text. */
export type Split<Names extends string> = Names extends `${infer First} ${infer Rest}` ? First | Split<Rest> : Names;
