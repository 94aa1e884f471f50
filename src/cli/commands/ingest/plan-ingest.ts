import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BatchPlan, PlannedItem } from '../../../batch/plan/plan-batch';
import type { Config } from '../../../config';
import { declarationOf } from '../../../providers/registry';
import { UsageError } from '../../exit';

/** What {@link planIngest} is about. */
export interface Ingest {
  target: string;
  include?: readonly string[];
  exclude?: readonly string[];
  /** What every item gets. */
  each: object;
  /** Called now and then with how many items were looked into. */
  onProgress?: (items: number) => void;
}

/** Items looked into side by side. */
const AT_ONCE = 4;

/** A folder, a manifest, or an S3 prefix; globs are only for what is listed. @throws UsageError */
export async function itemsOfTarget(target: string, globs: Pick<Ingest, 'include' | 'exclude'>): Promise<unknown> {
  const { include, exclude } = globs;
  const matching = { ...(include ? { include } : {}), ...(exclude ? { exclude } : {}) };
  const manifest = (uri: string): unknown => {
    if (!include && !exclude) return { type: 'manifest', uri };
    throw new UsageError('--include, --exclude: are for a folder or prefix; a manifest names its items');
  };
  const [, bucket, rest = ''] = /^s3:\/\/([^/]*)\/?(.*)$/is.exec(target) ?? [];
  if (bucket !== undefined) {
    return MANIFEST.test(rest) ? manifest(target) : { type: 's3', bucket, prefix: rest, ...matching };
  }
  const absolute = path.resolve(target);
  const found = await stat(absolute).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `${target}: ${error.code === 'ENOENT' ? 'no such folder or manifest' : `cannot be reached (${error.code})`}`,
    );
  });
  return found.isDirectory() ? { type: 'folder', path: absolute, ...matching } : manifest(absolute);
}

const MANIFEST = /\.(csv|ndjson|jsonl|json)$/i;

/** Lists the items into a store that is thrown away, looks into each, and reckons what the batch would take. Sends nothing. */
export async function planIngest(ingest: Ingest, config: Config): Promise<BatchPlan> {
  const { acceptBatch } = await import('../../../batch/accept-batch.js');
  const items = await itemsOfTarget(ingest.target, ingest);
  const batch = { ...acceptBatch({ items, each: ingest.each }), batchId: 'plan' };
  const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-plan-'));
  const access = await openSources(config);
  try {
    const { listBatch } = await import('../../../batch/listing/list-batch.js');
    const { itemsOf, refusedOf } = await import('../../../batch/read-batch.js');
    const { planBatch } = await import('../../../batch/plan/plan-batch.js');
    const { inChunks } = await import('../../../batch/listing/in-chunks.js');
    const { createBatchFiles } = await import('../../../storage/batches/batch-files.js');
    const { createFolderSharedFiles } = await import('../../../storage/batches/folder-shared-files.js');
    const files = createBatchFiles(createFolderSharedFiles(folder), { owner: 'plan', batchId: 'plan' });
    const index = await listBatch({ batch, files, storeId: 'plan', access });
    let looked = 0;
    const listed = itemsOf(files, index, { from: 0, end: index.items });
    const planned = inChunks(listed, AT_ONCE, async (item): Promise<PlannedItem> => {
      const media = await access.look(item);
      looked += 1;
      ingest.onProgress?.(looked);
      return { ...item, ...(media ? { media } : {}) };
    });
    const declared = declarationOf(index.provider);
    const limits = declared.limitsBy?.(config.providers[declared.name]);
    return await planBatch({ index, items: planned, refused: refusedOf(files, index), ...(limits && { limits }) });
  } finally {
    access.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Without configured roots this host's whole file system counts: it is the person's own. */
async function openSources(config: Config) {
  const { createFileListing } = await import('../../../storage/files/list-files.js');
  const { createFileSources } = await import('../../../storage/files/file-sources.js');
  const { MediaReader } = await import('../../../media/media-reader.js');
  const { s3Access } = await import('../../../storage/s3/s3-client.js');
  const { createS3Sources } = await import('../../../storage/s3/s3-sources.js');
  const { createS3Listing } = await import('../../../storage/s3/s3-listing.js');
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
