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
   * @param name the same for every attempt; 1 to 400 characters of any kind, made safe by the store.
   */
  write(name: string, records: Iterable<unknown>): Promise<StoredResult>;
  /** Removes what {@link write} made under that name; false when there was nothing. */
  remove(name: string): Promise<boolean>;
}
