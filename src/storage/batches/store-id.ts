import { randomUUID } from 'node:crypto';
import { failure } from '../../contracts/failures';
import { STORE_ID_FILE } from '../results/mark-store';
import type { SharedFiles } from './shared-files';

/** Stores that have shown to keep to conditional writes; that does not change. */
const trusted = new WeakSet<SharedFiles>();

/**
 * Id of the store, given by the first who asks, and the same for all workers that see it. Marks of assets go by it too.
 * @throws InvalidRequest if the storage lets a second writer overwrite the first
 */
export async function storeId(files: SharedFiles): Promise<string> {
  const known = await files.read(STORE_ID_FILE);
  if (known !== undefined && trusted.has(files)) return known.trim();
  if (known === undefined) await files.create(STORE_ID_FILE, randomUUID());
  const content = known ?? (await files.read(STORE_ID_FILE));
  if (content === undefined) throw unusable(files, 'what was written cannot be read');
  if (await files.create(STORE_ID_FILE, content)) {
    throw unusable(files, 'it does not keep to conditional writes, by which workers agree who was first');
  }
  trusted.add(files);
  return content.trim();
}

/**
 * Refuses work that was planned with another store than this worker's.
 * @param expected the store's id, as the batch knows it. @throws InvalidRequest
 */
export async function mustBeStore(files: SharedFiles, expected: string): Promise<void> {
  const id = await storeId(files);
  if (id === expected) return;
  const where = files.host === undefined ? files.uri : `${files.uri} on ${files.host}`;
  throw failure(
    'InvalidRequest',
    `results: ${where}: is another store (${id}) than that of the batch (${expected}); give all workers of a batch the ` +
      'same ASSET_LIFECYCLE_RESULTS, which all of them reach',
  );
}

const unusable = ({ uri }: SharedFiles, why: string) => failure('InvalidRequest', `results: ${uri}: ${why}`);
