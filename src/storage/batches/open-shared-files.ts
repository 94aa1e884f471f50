import type { ProxySettings } from '../../http/proxy-settings';
import type { SharedFiles } from './shared-files';

/** Where the workers keep results, and with them what batches keep; a part of the configuration. */
export interface StorePlace {
  results: { folder: string } | { bucket: string; prefix: string };
  s3: { forcePathStyle: boolean };
  proxies: ProxySettings;
}

/** Files of the store, for somebody who is no worker. The SDK of S3 is only loaded where it is needed. */
export async function openSharedFiles({
  results,
  s3,
  proxies,
}: StorePlace): Promise<{ files: SharedFiles; close: () => void }> {
  if ('folder' in results) {
    const { createFolderSharedFiles } = await import('./folder-shared-files.js');
    return { files: createFolderSharedFiles(results.folder), close: () => {} };
  }
  const { s3Access } = await import('../s3/s3-client.js');
  const { createS3SharedFiles } = await import('../s3/s3-shared-files.js');
  const access = s3Access(s3, proxies);
  return { files: createS3SharedFiles(access, results), close: () => access.close() };
}
