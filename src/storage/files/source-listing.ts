/** What a walk through a folder or prefix finds, in a fixed order. */
export type WalkedEntry = { path: string } & (
  | { sizeBytes: number }
  /** Cannot be a source, and why, in the words of a single start. */
  | { refused: 'InvalidRequest'; reason: string }
  /** Was not asked for. */
  | { skipped: true }
);

export interface WalkOptions {
  /** Path of the last entry that was seen before; the walk goes on behind it. */
  after?: string;
  /** Says of a path below the folder, with "/" between its parts, whether it is asked for. */
  wants: (relativePath: string) => boolean;
  /** Says of a folder whether anything in it may be asked for. */
  enters?: (relativeFolder: string) => boolean;
  signal?: AbortSignal;
}

/** Lists local files that may be sources, without reading them. */
export interface FileListing {
  /**
   * All files below a folder, ordered by the parts of their paths. Memory grows with the largest single folder only.
   * @throws InvalidRequest if the folder itself cannot be listed
   */
  walk(folder: string, options: WalkOptions): AsyncIterable<WalkedEntry>;
  /** Size of a file. @throws InvalidRequest in the words of a single start */
  look(file: string): Promise<{ sizeBytes: number }>;
}

/** Lists objects in S3-compatible storage that may be sources, without reading them. */
export interface ObjectListing {
  /**
   * All objects whose keys begin with `prefix`, in the order of their keys; `path` is the key without the prefix.
   * @throws InvalidRequest naming the field of `items` and what to do · ProviderUnavailable
   */
  walk(place: { bucket: string; prefix: string }, options: WalkOptions): AsyncIterable<WalkedEntry>;
}
