import { createHash } from 'node:crypto';
import type { Place } from './emulation';

/** The only source of assets that there is. */
export const SOURCE_PATH = '/assetSources/managed/datature/default';

/** Ids of the source, as all that is below it carries them. */
export const sourceIds = ({ workspaceId, datasetId }: Place) => ({
  workspaceId,
  datasetId: `${workspaceId}_${datasetId}`,
  assetSourceClass: 'managed',
  assetSourceProvider: 'datature',
  assetSourceId: 'default',
});

export const linkOf = ({ workspaceId, datasetId }: Place, path = ''): string =>
  `/workspaces/${workspaceId}/datasets/${workspaceId}_${datasetId}${path}`;

export const etagOf = (...parts: (string | number)[]): string =>
  createHash('sha256').update(parts.join('/')).digest('hex').slice(0, 32);
