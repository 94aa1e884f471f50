/** What a write left behind. */
export interface StoredResult {
  /** `file:` or `s3:` URI. */
  uri: string;
  /** Hex SHA-256 of the stored bytes. */
  sha256: string;
  bytes: number;
  /** Lines written. */
  count: number;
}

/** Where results too large for an Event History go. */
export interface ResultStore {
  /**
   * Writes one NDJSON file, a record a line, so that a reader sees the whole file or none. Safe to repeat.
   * @param name see `resultName`; the same for every attempt, made safe by the store.
   * @throws ProviderUnavailable when a file with other content has the name of a run's result: it is left alone.
   */
  write(name: string, records: Iterable<unknown>): Promise<StoredResult>;
  /** Whether {@link write} made something under that name. */
  has(name: string): Promise<boolean>;
  /** Removes what {@link write} made under that name; false when there was nothing. */
  remove(name: string): Promise<boolean>;
  /** Names of the results that the runs of a workflow id have stored. */
  namesOf(lifecycle: { owner: string; workflowId: string }): Promise<string[]>;
}

/** What a store says of a name that is taken by something else. */
export const TAKEN = 'something with other content has the name of this result and is left alone; move it away';
