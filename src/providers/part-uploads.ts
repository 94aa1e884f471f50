import type { CallOptions } from './outcome';

/** Where one part goes, once. The URL is a secret. */
export interface PartUrl {
  /** From 1. */
  part: number;
  url: string;
  /** Epoch milliseconds of this machine. */
  expiresAt: number;
}

/** A session that was opened, and the asset that it reserved. */
export interface OpenedUpload {
  sessionId: string;
  assetId: string;
  /** Of every part but the last, which has the rest. */
  partBytes: number;
  totalParts: number;
  /** RFC 3339. */
  expiresAt?: string;
  /** For the first parts only. */
  urls: PartUrl[];
  /** To be sent with every part. */
  headers: Record<string, string>;
}

export interface UploadState {
  state: 'active' | 'completed' | 'failed' | 'expired';
  /** Parts that were reported, by number. */
  reported: ReadonlySet<number>;
}

export interface UploadedPart {
  part: number;
  sizeBytes: number;
  etag: string;
}

export interface PutPartOptions extends CallOptions {
  headers: Record<string, string>;
  /** Of the bytes, in hexadecimal. */
  md5: string;
}

/**
 * The part store did not take a part. `stale`: a fresh URL may do; `damaged`: it got other bytes than were sent;
 * `gone`: the session has ended.
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

/** Sessions that take a file in parts. Single attempts, as everything of the port. */
export interface PartUploads {
  /** @throws ResourceGone when the provider does not know the session. */
  state(sessionId: string, options?: CallOptions): Promise<UploadState>;
  /** Fresh URLs for `count` parts from `first` on; at most {@link urlsPerRequest}. */
  urls(sessionId: string, range: { first: number; count: number }, options?: CallOptions): Promise<PartUrl[]>;
  readonly urlsPerRequest: number;
  /** Most parts of one report. */
  readonly partsPerReport: number;
  /** Tells of parts that are in the store; repeating it is harmless. */
  report(sessionId: string, parts: readonly UploadedPart[], options?: CallOptions): Promise<void>;
  /** Sessions that have not completed, newest first: size and time of opening are all there is to know them by. */
  incomplete(options?: CallOptions): Promise<{ sizeBytes: number; createdAt?: string }[]>;
  /**
   * Sends one part to the store, without the API key, and gives the ETag it answers with. The time limit is for a
   * stall, not for the whole.
   * @throws PartRefused · ProviderUnavailable · ProviderRejected
   */
  put(target: PartUrl, bytes: Buffer, options: PutPartOptions): Promise<string>;
}
