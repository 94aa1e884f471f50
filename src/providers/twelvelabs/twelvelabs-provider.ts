import type { MediaProvider } from '../media-provider';
import { assetOperations } from './assets';
import { branchOperations } from './branches';
import { TwelveLabsClient, type TwelveLabsAccount } from './client';
import { observer } from './observe';
import { PartStore } from './uploads/part-store';
import { uploadSessions } from './uploads/upload-operations';

/** TwelveLabs API v1.3 behind the provider port. `close` ends its connections. */
export function createTwelveLabsProvider(account: TwelveLabsAccount): MediaProvider & { close(): Promise<void> } {
  const client = new TwelveLabsClient(account);
  const assets = assetOperations(client);
  const store = new PartStore(account.requestTimeoutMs, account.proxies);
  return {
    name: 'twelvelabs',
    ...assets,
    ...branchOperations(client),
    observe: observer(client, assets),
    uploads: uploadSessions(client, store),
    close: async () => {
      await Promise.all([client.close(), store.close()]);
    },
  };
}
