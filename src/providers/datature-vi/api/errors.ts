import type { IncomingHttpHeaders } from 'node:http';
import type { ApplicationFailure } from '@temporalio/common';
import { failure, failureType, type FailureType } from '../../../contracts/failures';
import { waitAfterLimit } from './retry-after';
import { neverConnected } from '../../shared/never-connected';

/** Names a request in messages. */
export interface RequestLabel {
  method: 'GET' | 'POST' | 'DELETE';
  /** Path template below the dataset or the organization, so that messages hold no id and no query. */
  route: string;
  /** What the request is about: `dataset demo`, `asset a1`. */
  about?: string;
  /** True if a lost answer leaves open whether something was made, so that a later attempt must look for it. */
  creates?: boolean;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** Host of the endpoint, for messages. */
  host: string;
}

const ADVICE: Partial<Record<FailureType, string>> = {
  ProviderAuth: 'check DATATURE_VI_SECRET_KEY and DATATURE_VI_ORGANIZATION_ID of the worker',
  QuotaExhausted: 'delete assets or raise the plan, then start again',
  PayloadTooLarge: 'send a smaller file',
};
const NOT_ALLOWED = 'the secret key may not do this; check its permissions, and that the dataset is not locked';
const CHECK_THE_WAY = 'check DATATURE_VI_API_ENDPOINT of the worker, and any proxy on the way';
/** A quoted answer is cut to this. */
const MAX_QUOTED = 300;

/**
 * The one place where an HTTP answer becomes a failure. A refusal is final only if its body may be the provider's own:
 * a JSON object, or nothing. Anything else comes from a proxy or a wrong endpoint, which is `ProviderUnavailable`.
 */
export function failureOfAnswer(label: RequestLabel, { status, headers, text, host }: Answer): ApplicationFailure {
  const words = wordsIn(text);
  const type = typeOf(label, status, words !== undefined);
  const said =
    words ?? (text.trim() === '' ? 'no explanation' : `not in JSON: ${withoutQueries(text.slice(0, MAX_QUOTED))}`);
  const where = status < 500 && type === 'ProviderUnavailable' ? ` from ${host}` : '';
  const advice = where ? CHECK_THE_WAY : status === 403 ? NOT_ALLOWED : ADVICE[type];
  const retryAfter = type === 'RateLimited' ? waitAfterLimit(headers) : undefined;
  return failure(type, `${requestWords(label)}: ${status}${where}, ${said}${advice ? ` (${advice})` : ''}`, {
    retryAfter,
  });
}

function typeOf({ method, creates }: RequestLabel, status: number, isOwn: boolean): FailureType {
  if (status === 429) return 'RateLimited';
  if (status === 408 || status >= 500) return creates ? 'OutcomeUnknown' : 'ProviderUnavailable';
  if (!isOwn || status < 400) return 'ProviderUnavailable';
  switch (status) {
    case 401:
      return 'ProviderAuth';
    case 402:
      return 'QuotaExhausted';
    case 404:
    case 410:
      return 'ResourceGone';
    case 409:
      return method === 'DELETE' ? 'BlockedByReferences' : 'ProviderRejected';
    case 413:
      return 'PayloadTooLarge';
    default:
      return 'ProviderRejected';
  }
}

/** Converts an error of the connection into a failure. */
export function failureOfConnection(label: RequestLabel, error: unknown): unknown {
  if (failureType(error)) return error;
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'UND_ERR_INVALID_ARG') {
    return failure('ProviderAuth', `${requestWords(label)}: cannot be sent: ${message} (${ADVICE.ProviderAuth})`);
  }
  const type = label.creates && !neverConnected(error) ? 'OutcomeUnknown' : 'ProviderUnavailable';
  return failure(type, `${requestWords(label)}: no answer (${code ?? message ?? 'connection failed'})`);
}

/** Failure for a success that does not match its schema. A create has had its effect, so the next attempt must look. */
export const failureOfShape = (label: RequestLabel, problem: string): ApplicationFailure =>
  failure(
    label.creates ? 'OutcomeUnknown' : 'ProviderUnavailable',
    `${requestWords(label)}: the answer is not as documented: ${problem}`,
  );

export const requestWords = ({ method, route, about }: RequestLabel): string =>
  `${method} ${route}${about ? ` (${about})` : ''}`;

/** The provider's words: `message`, else `error`, of a JSON object; `undefined` if the body is none. */
function wordsIn(text: string): string | undefined {
  if (text.trim() === '') return 'no explanation';
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const { message, error } = body as { message?: unknown; error?: unknown };
  const said =
    message ?? (typeof error === 'object' && error !== null ? (error as { message?: unknown }).message : error);
  const words = typeof said === 'string' ? said : JSON.stringify(body);
  return withoutQueries(words.slice(0, MAX_QUOTED * 4));
}

/** Removes the queries of URLs, because a signed query is a secret. */
export const withoutQueries = (text: string): string => text.replaceAll(/(https?:\/\/[^\s"'?#]+)[?#][^\s"']*/g, '$1');
