import type { BatchIndex } from '../../src/contracts/batch/listed-items';
import { isRefused } from '../../src/contracts/batch/listed-items';
import { readPage } from '../../src/batch/listing/page';
import { createBatchFiles, type BatchRef } from '../../src/storage/batches/batch-files';
import { createFolderSharedFiles } from '../../src/storage/batches/folder-shared-files';
import { createItemOutcomes } from '../../src/storage/batches/item-outcomes';
import { sha256OfResults } from '../checks/aftermath';
import type { BatchStart } from './evidence';

/** What the store keeps of a batch: its list, and what became of each item. */
export async function readStore(
  folder: string,
  batch: BatchRef,
): Promise<Pick<BatchStart, 'listed' | 'outcomes' | 'results'>> {
  const shared = createFolderSharedFiles(folder);
  const files = createBatchFiles(shared, batch);
  const content = await files.index();
  if (content === undefined) return { listed: [], outcomes: [], results: {} };
  const index = JSON.parse(content) as BatchIndex;
  const listed: BatchStart['listed'] = [];
  for (const page of index.pages.keys()) {
    const { entries } = readPage((await files.page(page)) ?? '');
    for (const entry of entries) if (!isRefused(entry)) listed.push({ item: entry.item, key: entry.key });
  }
  const outcomes: BatchStart['outcomes'] = [];
  const kept = createItemOutcomes(shared, batch);
  for (const slice of await kept.slices()) outcomes.push(...(await kept.read(slice)).values());
  const uris = outcomes.flatMap(({ branches = [] }) => branches.flatMap(({ result }) => (result ? [result.uri] : [])));
  return { listed, outcomes, results: await sha256OfResults(uris) };
}
