import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { Duration } from '@temporalio/common';
import { firstOf } from './values/text';

/**
 * Every way a lifecycle step can fail, and whether Temporal tries it again.
 * The names are wire format: they stand in histories, in `status.error.type` and in `docs/failures.md`.
 */
export const FAILURES = {
  /** The input is wrong; nothing was sent to the provider. */
  InvalidRequest: { retry: false },
  /** The provider understood the request and refused it, in its own error body (400, 403). */
  ProviderRejected: { retry: false },
  /** The API key is missing, wrong or expired, or may not do this (401, 403). */
  ProviderAuth: { retry: false },
  /** The plan's credit or quota is used up; waiting minutes does not help. */
  QuotaExhausted: { retry: false },
  /** The provider says in its own error body that it does not know the resource (404). */
  ResourceGone: { retry: false },
  /** The asset is referred to, so an unforced delete was refused (409). */
  BlockedByReferences: { retry: false },
  /** An asset of that name with other content, or content that cannot be compared, is there; it was not overwritten. */
  AssetExists: { retry: false },
  /** Another lifecycle, or an item of a batch, is at work on the key. */
  KeyInUse: { retry: false },
  /** The provider finished the work and says it failed. An outcome, not a fault. */
  ProcessingFailed: { retry: false },
  /** The source's bytes could not be read to the end, or changed while they were read. */
  SourceUnreadable: { retry: false },
  /** The source is larger than the provider takes this way (413, or known before). */
  PayloadTooLarge: { retry: false },
  /** A wait lasted longer than the input's `deadlines` allow. */
  DeadlineExceeded: { retry: false },
  /** The provider asked to slow down (429); tried again after the wait it named. */
  RateLimited: { retry: true },
  /** 5xx, no connection, or an answer that is not the provider's. The request had no effect, or is safe to repeat. */
  ProviderUnavailable: { retry: true },
  /** The request may have had its effect; the next attempt looks before it acts. */
  OutcomeUnknown: { retry: true },
  /** An upload session expired; the next attempt opens a new one. */
  UploadExpired: { retry: true },
  /** This worker is stopping and gives the step back; another attempt goes on. */
  WorkerStopping: { retry: true },
} as const satisfies Record<string, { retry: boolean }>;

export type FailureType = keyof typeof FAILURES;

/** Failure types that no retry policy may try again; given to every activity's retry policy. */
export const NON_RETRYABLE: FailureType[] = (Object.keys(FAILURES) as FailureType[]).filter(
  (type) => !FAILURES[type].retry,
);

/** Failures in normal operation; they do not count as errors in logs and metrics. */
const BENIGN: ReadonlySet<FailureType> = new Set(['RateLimited', 'WorkerStopping']);

export interface FailureOptions {
  /** A small object for machines; never a URL, header, body or key. */
  details?: unknown;
  /** When the next attempt may start; overrides the retry policy's back-off. */
  retryAfter?: Duration;
  cause?: unknown;
}

/** A URL with a query, which may hold a signature; the provider's messages may repeat one. */
const URL_WITH_QUERY = /(https?:\/\/[^\s?#"'<>]+)\?[^\s"'<>]*/gi;

/**
 * Makes the failure that workflows and activities throw. Nothing else constructs `ApplicationFailure`.
 * @param message says what failed, with the provider's own words, and what to do. It is cut to 2,000 characters, and
 *   queries of URLs are removed.
 */
export function failure(type: FailureType, message: string, options: FailureOptions = {}): ApplicationFailure {
  const words = message.replaceAll(URL_WITH_QUERY, '$1?…');
  return ApplicationFailure.create({
    type,
    message: words.length > 2000 ? `${firstOf(words, 1999)}…` : words,
    nonRetryable: !FAILURES[type].retry,
    category: BENIGN.has(type) ? ApplicationFailureCategory.BENIGN : undefined,
    ...(options.details === undefined ? {} : { details: [options.details] }),
    ...(options.retryAfter === undefined ? {} : { nextRetryDelay: options.retryAfter }),
    ...(options.cause instanceof Error ? { cause: options.cause } : {}),
  });
}

/** The same failure with other details. */
export const withDetails = (error: ApplicationFailure, details: unknown): ApplicationFailure =>
  ApplicationFailure.create({
    type: error.type ?? undefined,
    message: error.message,
    nonRetryable: error.nonRetryable ?? undefined,
    category: error.category ?? undefined,
    nextRetryDelay: error.nextRetryDelay ?? undefined,
    cause: error.cause,
    details: [details],
  });

/** The failure type of an error, or `undefined` when it is not one of ours. */
export function failureType(error: unknown): FailureType | undefined {
  if (!(error instanceof ApplicationFailure) || !error.type) return undefined;
  return Object.hasOwn(FAILURES, error.type) ? (error.type as FailureType) : undefined;
}
