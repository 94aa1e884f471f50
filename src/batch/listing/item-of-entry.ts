import { lookup } from 'mime-types';
import type { AcceptedBatch } from '../../contracts/batch/batch-input';
import { filenameFrom } from '../../contracts/batch/filename-template';
import type { ListedItem, RefusedEntry } from '../../contracts/batch/listed-items';
import { FAILURES, failure, failureType } from '../../contracts/failures';
import type { CompleteInput } from '../../contracts/lifecycle-input';
import { filenameOfSource, pathOfSource } from '../../contracts/source-name';
import { defaultKey } from '../../client/default-key';
import {
  acceptInput,
  branchRefusal,
  declarationOf,
  mediaRefusal,
  placeOf,
  PROVIDERS,
  type Registry,
} from '../../providers/registry';
import type { FileListing } from '../../storage/files/source-listing';
import { fitsUrl, noUrlBecause } from '../../storage/files/source-object';
import { mergedInput } from '../merged-input';
import { fieldsOfRecord } from './fields-of-record';
import type { ItemSourcesAccess } from './open-items';
import type { SourceEntry } from './source-entry';

export interface ItemContext {
  batch: Pick<AcceptedBatch, 'provider' | 'each'>;
  /** Folder that relative paths of a manifest begin at; empty where they stay as they are. */
  folder: string;
  files: Pick<FileListing, 'look'>;
  isElsewhere?: ItemSourcesAccess['isElsewhere'];
  mediaOf?: ItemSourcesAccess['media'];
  /** All values are texts, as in CSV. */
  isText?: boolean;
  registry?: Registry;
}

/** An item without its number. */
export type FoundItem = Omit<ListedItem, 'item'>;

export type FoundEntry = Exclude<SourceEntry, { skipped: true }>;

/** Makes an item of what a source gave, checked as a single start of it would be; or says why it can be none. */
export async function itemOfEntry(entry: FoundEntry, context: ItemContext): Promise<FoundItem | RefusedEntry> {
  if ('refused' in entry) return entry;
  const named: { name?: string } = {};
  try {
    return await item(entry, context, named);
  } catch (error) {
    const type = failureType(error);
    if (type === undefined || FAILURES[type].retry) throw error;
    const line = 'line' in entry && entry.line !== undefined ? { line: entry.line } : {};
    return { at: entry.at, ...line, ...named, refused: type, reason: (error as Error).message };
  }
}

async function item(
  entry: Exclude<FoundEntry, { refused: unknown }>,
  context: ItemContext,
  named: { name?: string },
): Promise<FoundItem> {
  const { batch, registry = PROVIDERS } = context;
  const found = 'source' in entry ? { ...entry, own: {} } : fieldsOfRecord(entry.record, context, registry);
  const { source, own, relativePath } = found;
  const { filename: given, ...fields } = own;
  const { filename: template } = batch.each;
  const isNamed = typeof template === 'string' && !isAsset(source); // an adopted asset has its name
  const filename = given ?? (isNamed ? filenameFrom(template, relativePath) : undefined);
  const input = acceptInput(mergedInput(batch.each, { ...fields, source, filename }), registry);
  named.name = pathOfSource(input.source);
  if (input.provider !== batch.provider) {
    throw failure('InvalidRequest', `provider: the batch is at "${batch.provider}", and all of its items are`);
  }
  const sizeBytes = 'sizeBytes' in entry ? entry.sizeBytes : await sizeOf(input, context);
  refuseUnfit(input, sizeBytes, registry);
  await refuseNoMedia(input, sizeBytes, context);
  const { key: _key, ...rest } = fields;
  return {
    at: entry.at,
    key: input.key ?? defaultKey(input.source, placeOf(input, registry)),
    filename: nameAt(input),
    source: input.source,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(Object.keys(rest).length > 0 ? { own: rest } : {}),
  };
}

/**
 * What lies in a folder beside the media is no item where its branches take media only. A name of another kind may be wrong,
 * so the content is looked at; a name of media is believed until the file is submitted, since a look at each would take hours.
 */
async function refuseNoMedia(
  input: CompleteInput,
  sizeBytes: number | undefined,
  { mediaOf, registry = PROVIDERS }: ItemContext,
): Promise<void> {
  const { source, branches, preflight } = input;
  if (!mediaOf || sizeBytes === undefined || branches.length === 0 || !preflight) return;
  if (source.type !== 'file' && source.type !== 's3') return;
  const filename = nameAt(input);
  if (/^(video|audio|image)\//.test(lookup(filename) || '')) return;
  const facts = await mediaOf({ source, filename });
  const field = source.type === 'file' ? 'source.path' : 'source.key';
  const refusal = facts && mediaRefusal(input, { ...facts, filename, sizeBytes, field }, registry);
  if (refusal) throw failure('InvalidRequest', refusal);
}

const isAsset = (source: unknown): boolean => (source as { type?: unknown } | undefined)?.type === 'asset';

/** Name that the asset will have; that of an adopted one is not known here. */
const nameAt = ({ filename, source }: CompleteInput): string =>
  filename ?? (source.type === 'asset' ? '' : filenameOfSource(source));

/**
 * Objects and URLs that a manifest names are looked at when they are handed in: a request for each would take hours. So are
 * files of other hosts, where they lie.
 */
async function sizeOf(
  { provider, source }: CompleteInput,
  { files, isElsewhere }: Pick<ItemContext, 'files' | 'isElsewhere'>,
): Promise<number | undefined> {
  if (source.type !== 'file') return undefined;
  try {
    return (await files.look(source.path)).sizeBytes;
  } catch (error) {
    if (!failureType(error) || !(await isElsewhere?.(provider, source.path))) throw error;
    return undefined;
  }
}

/** By name, size and branches, as far as the provider's published limits tell. @throws InvalidRequest · PayloadTooLarge */
function refuseUnfit(input: CompleteInput, sizeBytes: number | undefined, registry: Registry): void {
  const { source, upload } = input;
  const refusal = branchRefusal(input, registry);
  if (refusal) throw failure('InvalidRequest', refusal);
  if (source.type === 'asset') return;
  if (source.type !== 'url' && sizeBytes === undefined) return;
  declarationOf(input.provider, registry).route({
    filename: nameAt(input),
    source: source.type === 's3' ? 'object' : source.type,
    ...(source.type === 's3' ? { noUrlBecause: noUrlBecause({ fitsUrl: fitsUrl(source) }) } : {}),
    sizeBytes,
    method: upload.method,
    field: source.type === 'file' ? 'source.path' : source.type === 's3' ? 'source.key' : 'source.url',
  });
}
