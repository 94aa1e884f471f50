import path from 'node:path';
import type {
  AcceptedBatch,
  FolderItems,
  ManifestFormat,
  ManifestItems,
  PrefixItems,
} from '../../contracts/batch/batch-input';
import { isS3Uri } from '../../contracts/batch/listed-from';
import { S3SourceSchema, type FileSource, type S3Source } from '../../contracts/source';
import { failure, failureType, type FailureType } from '../../contracts/failures';
import type { ProviderName } from '../../contracts/ids';
import { declarationOf, type Registry } from '../../providers/registry';
import type { MediaFacts } from '../../media/media-facts';
import type { FileSources } from '../../storage/files/file-sources';
import type { SourceBytes } from '../../storage/files/source-bytes';
import type { FileListing, ObjectListing, WalkedEntry } from '../../storage/files/source-listing';
import type { ObjectSources } from '../../storage/files/source-object';
import { itemFieldsOf } from '../accept-batch';
import { csvEntries } from '../manifest/csv-entries';
import { manifestHeader } from '../manifest/manifest-header';
import { ndjsonEntries } from '../manifest/ndjson-entries';
import { s3SourceOf } from './fields-of-record';
import { globsOf } from './globs';
import type { OpenedItems, SourceEntry } from './source-entry';

/** What lists, looks at and reads the sources of a batch. */
export interface ItemSourcesAccess {
  /** Files of this host. */
  files: FileListing;
  manifests: FileSources;
  objects: ObjectSources & ObjectListing;
  /** Whether other workers serve a file, and this one does not; absent where there are no others. */
  isElsewhere?: (provider: ProviderName, file: string) => Promise<boolean>;
  /** Looks into files and objects whose names do not say that they are media; absent where nothing does. */
  media?: (its: { source: FileSource | S3Source; filename: string }) => Promise<MediaFacts | undefined>;
}

/** Opens the sources of a batch's items; nothing is listed yet. @throws InvalidRequest naming the field of `items` */
export async function openItems(
  { items, provider }: Pick<AcceptedBatch, 'items' | 'provider'>,
  access: ItemSourcesAccess,
  { registry, signal }: { registry: Registry; signal?: AbortSignal },
): Promise<OpenedItems & { format?: ManifestFormat }> {
  switch (items.type) {
    case 'folder':
      return { folder: '', entries: (after) => folderEntries(items, access.files, { after, signal }) };
    case 's3':
      return { folder: '', entries: (after) => prefixEntries(items, access.objects, { after, signal }) };
    case 'list':
      return { folder: '', entries: (after = 0) => listEntries(items.items, Number(after)) };
    case 'manifest': {
      const bytes = await openManifest(items, access, signal);
      const format = items.format ?? (CSV_NAME.test(items.uri) ? 'csv' : 'ndjson');
      const checkHeader = manifestHeader(itemFieldsOf(declarationOf(provider, registry)));
      return {
        fingerprint: bytes.fingerprint,
        fingerprintNow: async () => (await openManifest(items, access, signal)).fingerprint,
        folder: isS3Uri(items.uri) ? '' : path.dirname(items.uri),
        format,
        entries: (after = 0) => manifestEntries(bytes, { format, after: Number(after), checkHeader }),
      };
    }
  }
}

type From = { after?: string | number; signal?: AbortSignal };

async function* folderEntries(
  { path: folder, ...matching }: FolderItems,
  files: FileListing,
  { after, signal }: From,
): AsyncGenerator<SourceEntry> {
  const { wants, enters } = globsOf(matching);
  const from = after === undefined ? {} : { after: String(after) };
  for await (const entry of files.walk(folder, { ...from, wants, enters, signal })) {
    yield entryOf(entry, entry.path, { type: 'file', path: path.join(folder, entry.path) });
  }
}

async function* prefixEntries(
  { bucket, prefix, ...matching }: PrefixItems,
  objects: ObjectListing,
  { after, signal }: From,
): AsyncGenerator<SourceEntry> {
  const { wants } = globsOf(matching);
  const begun = prefix.slice(prefix.lastIndexOf('/') + 1);
  /** Below the folder that the prefix is; one that ends within a name begins with that name. */
  const relative = (path: string): string => (path.startsWith('/') ? path : `${begun}${path}`).replace(/^\/+/, '');
  const from = after === undefined ? {} : { after: String(after) };
  const options = { ...from, wants: (path: string) => wants(relative(path)), signal };
  for await (const entry of objects.walk({ bucket, prefix }, options)) {
    yield entryOf(entry, relative(entry.path), { type: 's3', bucket, key: `${prefix}${entry.path}` });
  }
}

function entryOf(entry: WalkedEntry, relativePath: string, source: FileSource | S3Source): SourceEntry {
  const { path: at } = entry;
  if ('skipped' in entry) return { at, skipped: true };
  if ('refused' in entry) return { at, name: relativePath, refused: entry.refused, reason: entry.reason };
  return { at, source, relativePath, sizeBytes: entry.sizeBytes };
}

async function* listEntries(
  items: readonly Readonly<Record<string, unknown>>[],
  after: number,
): AsyncGenerator<SourceEntry> {
  for (const [index, record] of items.entries()) if (index + 1 > after) yield { at: index + 1, record };
}

async function* manifestEntries(
  bytes: SourceBytes,
  {
    format,
    after,
    checkHeader,
  }: { format: ManifestFormat; after: number; checkHeader: (names: readonly string[]) => void },
): AsyncGenerator<SourceEntry> {
  try {
    const content = bytes.read();
    yield* format === 'csv' ? csvEntries(content, { after, checkHeader }) : ndjsonEntries(content, after);
  } catch (error) {
    throw aboutManifest(error);
  }
}

/** An object may be named with its version. */
const CSV_NAME = /\.csv(\?versionId=[^?&]+)?$/i;

async function openManifest(
  { uri }: ManifestItems,
  { manifests, objects }: ItemSourcesAccess,
  signal: AbortSignal | undefined,
): Promise<SourceBytes> {
  try {
    return isS3Uri(uri) ? await objects.resolve(s3PlaceOf(uri), { signal }) : await manifests.resolve(uri, { signal });
  } catch (error) {
    throw aboutManifest(error);
  }
}

function s3PlaceOf(uri: string): Omit<S3Source, 'type'> {
  const parsed = S3SourceSchema.safeParse(s3SourceOf(uri));
  if (parsed.success) return parsed.data;
  throw failure('InvalidRequest', `items.uri: ${parsed.error.issues.map(({ message }) => message).join('; ')}`);
}

/** A manifest is read like a source; its errors name the field of the batch's input. */
function aboutManifest(error: unknown): unknown {
  const type: FailureType | undefined = failureType(error);
  const { message } = error as Error;
  return type && /^source\.\w+:/.test(message) ? failure(type, message.replace(/^source\.\w+/, 'items.uri')) : error;
}
