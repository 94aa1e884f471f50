import type { AcceptedBatch } from '../../contracts/batch/batch-input';
import type { BatchIndex, ListingStart } from '../../contracts/batch/listed-items';
import { failure } from '../../contracts/failures';
import { PROVIDERS, type Registry } from '../../providers/registry';
import type { BatchFiles } from '../../storage/batches/batch-files';
import { whatChanged } from '../../storage/files/source-fingerprint';
import { otherFieldOf } from '../accept-batch';
import { inChunks } from './in-chunks';
import { itemOfEntry, type ItemContext } from './item-of-entry';
import { ListedSoFar } from './listed-so-far';
import { openItems, type ItemSourcesAccess } from './open-items';
import { PageDraft, readPage } from './page';
import type { OpenedItems, SourceEntry } from './source-entry';

/** Entries made into items side by side. */
const AT_ONCE = 64;

export interface Listing {
  batch: AcceptedBatch & { batchId: string };
  /** Where the pages go. */
  files: BatchFiles;
  storeId: string;
  access: ItemSourcesAccess;
  registry?: Registry;
  /** Called after each page. */
  onPage?: (soFar: { items: number; refused: number }) => void;
  signal?: AbortSignal;
}

/**
 * Lists the items of a batch into pages in the store, with flat memory. Safe to repeat: what is listed stays, and a listing
 * that broke off goes on behind its last page.
 * @throws InvalidRequest if there is nothing to list, or the batch id is another batch's · SourceUnreadable if a manifest
 *   changed
 */
export async function listBatch(listing: Listing): Promise<BatchIndex> {
  const { batch, files, access, registry = PROVIDERS, signal } = listing;
  const listed = await files.index();
  const begun = await files.begun();
  if (listed !== undefined && begun !== undefined) {
    mustBeSameBatch(JSON.parse(begun) as ListingStart, startOf(listing, undefined), batch.batchId);
    return JSON.parse(listed) as BatchIndex;
  }
  const opened = await openItems(batch, access, { registry, signal });
  const start = startOf(listing, opened.fingerprint);
  const kept = JSON.parse(await files.begin(JSON.stringify(start))) as ListingStart;
  mustBeSameBatch(kept, start, batch.batchId);
  mustBeUnchanged(kept, start);
  const isText = opened.format === 'csv';
  for (;;) {
    const index = await listOn({ ...listing, inFlight: kept.inFlight }, opened, {
      batch,
      folder: opened.folder,
      files: access.files,
      mediaOf: access.media,
      isElsewhere: access.isElsewhere,
      isText,
      registry,
    });
    if (index) return index;
  } // another listing of the batch wrote a page that differs: go on behind that one
}

const startOf = ({ batch, storeId }: Listing, fingerprint: string | undefined): ListingStart => ({
  batchId: batch.batchId,
  storeId,
  provider: batch.provider,
  each: batch.each,
  items: batch.items,
  inFlight: batch.inFlight,
  ...(fingerprint === undefined ? {} : { fingerprint }),
});

function mustBeSameBatch(kept: ListingStart, start: ListingStart, batchId: string): void {
  const other = otherFieldOf(kept, start);
  if (other === undefined) return;
  throw failure(
    'InvalidRequest',
    `batchId: "${batchId}" began with another ${other}; a batch stays what it is: start this one under another id`,
  );
}

function mustBeUnchanged(kept: Pick<ListingStart, 'fingerprint'>, now: Pick<ListingStart, 'fingerprint'>): void {
  const change = whatChanged(kept.fingerprint ?? '', now.fingerprint ?? '');
  if (change === undefined) return;
  throw failure(
    'SourceUnreadable',
    `items.uri: the manifest changed since the listing began: ${change}; start it under another batch id`,
  );
}

/** @returns `undefined` if another listing was faster with a page that differs */
async function listOn(
  {
    files,
    onPage = () => {},
    storeId,
    batch,
    registry = PROVIDERS,
    inFlight,
  }: Listing & Pick<ListingStart, 'inFlight'>,
  opened: OpenedItems,
  context: ItemContext,
): Promise<BatchIndex | undefined> {
  const soFar = new ListedSoFar({ batch, registry });
  for (;;) {
    const content = await files.page(soFar.pages);
    if (content === undefined) break;
    soFar.takePage(readPage(content));
  }
  let draft = new PageDraft(soFar.pages, soFar.items);
  const flush = async (): Promise<boolean> => {
    if (!(await files.writePage(draft.head.page, draft.text()))) return false;
    soFar.countPage(draft.head);
    draft = new PageDraft(soFar.pages, soFar.items);
    const { items, refused } = soFar;
    onPage({ items, refused }); // and no more: it goes into a heartbeat
    return true;
  };
  for await (const entry of preparedEntries(opened.entries(soFar.last), context)) {
    if (entry === 'skipped') draft.skip();
    else draft.add(soFar.number(entry, soFar.items + draft.head.items));
    if (draft.isFull && !(await flush())) return undefined;
  }
  const { skippedAtEnd } = draft;
  if (!draft.isEmpty && !(await flush())) return undefined;
  soFar.skipped += skippedAtEnd;
  if (soFar.items + soFar.refused === 0) throw nothingListed(batch.items, soFar.skipped);
  mustBeUnchanged(opened, { fingerprint: await opened.fingerprintNow?.() });
  const index = soFar.index({ storeId, inFlight });
  return (await files.writeIndex(JSON.stringify(index))) ? index : undefined;
}

const preparedEntries = (entries: AsyncIterable<SourceEntry>, context: ItemContext) =>
  inChunks(entries, AT_ONCE, async (entry) => ('skipped' in entry ? 'skipped' : itemOfEntry(entry, context)));

const ALL_BELOW = '"**/*.mp4" means all below it';

/** Fields of a batch's globs that say something. */
function globsGiven({ include, exclude }: { include: readonly string[]; exclude: readonly string[] }): string[] {
  const says = { include: include.some((glob) => glob !== '**'), exclude: exclude.length > 0 };
  return Object.entries(says).flatMap(([field, isGiven]) => (isGiven ? [field] : []));
}

function nothingListed(items: AcceptedBatch['items'], skipped: number): Error {
  const nothing = (field: string, why: string) => failure('InvalidRequest', `items.${field}: ${why}`);
  const given = 'include' in items ? globsGiven(items) : [];
  switch (items.type) {
    case 'folder':
      return given.length > 0 && skipped > 0
        ? nothing(given.join(', items.'), `no file of ${items.path} is asked for (${skipped} left out); ${ALL_BELOW}`)
        : nothing('path', `${items.path}: holds no file that is not hidden`);
    case 's3': {
      const uri = `s3://${items.bucket}/${items.prefix}`;
      if (skipped === 0) return nothing('prefix', `${uri}: no object's key begins so`);
      return given.length > 0
        ? nothing(given.join(', items.'), `no object of ${uri} is asked for (${skipped} left out); ${ALL_BELOW}`)
        : nothing('prefix', `${uri}: holds nothing but folder marks and hidden objects`);
    }
    case 'manifest':
      return nothing('uri', `${items.uri}: the manifest names no items`);
    case 'list':
      return nothing('items', 'names no items');
  }
}
