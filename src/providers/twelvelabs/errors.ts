import type { IncomingHttpHeaders } from 'node:http';
import type { ApplicationFailure } from '@temporalio/common';
import { failure, failureType, type FailureType } from '../../contracts/failures';
import { waitAfterLimit } from './rate-limit';

/** The request an answer belongs to. `route` is the template, so that messages carry no secret and no long URL. */
export interface RequestLabel {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  route: string;
  /** What it was about, such as an asset id. */
  about?: string;
  /** True where a lost answer leaves in doubt what there is now, so that it must be looked for or undone. */
  creates: boolean;
}

const QUOTA_CODES = new Set(['usage_limit_exceeded', 'insufficient_funds']);
const GONE_CODES = new Set(['resource_not_exist', 'resource_not_exists']);

const ADVICE: Partial<Record<FailureType, string>> = {
  ProviderAuth: 'check TWELVE_LABS_API_KEY of the worker',
  QuotaExhausted: 'raise the plan or wait for the next period, then start again',
  BlockedByReferences: 'remove what refers to it, or force the deletion',
  PayloadTooLarge: 'send a smaller file',
};

/** No redirect is followed: it would take the key elsewhere, and a write that was redirected had no effect. */
const REDIRECTED = 'the API does not redirect; check TWELVELABS_BASE_URL of the worker';

/** The one place where an HTTP answer becomes a failure. */
export function failureOfAnswer(
  label: RequestLabel,
  answer: { status: number; headers: IncomingHttpHeaders; body: unknown },
): ApplicationFailure {
  const { code, message } = wordsOf(answer.body);
  const type = typeOf(label, answer.status, code);
  const said = [code, message && withoutQueries(message)].filter(Boolean).join(': ') || 'no explanation';
  const advice = answer.status < 400 ? REDIRECTED : ADVICE[type];
  const text = `${describe(label)}: ${answer.status}, ${said}${advice ? ` (${advice})` : ''}`;
  const retryAfter = type === 'RateLimited' ? waitAfterLimit(answer.headers, message) : undefined;
  return failure(type, text, { retryAfter });
}

function typeOf(label: RequestLabel, status: number, code: string | undefined): FailureType {
  if (code !== undefined && QUOTA_CODES.has(code)) return 'QuotaExhausted';
  if (status === 401 || code === 'api_key_invalid') return 'ProviderAuth';
  if (status === 404 || (status === 400 && code !== undefined && GONE_CODES.has(code))) return 'ResourceGone';
  if (status === 409) return label.method === 'DELETE' ? 'BlockedByReferences' : 'ProviderRejected';
  if (status === 413 || code?.endsWith('_filesize_too_large')) return 'PayloadTooLarge';
  if (status === 429) return 'RateLimited';
  if (status === 408 || status >= 500) return label.creates ? 'OutcomeUnknown' : 'ProviderUnavailable';
  return 'ProviderRejected';
}

/** Errors of the connection after which the provider cannot have seen the request. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What it means that no answer came. `sentInFull`: the whole request had gone out. */
export function failureOfConnection(label: RequestLabel, error: unknown, sentInFull: boolean): unknown {
  if (failureType(error)) return error; // the source failed while it was read
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'UND_ERR_INVALID_ARG') {
    return failure('ProviderAuth', `${describe(label)}: cannot be sent: ${message} (${ADVICE.ProviderAuth})`);
  }
  const happened = label.creates && sentInFull && !NEVER_CONNECTED.has(code ?? '');
  const type = happened ? 'OutcomeUnknown' : 'ProviderUnavailable';
  const why = code === 'UND_ERR_ABORTED' ? message : code; // a proxy that refuses the tunnel says why
  return failure(type, `${describe(label)}: no answer (${why ?? message ?? 'connection failed'})`);
}

/** An answer that cannot be read: after a create its effect stands, so the next attempt must look. */
export function failureOfShape(label: RequestLabel, problem: string): ApplicationFailure {
  const type = label.creates ? 'OutcomeUnknown' : 'ProviderUnavailable';
  return failure(type, `${describe(label)}: the answer is not as documented: ${problem}`);
}

const describe = ({ method, route, about }: RequestLabel): string => `${method} ${route}${about ? ` (${about})` : ''}`;

/** `code` and `message` of the three body shapes: flat, nested under `error`, and `error_code`. */
function wordsOf(body: unknown): { code?: string; message?: string } {
  if (typeof body !== 'object' || body === null) return {};
  const flat = body as Record<string, unknown>;
  const words = (typeof flat.error === 'object' && flat.error !== null ? flat.error : flat) as Record<string, unknown>;
  const code = words.code ?? words.error_code;
  return {
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    ...(typeof words.message === 'string' ? { message: words.message } : {}),
  };
}

/** Presigned queries are secrets. */
export const withoutQueries = (text: string): string => text.replaceAll(/(https?:\/\/[^\s"'?#]+)[?#][^\s"']*/g, '$1');
