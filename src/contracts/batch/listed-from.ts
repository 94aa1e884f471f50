import type { ItemSources } from './batch-input';

/** The folder or manifest that only workers on some hosts can list, as a path in it, and its field; none of other sources. */
export function listedFrom(items: ItemSources): { path: string; field: string } | undefined {
  if (items.type === 'folder') return { path: `${items.path}/a file`, field: 'items.path' };
  if (items.type !== 'manifest' || isS3Uri(items.uri)) return undefined;
  return { path: items.uri, field: 'items.uri' };
}

export const isS3Uri = (uri: string): boolean => /^s3:\/\//i.test(uri);
