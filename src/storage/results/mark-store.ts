import { createHash } from 'node:crypto';
import { failure } from '../../contracts/failures';

/** The assets of one owner in one place of a provider. */
export interface MarkedPlace {
  /** In the tags of the assets. */
  owner: string;
  provider: string;
  place?: string;
}

export interface MarkedAsset extends MarkedPlace {
  assetId: string;
}

/** Fields that are added to an asset beside it, since its provider takes none after the upload. */
export interface AssetMark {
  /** Run id in the tag of the upload that they were added to: an upload that replaces it has none of them. */
  over: string;
  /** As `Assets.annotate` takes them: null removes a field. */
  fields: Readonly<Record<string, string | null>>;
}

/** A key of one owner at a provider with places. */
export interface OwnedKey {
  owner: string;
  provider: string;
  key: string;
}

/**
 * What lifecycles keep beside the results: marks of assets, and in which place a key is used. Each is changed as a whole; a
 * change that another writer overtakes is made again.
 */
export interface MarkStore {
  /** The host whose folder it is; absent where every worker sees the same store. */
  readonly host?: string;
  /** Of the store itself, kept in it from its first use on. */
  id(): Promise<string>;
  read(asset: MarkedAsset): Promise<AssetMark | undefined>;
  change(asset: MarkedAsset, change: (before: AssetMark | undefined) => AssetMark): Promise<void>;
  /** Safe to repeat. */
  remove(asset: MarkedAsset): Promise<void>;
  /** Ids of the place's assets that have marks. */
  marked(place: MarkedPlace): AsyncIterable<string>;
  /** Keeps in mind the place that a key is used in, if there is none yet. @returns the one that is kept */
  placeOfKey(key: OwnedKey, place: string): Promise<string>;
  /** The key may be used in any place again, if that is the place that it is used in. Safe to repeat. */
  freeKey(key: OwnedKey, place: string): Promise<void>;
}

/** Folders and name of a document; safe as file names and as parts of object keys. */
export type DocumentPath = readonly string[];

/** Small texts that a store keeps below its folder or prefix. */
export interface Documents extends Pick<MarkStore, 'host' | 'id'> {
  read(path: DocumentPath): Promise<string | undefined>;
  /** A change that another writer overtakes is made again, on what that one has written. */
  change(path: DocumentPath, change: (before: string | undefined) => string): Promise<void>;
  remove(path: DocumentPath): Promise<void>;
  /** Names of the documents in that folder. */
  namesIn(folder: DocumentPath): AsyncIterable<string>;
}

/** Name of the file that holds the store's id. */
export const STORE_ID_FILE = 'store-id';

/** Other writers may be faster; a change is tried so often before Temporal waits. */
export const MAX_CHANGES = 20;

export const isContended = (what: string) =>
  failure('ProviderUnavailable', `results: ${what}: others change it all the time; trying again`);

/** A store of marks over these documents. */
export function markStoreOf(documents: Documents): MarkStore {
  const { host } = documents;
  return {
    ...(host !== undefined && { host }),
    id: () => documents.id(),

    async read(asset) {
      const text = await documents.read(pathOfMark(asset));
      return text === undefined ? undefined : (JSON.parse(text) as AssetMark);
    },

    change: (asset, change) =>
      documents.change(pathOfMark(asset), (text) =>
        JSON.stringify(change(text === undefined ? undefined : (JSON.parse(text) as AssetMark))),
      ),

    remove: (asset) => documents.remove(pathOfMark(asset)),

    async *marked(place) {
      for await (const name of documents.namesIn(folderOfMarks(place))) {
        const assetId = assetOfMark(name);
        if (assetId !== undefined) yield assetId;
      }
    },

    async placeOfKey(key, place) {
      let kept = place;
      await documents.change(pathOfKey(key), (text) => {
        kept = text === undefined ? place : placeIn(text);
        return JSON.stringify({ key: key.key, place: kept });
      });
      return kept;
    },

    async freeKey(key, place) {
      const text = await documents.read(pathOfKey(key));
      if (text !== undefined && placeIn(text) === place) await documents.remove(pathOfKey(key));
    },
  };
}

const placeIn = (text: string): string => (JSON.parse(text) as { place: string }).place;

/** Never "..", and never empty. */
const partOf = (text: string): string => `_${encodeURIComponent(text)}`;

const folderOfMarks = ({ owner, provider, place = '' }: MarkedPlace): DocumentPath => [
  'marks',
  ...[owner, provider, place].map(partOf),
];
const pathOfMark = (asset: MarkedAsset): DocumentPath => [...folderOfMarks(asset), `${partOf(asset.assetId)}.json`];

/** A key may be longer than a file's name. */
const pathOfKey = ({ owner, provider, key }: OwnedKey): DocumentPath => {
  const hash = createHash('sha256').update(key).digest('hex');
  return ['keys', partOf(owner), partOf(provider), `${hash}.json`];
};

const FILE_OF_A_MARK = /^_(.+)\.json$/;

/** The asset whose marks the document of that name holds; `undefined` for one that is none of ours. */
function assetOfMark(file: string): string | undefined {
  const name = FILE_OF_A_MARK.exec(file)?.[1];
  try {
    return name === undefined ? undefined : decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
