import { createHash } from 'node:crypto';
import { failure } from '../../contracts/failures';
import { departureNotesOf, type DepartureNotes } from './departure-notes';
import { nameIn, partOf, type DocumentPath, type Documents } from './documents';

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
 * What lifecycles keep beside the results: marks of assets, in which place a key is used, and which files of upload sessions
 * nobody waits for. Each is changed as a whole; a change that another writer overtakes is made again.
 */
export interface MarkStore extends Pick<Documents, 'host' | 'id'> {
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
  /** Of the sessions of that provider. */
  departures(provider: string): DepartureNotes;
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
        const assetId = nameIn(name);
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

    departures: (provider) => departureNotesOf(documents, provider),
  };
}

const placeIn = (text: string): string => (JSON.parse(text) as { place: string }).place;

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
