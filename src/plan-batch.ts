import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { acceptBatch } from './batch/accept-batch';
import { inChunks } from './batch/listing/in-chunks';
import { listBatch } from './batch/listing/list-batch';
import { planItems, type BatchPlan, type PlannedItem } from './batch/plan/plan-items';
import { itemsOf, refusedOf } from './batch/read-batch';
import type { Config } from './config';
import { FAILURES, failureType } from './contracts/failures';
import { MediaReader } from './media/media-reader';
import { declarationOf } from './providers/registry';
import { createBatchFiles } from './storage/batches/batch-files';
import { createFolderSharedFiles } from './storage/batches/folder-shared-files';
import { createFileSources } from './storage/files/file-sources';
import { createFileListing } from './storage/files/list-files';
import { s3Access } from './storage/s3/s3-client';
import { createS3Listing } from './storage/s3/s3-listing';
import { createS3Sources } from './storage/s3/s3-sources';
import { InvalidInput } from './temporal/errors';

/** Items looked into side by side. */
const AT_ONCE = 4;

/**
 * Lists the items into a store that is thrown away, looks into each, and reckons what the batch would take. Sends nothing.
 * @throws InvalidInput · ProviderUnavailable if a bucket cannot be reached
 */
export async function planBatch(
  input: Readonly<Record<string, unknown>>,
  config: Config,
  options: { onProgress?: (items: number) => void } = {},
): Promise<BatchPlan> {
  try {
    return await plan(input, config, options);
  } catch (error) {
    const type = failureType(error);
    if (type === undefined || FAILURES[type].retry) throw error;
    throw new InvalidInput((error as Error).message, { cause: error });
  }
}

async function plan(
  input: Readonly<Record<string, unknown>>,
  config: Config,
  { onProgress }: { onProgress?: (items: number) => void },
): Promise<BatchPlan> {
  const batch = { ...acceptBatch(input), batchId: 'plan' };
  const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-plan-'));
  const access = openSources(config);
  try {
    const files = createBatchFiles(createFolderSharedFiles(folder), { owner: 'plan', batchId: 'plan' });
    const index = await listBatch({ batch, files, storeId: 'plan', access });
    let looked = 0;
    const listed = itemsOf(files, index, { from: 0, end: index.items });
    const items = inChunks(listed, AT_ONCE, async (item): Promise<PlannedItem> => {
      const media = await access.look(item);
      looked += 1;
      onProgress?.(looked);
      return { ...item, ...(media ? { media } : {}) };
    });
    const declared = declarationOf(index.provider);
    const limits = declared.limitsBy?.(config.providers[declared.name]);
    return await planItems({ index, items, refused: refusedOf(files, index), ...(limits && { limits }) });
  } finally {
    access.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Without configured roots this host's whole file system counts: it is the caller's own. */
function openSources(config: Config) {
  const roots = config.sourceRoots.length > 0 ? config.sourceRoots : ['/'];
  const s3 = s3Access(config.s3, config.proxies);
  const sources = createFileSources({ roots, restMs: 0 });
  const reader = new MediaReader();
  return {
    files: createFileListing({ roots }),
    manifests: sources,
    objects: { ...createS3Sources(s3), ...createS3Listing(s3) },
    /** Of files only: an object costs requests, and a URL is the provider's to fetch. */
    look: async ({ input, filename }: Pick<PlannedItem, 'input' | 'filename'>) => {
      if (input.source.type !== 'file' || !input.preflight) return undefined;
      const bytes = await sources.resolve(input.source.path).catch(() => undefined); // changed since it was listed
      if (!bytes) return undefined;
      return reader.factsOf({ filename, sizeBytes: bytes.sizeBytes, read: (...range) => bytes.read(...range) });
    },
    close: () => s3.close(),
  };
}
