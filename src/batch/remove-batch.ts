import { isRefused, type ListingStart } from '../contracts/batch/listed-items';
import { createBatchFiles, type BatchRef } from '../storage/batches/batch-files';
import { createKeyClaims } from '../storage/batches/key-claims';
import type { SharedFiles } from '../storage/batches/shared-files';
import { readPage } from './listing/page';

/**
 * Removes what a closed batch kept, with the claims that its items still have. Safe to repeat, also of a removal that broke
 * off, and beside another one: it ends where that has ended, since the batch may have been started again by then.
 */
export async function removeBatch(store: SharedFiles, batch: BatchRef): Promise<void> {
  const files = createBatchFiles(store, batch);
  const claims = createKeyClaims(store);
  const kept = new Map<string, Promise<boolean>>([[batch.batchId, Promise.resolve(false)]]);
  const isKept = (batchId: string): Promise<boolean> => {
    const asked = kept.get(batchId) ?? isListed(store, { ...batch, batchId });
    kept.set(batchId, asked);
    return asked;
  };
  const removal = await files.removalBegun();
  const begun = await files.begun();
  const provider = begun === undefined ? undefined : (JSON.parse(begun) as ListingStart).provider;
  for (let number = 0; provider !== undefined; number++) {
    const page = await files.page(number);
    if ((await files.removalBegun()) !== removal) return;
    if (page === undefined) break;
    for (const entry of readPage(page).entries) {
      if (isRefused(entry)) continue;
      await claims.forget({ owner: batch.owner, provider, key: entry.key }, batch.batchId, isKept);
    }
  }
  await files.remove();
}

const isListed = async (store: SharedFiles, batch: BatchRef): Promise<boolean> =>
  (await createBatchFiles(store, batch).begun()) !== undefined;
