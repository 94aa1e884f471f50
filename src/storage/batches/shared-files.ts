/**
 * Small files that all workers of a store share, for what batches keep: manifests, outcomes, claims. A file is written
 * once, whole, and never changed. Names are path segments of letters, digits, ".", "_" and "-", with "/" between.
 */
export interface SharedFiles {
  /** Where it lies, for people: `file:` or `s3:` URI without a name. */
  readonly uri: string;
  /** The host whose folder it is; absent where every worker sees the same store. */
  readonly host?: string;
  /**
   * Writes a file unless one of that name is there: of several writers exactly one gets true. A repeat after a lost answer
   * gets false, so compare what is there.
   * @throws ProviderUnavailable when the storage cannot be reached · InvalidRequest if it knows no conditional writes
   */
  create(name: string, content: string): Promise<boolean>;
  /**
   * The same for many files with one content, for little more than one costs where they lie in a folder.
   * @returns the names that this wrote.
   */
  createAlike(names: readonly string[], content: string): Promise<Set<string>>;
  /** The content; `undefined` if there is no such file. */
  read(name: string): Promise<string | undefined>;
  /** Names in a folder, files and folders alike, in ascending order; none if there is no such folder. */
  list(folder: string): Promise<string[]>;
  /** Removes a file; safe to repeat. */
  remove(name: string): Promise<void>;
  /** Removes a folder with everything below it; safe to repeat. */
  removeFolder(folder: string): Promise<void>;
}

/** Numbered names sort as their numbers do. */
const DIGITS = 8;
export const numbered = (number: number): string => String(number).padStart(DIGITS, '0');
