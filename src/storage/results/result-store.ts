import { failure } from '../../contracts/failures';

/** A stored result. */
export interface StoredResult {
  /** `file:` or `s3:` URI. */
  uri: string;
  /** Hex SHA-256 of the stored bytes. */
  sha256: string;
  bytes: number;
  /** Lines written. */
  count: number;
  /** The host whose folder the file lies in; absent where every worker sees the same store. */
  host?: string;
}

/** Where results too large for an Event History go. */
export interface ResultStore {
  /** The host whose folder it is; absent where every worker sees the same store. */
  readonly host?: string;
  /**
   * Writes one NDJSON file, a record a line, so that a reader sees the whole file or none. Safe to repeat.
   * @param name see `resultName`; the same for every attempt, made safe by the store.
   * @param options `again`: an earlier attempt may have written it, perhaps with other content, which is replaced.
   * @throws InvalidRequest when a foreign file has the name of a run's result: it is left alone.
   */
  write(
    name: string,
    records: Iterable<unknown> | AsyncIterable<unknown>,
    options?: { again?: boolean },
  ): Promise<StoredResult>;
  /** True if {@link write} stored something under that name. */
  has(name: string): Promise<boolean>;
  /** Removes the result of that name; false when there was none. */
  remove(name: string): Promise<boolean>;
  /** Names of the results that the runs of a workflow id have stored. */
  namesOf(lifecycle: { owner: string; workflowId: string }): Promise<string[]>;
}

/** A foreign file has the name of a run's result. Nothing was written, so that no cleanup removes it. */
export const nameIsTaken = (uri: string) =>
  failure(
    'InvalidRequest',
    `results: ${uri}: a file with other content has the name of this result; it is left alone: move it away, start again`,
    { details: { nothingMade: true } },
  );
