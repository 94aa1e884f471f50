import { connectBranches } from '../branch-kind';
import type { MediaProvider, Traits } from '../media-provider';
import { TwelveLabsClient, type TwelveLabsAccount } from './api/client';
import { MAX_PAGE_ITEMS } from './api/lists';
import { assetOperations } from './assets';
import { BRANCHES } from './branches/list';
import type { TwelveLabsBranch, TwelveLabsConnection } from './connection';
import { NAME } from './input';
import { createIntake } from './intake/intake';
import { PartStore } from './intake/part-store';
import { TRAITS } from './traits';
import { createWatch } from './watch';

const ALL_TRAITS: Traits = {
  ...TRAITS,
  gatherMs: 0,
  assetsPerPage: MAX_PAGE_ITEMS,
};

/** TwelveLabs API v1.3 behind the provider port. */
export function createTwelveLabsProvider(account: TwelveLabsAccount): MediaProvider {
  const client = new TwelveLabsClient(account);
  const store = new PartStore(account.requestTimeoutMs, account.proxies);
  const assets = assetOperations(client);
  const connection: TwelveLabsConnection = { client, assets };
  const branches: readonly TwelveLabsBranch[] = BRANCHES;
  return {
    name: NAME,
    traits: ALL_TRAITS,
    intake: createIntake({ client, store }, { assets, traits: ALL_TRAITS }),
    assets,
    branches: connectBranches(branches, connection),
    watch: createWatch(
      client,
      assets,
      branches.map(({ watched }) => watched),
    ),
    close: async () => {
      await Promise.all([client.close(), store.close()]);
    },
  };
}
