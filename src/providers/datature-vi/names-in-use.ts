import { NEWEST_FIRST, type DatasetApi } from './api/dataset-api';
import type { AssetAnswer } from './api/schemas';

/**
 * The assets that have these names. The API cannot be asked for a name, so that the list is walked, until all names are
 * found or it ends.
 */
export async function namesInUse(
  dataset: DatasetApi,
  names: ReadonlySet<string>,
  { pageSize, signal }: { pageSize: number; signal?: AbortSignal },
): Promise<Map<string, AssetAnswer>> {
  const found = new Map<string, AssetAnswer>();
  for await (const assets of dataset.assetPages({ query: NEWEST_FIRST, pageSize, signal })) {
    for (const asset of assets) if (names.has(asset.filename)) found.set(asset.filename, asset);
    if (found.size === names.size) break;
  }
  return found;
}
