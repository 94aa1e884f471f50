/** Folders and name of a document; safe as file names and as parts of object keys. */
export type DocumentPath = readonly string[];

/** Small texts that a store keeps below its folder or prefix. */
export interface Documents {
  /** The host whose folder it is; absent where every worker sees the same store. */
  readonly host?: string;
  /** Of the store itself, kept in it from its first use on. */
  id(): Promise<string>;
  read(path: DocumentPath): Promise<string | undefined>;
  /** A change that another writer overtakes is made again, on what that one has written. */
  change(path: DocumentPath, change: (before: string | undefined) => string): Promise<void>;
  /** Safe to repeat. */
  remove(path: DocumentPath): Promise<void>;
  /** Names of the documents in that folder. */
  namesIn(folder: DocumentPath): AsyncIterable<string>;
}

/** A text as a folder or the beginning of a document's name: never "..", and never empty. */
export const partOf = (text: string): string => `_${encodeURIComponent(text)}`;

const NAME = /^_(.+)\.json$/;

/** The text that a document is named by; `undefined` for one that is none of ours. */
export function nameIn(document: string): string | undefined {
  const name = NAME.exec(document)?.[1];
  try {
    return name === undefined ? undefined : decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
