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

/** Marks of assets, beside the results. Each is changed as a whole; a change that another writer overtakes is made again. */
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
}

/** Name of the file that holds the store's id. */
export const STORE_ID_FILE = 'store-id';

/** Other writers may be faster; a change is tried so often before Temporal waits. */
export const MAX_CHANGES = 20;

export const isContended = (what: string) =>
  failure('ProviderUnavailable', `results: ${what}: others change it all the time; trying again`);

/** Path of a place's marks below the store's folder or prefix. Its parts are safe as file names. */
export const folderOfMarks = ({ owner, provider, place = '' }: MarkedPlace): string[] => [
  'marks',
  ...[owner, provider, place].map((part) => `_${encodeURIComponent(part)}`), // never "..", never empty
];

const FILE_OF_A_MARK = /^_(.+)\.json$/;

export const fileOfMark = ({ assetId }: Pick<MarkedAsset, 'assetId'>): string => `_${encodeURIComponent(assetId)}.json`;

/** The asset whose marks the file or folder of that name holds; `undefined` for one that is none of ours. */
export function assetOfMark(file: string): string | undefined {
  const name = FILE_OF_A_MARK.exec(file)?.[1];
  try {
    return name === undefined ? undefined : decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
