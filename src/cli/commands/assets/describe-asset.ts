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

/** Everything that a person asks first of an asset, as a table. */
export function infoTable(asset: ProviderAsset): string[] {
  const { details = {}, metadata } = asset;
  const { metadata: given = {}, ...about } = details as { metadata?: Record<string, unknown> };
  const rows = rowsOf(asset);
  const known = new Set(rows.map(([name]) => name));
  const more = Object.entries({ ...about, ...given, ...asset.technicalMetadata }).filter(([name]) => !known.has(name));
  for (const [name, value] of more) if (value !== undefined) rows.push([name, textOf(value)]);
  for (const [name, value] of Object.entries(metadata)) rows.push([`metadata ${name}`, textOf(value)]);
  return tableOf(
    ['field', 'value'],
    rows.filter(([, value]) => value !== undefined),
  );
}

const WIDTH = 10;

/** Everything about an asset, one line a field; fields that are absent have no line. */
export function detailOf(asset: ProviderAsset): string[] {
  const lines = [...rowsOf(asset), ...rowsOfUrls(asset)];
  const { metadata: about = {}, ...details } = (asset.details ?? {}) as { metadata?: Record<string, unknown> };
  return [
    ...lines.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(WIDTH)} ${value}`])),
    ...fieldLines('metadata', asset.metadata),
    ...fieldLines('technical', asset.technicalMetadata ?? {}),
    ...fieldLines('details', { ...details, ...about }),
  ];
}

type Row = [string, string | number | undefined];

function rowsOf(asset: ProviderAsset): Row[] {
  const { hash, widthPixels, heightPixels } = asset;
  return [
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
  ];
}

function rowsOfUrls({ stream, thumbnail, url, urlExpiresAt, contents = {} }: ProviderAsset): Row[] {
  return [
    ['url', untilWords(url, urlExpiresAt)],
    ['stream', stream && [stream.status, stream.manifestUrl].filter(Boolean).join(' ')],
    [
      'thumbnail',
      thumbnail && [thumbnail.status, untilWords(thumbnail.url, thumbnail.urlExpiresAt)].filter(Boolean).join(' '),
    ],
    ['content', untilWords(contents.asset?.url, contents.asset?.expiresAt)],
    ['thumbnail', untilWords(contents.thumbnail?.url, contents.thumbnail?.expiresAt)],
  ];
}

/** User metadata, one line a field. */
export const metadataLines = (metadata: Readonly<Record<string, unknown>>): string | string[] =>
  Object.keys(metadata).length === 0
    ? 'no user metadata'
    : Object.entries(metadata).map(([name, value]) => `${name}=${textOf(value)}`);

const fieldLines = (title: string, fields: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value], at) => `${(at === 0 ? title : '').padEnd(WIDTH)} ${name}=${textOf(value)}`);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const untilWords = (url: string | undefined, expiresAt: string | undefined): string | undefined =>
  url && expiresAt ? `${url} (until ${expiresAt})` : url;
