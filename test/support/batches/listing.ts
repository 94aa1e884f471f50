import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { acceptBatch } from '../../../src/batch/accept-batch';
import { listBatch, type Listing } from '../../../src/batch/listing/list-batch';
import type { ItemSourcesAccess } from '../../../src/batch/listing/open-items';
import { readPage } from '../../../src/batch/listing/page';
import {
  isRefused,
  type BatchIndex,
  type ListedItem,
  type RefusedEntry,
} from '../../../src/contracts/batch/listed-items';
import { createBatchFiles } from '../../../src/storage/batches/batch-files';
import { createFolderSharedFiles } from '../../../src/storage/batches/folder-shared-files';
import type { SharedFiles } from '../../../src/storage/batches/shared-files';
import { createFileListing } from '../../../src/storage/files/list-files';
import { createFileSources } from '../../../src/storage/files/file-sources';

/** Objects that nothing asks for. */
export const NO_OBJECTS: ItemSourcesAccess['objects'] = {
  resolve: () => Promise.reject(new Error('no S3 here')),
  walk: () => {
    throw new Error('no S3 here');
  },
};

/** A folder of media and a store, both thrown away by {@link close}. */
export class ListingPlace {
  private constructor(
    private readonly top: string,
    readonly media: string,
    readonly store: SharedFiles,
  ) {}

  static async make(): Promise<ListingPlace> {
    const top = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-batch-'));
    await mkdir(path.join(top, 'media'));
    return new ListingPlace(top, path.join(top, 'media'), createFolderSharedFiles(path.join(top, 'store')));
  }

  /** Writes files, by their paths below the media folder. */
  async put(files: Readonly<Record<string, string | Buffer>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(this.media, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  }

  get access(): ItemSourcesAccess {
    return {
      files: createFileListing({ roots: [this.media] }),
      manifests: createFileSources({ roots: [this.media], restMs: 0 }),
      objects: NO_OBJECTS,
    };
  }

  /** Lists a batch, and gives what is in the store afterwards. */
  async list(
    input: { items: unknown; each?: unknown; batchId?: string },
    changes: Partial<Listing> = {},
  ): Promise<{ index: BatchIndex; items: ListedItem[]; refused: RefusedEntry[]; pages: string[] }> {
    const index = await this.index(input, changes);
    const files = createBatchFiles(this.store, { owner: 'ns', batchId: input.batchId ?? 'b' });
    const pages: string[] = [];
    for (let page = await files.page(0); page !== undefined; page = await files.page(pages.length)) pages.push(page);
    const entries = pages.flatMap((page) => readPage(page).entries);
    return {
      index,
      pages,
      items: entries.filter((entry): entry is ListedItem => !isRefused(entry)),
      refused: entries.filter(isRefused),
    };
  }

  /** Lists a batch of any size. */
  async index(
    input: { items: unknown; each?: unknown; batchId?: string },
    changes: Partial<Listing> = {},
  ): Promise<BatchIndex> {
    const batch = { ...acceptBatch({ batchId: 'b', ...input }), batchId: input.batchId ?? 'b' };
    const files = createBatchFiles(this.store, { owner: 'ns', batchId: batch.batchId });
    return listBatch({ batch, files, storeId: 'store-1', access: this.access, ...changes });
  }

  close(): Promise<void> {
    return rm(this.top, { recursive: true, force: true });
  }
}
