import type { Readable } from 'node:stream';
import type { CallOptions } from './outcome';

/** URL for one PUT of one part. It is a secret. */
export interface PartUrl {
  /** Number of the part, from 1. */
  part: number;
  url: string;
  /** Epoch milliseconds by this machine's clock. */
  expiresAt: number;
}

/** An opened session for one file. */
export interface OpenedParts {
  sessionId: string;
  /** Size of every part except the last, which has the rest; that may be more. */
  partBytes: number;
  totalParts: number;
  /** RFC 3339. */
  expiresAt?: string;
  /** URLs for the first parts only. */
  urls: PartUrl[];
  /** Headers to send with every part. */
  headers: Record<string, string>;
}

/** An opened session and the asset that it reserves. */
export interface OpenedUpload extends OpenedParts {
  assetId: string;
}

export interface UploadState {
  state: 'active' | 'completed' | 'failed' | 'expired';
  /** Numbers of the reported parts. */
  reported: ReadonlySet<number>;
}

export interface UploadedPart {
  part: number;
  sizeBytes: number;
  etag: string;
}

/** Bytes of a part that are read while they are sent. */
export interface PartStream {
  /** Fails if the source has changed. */
  read: () => Readable;
  sizeBytes: number;
}

export interface PutPartOptions extends CallOptions {
  headers: Record<string, string>;
  /** MD5 of the bytes, in hexadecimal. */
  md5: string;
}

/**
 * The part store refused a part. `stale`: try again with a fresh URL. `damaged`: the bytes arrived changed. `gone`: the
 * session has ended.
 */
export class PartRefused extends Error {
  override readonly name = 'PartRefused';

  constructor(
    readonly why: 'stale' | 'damaged' | 'gone',
    message: string,
  ) {
    super(message);
  }
}

/** Sessions that take a file in parts. Like the whole port, single attempts. */
export interface PartUploads {
  /** @throws ResourceGone when the provider does not know the session. */
  state(sessionId: string, options?: CallOptions): Promise<UploadState>;
  /** Fresh URLs for `count` parts from `first` on; at most {@link urlsPerRequest}. */
  urls(sessionId: string, range: { first: number; count: number }, options?: CallOptions): Promise<PartUrl[]>;
  readonly urlsPerRequest: number;
  /** Most parts of one report. */
  readonly partsPerReport: number;
  /** Reports parts that are in the store; safe to repeat. */
  report(sessionId: string, parts: readonly UploadedPart[], options?: CallOptions): Promise<void>;
  /** Sessions that have not completed, newest first. Providers may give no more than size and time of opening. */
  incomplete(options?: CallOptions): Promise<{ sizeBytes: number; createdAt?: string }[]>;
  /**
   * Sends one part to the store, without the API key, and gives the ETag of the answer. The time limit applies to a
   * stall, not to the whole PUT.
   * @throws PartRefused · ProviderUnavailable · ProviderRejected
   */
  put(target: PartUrl, bytes: Buffer, options: PutPartOptions): Promise<string>;
  /** The same for a part of any size, which is not held in memory. Where it exists, the lanes use it. */
  readonly stream?: (target: PartUrl, part: PartStream, options: CallOptions) => Promise<string>;
}
