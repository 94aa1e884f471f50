import path from 'node:path';
import { LifecycleClient } from '../../../src/client/lifecycle-client';
import { openSharedFiles } from '../../../src/storage/batches/open-shared-files';
import type { System } from './system';

/** A client that reads the store of the system's workers. @param name of another folder, which is another store */
export function storeClient({ client, temporal, folder }: System, name = 'results'): Promise<LifecycleClient> {
  const place = { results: { folder: path.join(folder, name) }, s3: { forcePathStyle: false } };
  return LifecycleClient.connect({
    temporal: { client, ...temporal },
    openStore: () => openSharedFiles({ ...place, proxies: { noProxy: '' } }),
  });
}
