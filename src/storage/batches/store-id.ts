import { randomUUID } from 'node:crypto';
import { failure } from '../../contracts/failures';
import type { SharedFiles } from './shared-files';

const FILE = 'store.json';

/**
 * Id of the store, given by the first who asks, and the same for all workers that see it.
 * @throws InvalidRequest if the storage lets a second writer overwrite the first
 */
export async function storeId(files: SharedFiles): Promise<string> {
  const known = await files.read(FILE);
  if (known === undefined) await files.create(FILE, JSON.stringify({ id: randomUUID() }));
  const content = known ?? (await files.read(FILE));
  if (content === undefined) throw unusable(files, 'what was written cannot be read');
  if (await files.create(FILE, content)) {
    throw unusable(files, 'it does not keep to conditional writes, by which workers agree who was first');
  }
  const { id } = JSON.parse(content) as { id?: unknown };
  if (typeof id === 'string') return id;
  throw unusable(files, `its ${FILE} has no id`);
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
