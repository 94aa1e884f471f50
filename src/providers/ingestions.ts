import type { FailureType } from '../contracts/failures';
import type { SourceBytes } from '../storage/files/source-bytes';
import type { CallOptions } from './outcome';

export interface IngestionCondition {
  /** `Started`, `Finished`, or what else the provider names. */
  condition: string;
  /** `Waiting`, `Reached` or `FailedReach`. */
  status: string;
  /** RFC 3339. */
  since?: string;
  reason?: string;
  message?: string;
}

/** Something that happened in a session. */
export interface IngestionEvent {
  /** `Error` or `Progress`. */
  kind: string;
  /** RFC 3339. */
  at?: string;
  /** Of `Error`: code of each file that failed. */
  files?: Readonly<Record<string, string>>;
  /** Of `Error`: what the provider corrected, by filename. */
  corrections?: Readonly<Record<string, string>>;
  /** Of `Progress`: counts of tasks. */
  tasks?: Readonly<Record<string, unknown>>;
}

/** A file of a session, as it was announced. */
export interface IngestionFile {
  kind?: string;
  filename: string;
  mime?: string;
  sizeBytes?: number;
  /** Signed, 32 bits; absent if it was not given. */
  crc32c?: number;
  metadata: Readonly<Record<string, unknown>>;
}

/** A session in which files become assets of a place. No URL is in it. */
export interface Ingestion {
  id: string;
  /** Id of the place. */
  in: string;
  /** `ended` if nothing comes of it any more, whether or not all files succeeded. */
  state: 'open' | 'ended';
  /** RFC 3339. */
  createdAt: string;
  updatedAt?: string;
  progress: { total: number; succeeded: number; errored: number };
  /** Code of each file that failed; of several for one file the last. */
  failed: Readonly<Record<string, string>>;
  conditions: IngestionCondition[];
  events: IngestionEvent[];
  /** Where the provider tells them. */
  files?: IngestionFile[];
  failureMode?: string;
  /** What becomes of what is linked to an asset that is overwritten. */
  overwriteMode?: string;
  /** All other fields as the provider names and gives them. */
  details: Readonly<Record<string, unknown>>;
}

export interface IngestionQuery {
  /** `next` or `previous` of an earlier page. */
  from?: string;
  pageSize?: number;
}

export interface IngestionPage {
  items: Ingestion[];
  /** `undefined` at the end of the list. */
  next: string | undefined;
  previous?: string;
}

export interface WaitOptions extends CallOptions {
  /** Default: one hour. */
  deadlineMs?: number;
  /** Told of each look. */
  onLook?: (ingestion: Ingestion) => void;
}

/** A file to upload as it is, of no lifecycle. */
export interface FileToIngest {
  /** Name of the asset; each once. */
  filename: string;
  bytes: SourceBytes;
  metadata?: Readonly<Record<string, string | number | boolean>>;
}

export interface UploadOptions extends CallOptions {
  /** One of {@link Ingestions.failureModes}; default: the first, by which a file that fails does not end the others. */
  failureMode?: string;
  /** One of {@link Ingestions.overwriteModes}. Without it no asset with other content is overwritten: its file fails. */
  overwriteMode?: string;
  /** Default: true. Else the upload ends once all bytes are there. */
  wait?: boolean;
  /** Of that wait. Default: one hour. */
  deadlineMs?: number;
  onProgress?: (progress: { sentBytes: number; ended: number }) => void;
}

/**
 * What became of a file. `unchanged`: an asset of its name with its content was there. `open`: sent, and not known yet.
 * `unsent`: left, since another one had failed.
 */
export interface UploadedFile {
  filename: string;
  state: 'succeeded' | 'failed' | 'unchanged' | 'open' | 'unsent';
  /** Of `failed`: the provider's code, also where the file was refused before it was sent. */
  code?: string;
  type?: FailureType;
  message?: string;
}

/** The sessions of one place. */
export interface Ingestions {
  readonly failureModes: readonly string[];
  readonly overwriteModes: readonly string[];
  /**
   * Uploads files in a session of their own, and in further ones for those whose URLs expire on the way. Not safe to repeat
   * with an overwrite mode. What is given is in the order of the files.
   * @throws InvalidRequest for modes and names · failures of the requests · DeadlineExceeded · the signal's reason, once no
   *   session is left open
   */
  upload(
    files: readonly FileToIngest[],
    options?: UploadOptions,
  ): Promise<{ files: UploadedFile[]; sessions: Ingestion[] }>;
  list(query?: IngestionQuery, options?: CallOptions): Promise<IngestionPage>;
  /** @throws ResourceGone */
  get(id: string, options?: CallOptions): Promise<Ingestion>;
  /**
   * Waits until it has ended, whichever way; a look that fails is repeated.
   * @throws ResourceGone · DeadlineExceeded · the signal's reason
   */
  wait(id: string, options?: WaitOptions): Promise<Ingestion>;
  /** Ends it; files that have come stay. @throws ResourceGone */
  cancel(id: string, options?: CallOptions): Promise<void>;
}
