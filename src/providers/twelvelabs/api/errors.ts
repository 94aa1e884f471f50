import type { IncomingHttpHeaders } from 'node:http';
import type { ApplicationFailure } from '@temporalio/common';
import { failure, failureType, type FailureType } from '../../../contracts/failures';
import { waitAfterLimit } from './rate-limit';
import { neverConnected } from '../../shared/never-connected';

/** Names a request in messages. `route` is the path template, so that messages hold no secret and no long URL. */
export interface RequestLabel {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  route: string;
  /** The object of the request, such as an asset id. */
  about?: string;
  /** True if a lost answer leaves open whether an object was made, so that a later attempt must look for it. */
  creates: boolean;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** The parsed JSON; undefined where there was none. */
  body: unknown;
  /** Host of the base URL, for messages. */
  host: string;
}

/** Failure of each error code; these win over the status. */
const TYPE_BY_CODE: Readonly<Record<string, FailureType>> = {
  usage_limit_exceeded: 'QuotaExhausted',
  insufficient_funds: 'QuotaExhausted',
  api_key_invalid: 'ProviderAuth',
  unauthorized: 'ProviderAuth',
  read_not_allowed: 'ProviderRejected',
  api_not_allowed: 'ProviderRejected',
  api_allowed_for_paid_plan: 'ProviderRejected',
  region_not_allowed: 'ProviderRejected',
  api_upgrade_required: 'ProviderRejected',
  too_many_requests: 'RateLimited',
};

const ADVICE_BY_TYPE: Partial<Record<FailureType, string>> = {
  ProviderAuth: 'check TWELVE_LABS_API_KEY of the worker',
  QuotaExhausted: 'raise the plan or wait for the next period, then start again',
  BlockedByReferences: 'remove what refers to it, or force the deletion',
  PayloadTooLarge: 'send a smaller file',
};

const OTHER_PLAN = 'the plan of the account does not include this call; raise the plan, or start without it';
const ADVICE_BY_CODE: Readonly<Record<string, string>> = {
  read_not_allowed: 'it belongs to another account, or is gone; check that TWELVE_LABS_API_KEY is of the right account',
  unauthorized: 'TWELVE_LABS_API_KEY of the worker may not do this; give the worker a key that may',
  api_not_allowed: OTHER_PLAN,
  api_allowed_for_paid_plan: OTHER_PLAN,
  region_not_allowed: 'the provider does not serve the region the worker runs in; run the worker in another region',
  api_upgrade_required: 'this version of the API has ended; check TWELVELABS_BASE_URL of the worker',
};

/** Codes for an unknown object. The code for an unknown path is not among them. */
const GONE_CODE =
  /^(resource|asset|video|entity|entity_collection|collection|index|indexed_asset|task|embed_task|upload|upload_session|session|chunk)_not_(exists?|found)$/;

const CHECK_THE_WAY = 'check TWELVELABS_BASE_URL of the worker, and any proxy on the way';

/**
 * The one place where an HTTP answer becomes a failure. Only the provider's own error body proves that a refusal is
 * final: the same status may come from a proxy, a login page or a wrong base URL, which is `ProviderUnavailable`.
 */
export function failureOfAnswer(label: RequestLabel, { status, headers, body, host }: Answer): ApplicationFailure {
  const words = ownWords(body);
  const type = failureTypeOf(label, status, words?.code);
  const said = words ? `${words.code}: ${withoutQueries(words.message)}` : 'no explanation';
  if (status < 500 && (type === 'ProviderUnavailable' || type === 'OutcomeUnknown')) {
    return failure(type, `${requestWords(label)}: ${status} from ${host}, ${said}; ${CHECK_THE_WAY}`);
  }
  const advice = ADVICE_BY_CODE[words?.code ?? ''] ?? ADVICE_BY_TYPE[type];
  const retryAfter = type === 'RateLimited' ? waitAfterLimit(headers, words?.message) : undefined;
  return failure(type, `${requestWords(label)}: ${status}, ${said}${advice ? ` (${advice})` : ''}`, { retryAfter });
}

function failureTypeOf(label: RequestLabel, status: number, code: string | undefined): FailureType {
  if (status === 429 && !Object.hasOwn(TYPE_BY_CODE, code ?? '')) return 'RateLimited';
  if (status === 408 || status >= 500 || code === 'request_canceled_or_timed_out') return unanswered(label);
  if (code === undefined) return notTheProvider(label, status);
  if (Object.hasOwn(TYPE_BY_CODE, code)) return TYPE_BY_CODE[code] as FailureType;
  if (GONE_CODE.test(code)) return 'ResourceGone';
  if (status === 404 || status < 400) return 'ProviderUnavailable'; // an unknown path: not the provider
  if (status === 401) return 'ProviderAuth';
  if (status === 409) return label.method === 'DELETE' ? 'BlockedByReferences' : 'ProviderRejected';
  if (status === 413 || code.endsWith('_filesize_too_large')) return 'PayloadTooLarge';
  return 'ProviderRejected';
}

/** Failure of a request without a usable answer: a create may have had its effect. */
const unanswered = ({ creates }: RequestLabel): FailureType => (creates ? 'OutcomeUnknown' : 'ProviderUnavailable');

/**
 * An answer from another server means that the request did not reach the provider. Exception: a proxy that filters
 * answers sends its 403 after the provider has acted.
 */
const notTheProvider = (label: RequestLabel, status: number): FailureType =>
  status === 403 ? unanswered(label) : 'ProviderUnavailable';

/** Converts an error of the connection into a failure. `sentInFull`: the whole request was sent. */
export function failureOfConnection(label: RequestLabel, error: unknown, sentInFull: boolean): unknown {
  if (failureType(error)) return error; // the source failed while it was read
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'UND_ERR_INVALID_ARG') {
    return failure(
      'ProviderAuth',
      `${requestWords(label)}: cannot be sent: ${message} (${ADVICE_BY_TYPE.ProviderAuth})`,
    );
  }
  const happened = label.creates && sentInFull && !neverConnected(error);
  const type = happened ? 'OutcomeUnknown' : 'ProviderUnavailable';
  const why = code === 'UND_ERR_ABORTED' ? message : code; // a proxy that refuses the tunnel says why
  return failure(type, `${requestWords(label)}: no answer (${why ?? message ?? 'connection failed'})`);
}

/** Failure for a success that does not match its schema. A create has had its effect, so the next attempt must look. */
export function failureOfShape(label: RequestLabel, problem: string): ApplicationFailure {
  return failure(unanswered(label), `${requestWords(label)}: the answer is not as documented: ${problem}`);
}

/** Failure for a success that is no JSON, such as the login page of a proxy. It proves nothing. */
export const failureOfForeignBody = (label: RequestLabel, host: string): ApplicationFailure =>
  failureOfShape(label, `${host} did not answer in JSON; ${CHECK_THE_WAY}`);

const requestWords = ({ method, route, about }: RequestLabel): string =>
  `${method} ${route}${about ? ` (${about})` : ''}`;

/** Codes are words joined by "_". Other services say `404`, `NotFound` or `Not Found`. */
const CODE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/** Reads `code` and `message` from the provider's error shapes: flat, under `error`, or with a numeric `error_code`. */
function ownWords(body: unknown): { code: string; message: string } | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const flat = body as Record<string, unknown>;
  const words = (typeof flat.error === 'object' && flat.error !== null ? flat.error : flat) as Record<string, unknown>;
  const { code, error_code: number, message } = words;
  if (typeof message !== 'string') return undefined;
  if (typeof code === 'string' && CODE.test(code)) return { code, message };
  return typeof number === 'number' ? { code: String(number), message } : undefined;
}

/** Removes the queries of URLs, because a presigned query is a secret. */
export const withoutQueries = (text: string): string => text.replaceAll(/(https?:\/\/[^\s"'?#]+)[?#][^\s"']*/g, '$1');
