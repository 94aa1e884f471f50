import type { ProviderAsset, Referrer } from '../../../providers/assets';
import { tableOf } from '../../output';

export const tableOfAssets = (items: readonly ProviderAsset[]): string | string[] =>
  items.length === 0
    ? 'no assets'
    : tableOf(
        ['id', 'status', 'filename', 'type', 'bytes', 'created'],
        items.map(({ id, status, filename, fileType, sizeBytes, createdAt }) => [
          id,
          status,
          filename,
          fileType,
          sizeBytes,
          createdAt,
        ]),
      );

export const referencesTable = (assetId: string, referrers: readonly Referrer[]): string | string[] =>
  referrers.length === 0
    ? `nothing refers to ${assetId}`
    : tableOf(
        ['kind', 'id', 'name', 'in', 'deletion'],
        referrers.map(({ kind, id, name, parent, blocksDeletion }) => [
          kind,
          id,
          name,
          parent && [parent.kind, parent.id, parent.name].filter(Boolean).join(' '),
          blocksDeletion ? 'blocked' : 'not blocked',
        ]),
      );

const WIDTH = 10;

/** Everything about an asset, one line a field; fields that are absent have no line. */
export function detailOf(asset: ProviderAsset): string[] {
  const { stream, thumbnail, hash, widthPixels, heightPixels, url, urlExpiresAt } = asset;
  const lines: [string, string | number | undefined][] = [
    ['id', asset.id],
    ['status', asset.status],
    ['error', asset.errorMessage],
    ['filename', asset.filename],
    ['type', asset.fileType],
    ['bytes', asset.sizeBytes],
    ['seconds', asset.durationSec],
    ['pixels', widthPixels === undefined ? undefined : `${widthPixels} × ${heightPixels}`],
    ['created', asset.createdAt],
    ['method', asset.method],
    ['source', asset.source && textOf(asset.source)],
    ['hash', hash && `${hash.algorithm} ${hash.contents}`],
    ['url', untilWords(url, urlExpiresAt)],
    ['stream', stream && [stream.status, stream.manifestUrl].filter(Boolean).join(' ')],
    [
      'thumbnail',
      thumbnail && [thumbnail.status, untilWords(thumbnail.url, thumbnail.urlExpiresAt)].filter(Boolean).join(' '),
    ],
  ];
  return [
    ...lines.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(WIDTH)} ${value}`])),
    ...fieldLines('metadata', asset.metadata),
    ...fieldLines('technical', asset.technicalMetadata ?? {}),
  ];
}

/** User metadata, one line a field. */
export const metadataLines = (metadata: Readonly<Record<string, unknown>>): string | string[] =>
  Object.keys(metadata).length === 0
    ? 'no user metadata'
    : Object.entries(metadata).map(([name, value]) => `${name}=${textOf(value)}`);

const fieldLines = (title: string, fields: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(fields).map(
    ([name, value], at) => `${(at === 0 ? title : '').padEnd(WIDTH)} ${name}=${textOf(value)}`,
  );

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const untilWords = (url: string | undefined, expiresAt: string | undefined): string | undefined =>
  url && expiresAt ? `${url} (until ${expiresAt})` : url;
