import { failureType } from '../../../src/contracts/failures';
import { failureOfAnswer, failureOfConnection, type RequestLabel } from '../../../src/providers/twelvelabs/api/errors';
import { waitAfterLimit, readRateWindow } from '../../../src/providers/twelvelabs/api/rate-limit';

const create: RequestLabel = { method: 'POST', route: '/assets', about: 'a.mp4', creates: true };
const read: RequestLabel = { method: 'GET', route: '/assets/{asset_id}', about: 'a1', creates: false };
const remove: RequestLabel = { method: 'DELETE', route: '/assets/{asset_id}', about: 'a1', creates: false };
const HOST = 'api.example.com';
const answered = (label: RequestLabel, status: number, body: unknown) =>
  failureOfAnswer(label, { status, headers: {}, body, host: HOST });
const flat = (code: string, message = 'words of the provider') => ({ code, message });

test.each<[string, RequestLabel, number, unknown, string]>([
  ['a bad parameter', create, 400, flat('parameter_invalid'), 'ProviderRejected'],
  ['an unknown id', read, 404, flat('resource_not_exist'), 'ResourceGone'],
  ['an unknown embed task', read, 404, { error: flat('resource_not_exist') }, 'ResourceGone'],
  ['an unknown task by its own name', read, 404, { error: flat('task_not_found') }, 'ResourceGone'],
  ['an unknown id said with 400', read, 400, flat('resource_not_exist'), 'ResourceGone'],
  ['a bad key', read, 401, flat('api_key_invalid'), 'ProviderAuth'],
  ['used-up credit', create, 400, flat('usage_limit_exceeded'), 'QuotaExhausted'],
  ['references', remove, 409, flat('asset_in_use'), 'BlockedByReferences'],
  ['too many bytes', create, 413, { error: flat('request_too_large') }, 'PayloadTooLarge'],
  ['too many bytes said with 400', create, 400, flat('video_filesize_too_large'), 'PayloadTooLarge'],
  ['a rate limit', create, 429, undefined, 'RateLimited'],
  ['a broken create', create, 500, flat('generic_error'), 'OutcomeUnknown'],
  ['a broken read', read, 503, '<html>', 'ProviderUnavailable'],
  ['a broken delete', remove, 502, undefined, 'ProviderUnavailable'],
  ['a limit told with 400', create, 400, flat('too_many_requests'), 'RateLimited'],
  ['a create that timed out there', create, 400, flat('request_canceled_or_timed_out'), 'OutcomeUnknown'],
  ['a read that timed out there', read, 400, flat('request_canceled_or_timed_out'), 'ProviderUnavailable'],
])('%s is %s', (_name, label, status, body, type) => {
  const failed = answered(label, status, body);
  expect(failureType(failed)).toBe(type);
  expect(failed.message).toContain(`${label.method} ${label.route}`);
});

const PROXY_PAGE = undefined; // HTML is no JSON
test.each<[string, RequestLabel, number, unknown]>([
  ['a 404 page', read, 404, PROXY_PAGE],
  ['a 404 page to a delete', remove, 404, PROXY_PAGE],
  ['a 404 page to a create', create, 404, PROXY_PAGE],
  ['a 404 of a path that the provider does not know', read, 404, flat('api_not_found')],
  ['a 404 of another service', read, 404, { error: { code: '404', message: 'Resource not found' } }],
  ['a 404 of a gateway', read, 404, { message: 'no Route matched with those values' }],
  ['a 404 of a web framework', remove, 404, { status: 404, error: 'Not Found', message: 'No message available' }],
  ['a 400 page', create, 400, PROXY_PAGE],
  ['a 401 page', read, 401, PROXY_PAGE],
  ['a 403 page', read, 403, PROXY_PAGE],
  ['a 407 page', create, 407, PROXY_PAGE],
  ['a 409 page', remove, 409, PROXY_PAGE],
  ['a 413 page', create, 413, PROXY_PAGE],
  ['a redirect', create, 302, PROXY_PAGE],
])('%s is not the provider’s word, so it ends nothing and names the host', (_name, label, status, body) => {
  const failed = answered(label, status, body);
  expect(failureType(failed)).toBe('ProviderUnavailable');
  expect(failed.message).toContain(`${status} from ${HOST}`);
  expect(failed.message).toContain('TWELVELABS_BASE_URL');
});

test('a proxy that refuses with 403 may have filtered the answer to a create that happened', () => {
  expect(failureType(answered(create, 403, PROXY_PAGE))).toBe('OutcomeUnknown');
});

test.each<[string, string, string]>([
  ['read_not_allowed', 'ProviderRejected', 'belongs to another account, or is gone'],
  ['unauthorized', 'ProviderAuth', 'give the worker a key that may'],
  ['api_not_allowed', 'ProviderRejected', 'raise the plan'],
  ['api_allowed_for_paid_plan', 'ProviderRejected', 'raise the plan'],
  ['region_not_allowed', 'ProviderRejected', 'run the worker in another region'],
  ['api_upgrade_required', 'ProviderRejected', 'TWELVELABS_BASE_URL'],
])('403 %s is %s and says what to do', (code, type, advice) => {
  for (const body of [flat(code), { error: flat(code) }]) {
    const failed = answered(read, 403, body);
    expect(failureType(failed)).toBe(type);
    expect(failed.message).toContain(advice);
  }
});

test('keeps the provider’s own words of all three shapes, but no query of a URL', () => {
  const said = (body: unknown) => answered(read, 400, body).message;
  expect(said(flat('parameter_invalid'))).toContain('parameter_invalid: words of the provider');
  expect(said({ error: flat('x') })).toContain('x: words of the provider');
  expect(said({ error_code: 7, message: 'odd' })).toContain('7: odd');
  const secret = said(flat('source_unavailable', 'cannot fetch https://b.example/v.mp4?X-Amz-Signature=abc now'));
  expect(secret).toContain('https://b.example/v.mp4 now');
  expect(secret).not.toContain('abc');
});

test.each([
  ['a refused connection', create, 'ECONNREFUSED', false, 'ProviderUnavailable'],
  ['a refused connection, body buffered', create, 'ECONNREFUSED', true, 'ProviderUnavailable'],
  ['a reset after a create was sent', create, 'ECONNRESET', true, 'OutcomeUnknown'],
  ['a reset while a create was sent', create, 'ECONNRESET', false, 'ProviderUnavailable'],
  ['no answer to a create', create, 'UND_ERR_HEADERS_TIMEOUT', true, 'OutcomeUnknown'],
  ['no answer to a read', read, 'UND_ERR_HEADERS_TIMEOUT', true, 'ProviderUnavailable'],
])('%s means what it must', (_name, label, code, sentInFull, type) => {
  const error = Object.assign(new Error('x'), { code });
  expect(failureType(failureOfConnection(label, error, sentInFull))).toBe(type);
});

describe('the wait after a rate limit', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const at = (seconds: number) => String(now / 1000 + seconds);
  const wait = (headers: Record<string, string>, message?: string) => waitAfterLimit(headers, message, now) / 1000;

  const used = (dimension: string, remaining: number, reset: string) => ({
    [`x-ratelimit-${dimension}-remaining`]: String(remaining),
    [`x-ratelimit-${dimension}-reset`]: reset,
  });
  const LIMIT_TEXT = (wait: string) =>
    `You have exceeded the rate limit (60 requests per minute). Please try again later after ${wait}.`;

  test.each<[string, Record<string, string>, string | undefined, number]>([
    ['Retry-After in seconds', { 'retry-after': '7' }, undefined, 7],
    ['Retry-After as a date', { 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }, undefined, 9],
    ['the newer header', { 'x-ratelimit-request-remaining': '0', 'x-ratelimit-request-reset': at(30) }, undefined, 30],
    ['the older header', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': at(12) }, undefined, 12],
    [
      'only windows that are exhausted',
      {
        'x-ratelimit-request-remaining': '5',
        'x-ratelimit-request-reset': at(50),
        'x-ratelimit-duration-remaining': '0',
        'x-ratelimit-duration-reset': at(20),
      },
      undefined,
      20,
    ],
    ['the message', {}, 'Too many requests. Retry after 25 seconds.', 25],
    ['the documented text', {}, LIMIT_TEXT('30 seconds'), 30],
    ['the documented text with a bare number', {}, LIMIT_TEXT('40'), 40],
    ['the documented text with a short duration', {}, LIMIT_TEXT('1m30s'), 90],
    ['the documented text with a long duration', {}, LIMIT_TEXT('2 hours and 5 minutes'), 7500],
    ['the documented text with a moment', {}, LIMIT_TEXT('2026-01-01T00:02:00Z'), 120],
    ['the documented text with epoch seconds', {}, LIMIT_TEXT(at(50)), 50],
    ['a reset in milliseconds', used('request', 0, String(now + 20_000)), undefined, 20],
    ['a reset in seconds from now', used('request', 0, '20'), undefined, 20],
    ['a reset that is years away, capped', used('request', 0, at(1e8)), undefined, 86_400],
    ['a Retry-After of years, capped', { 'retry-after': '99999999999' }, undefined, 86_400],
    ['no reset without what remains', { 'x-ratelimit-request-reset': at(50) }, undefined, 15],
    ['media seconds that are used up', used('duration', 0, at(3000)), undefined, 3000],
    [
      'media seconds that are too few',
      { ...used('duration', 60, at(900)), ...used('request', 5, at(9)) },
      undefined,
      900,
    ],
    [
      'neither, where enough is left of both',
      { ...used('duration', 36_000, at(900)), ...used('request', 5, at(9)) },
      undefined,
      15,
    ],
    ['media seconds without a reset', used('duration', 0, ''), undefined, 600],
    ['dimensions that name media seconds alone', { 'x-ratelimit-dimensions': 'Duration' }, undefined, 600],
    ['dimensions without media seconds', { 'x-ratelimit-dimensions': 'Request' }, undefined, 15],
    ['nothing at all', {}, undefined, 15],
  ])('is read from %s', (_name, headers, message, seconds) => {
    expect(wait(headers, message)).toBeGreaterThanOrEqual(seconds);
    expect(wait(headers, message)).toBeLessThanOrEqual(seconds + 1);
  });
});

describe('the window that an answer tells', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const told = (remaining: string, reset: number | string, more: Record<string, string> = {}) =>
    readRateWindow(
      { 'x-ratelimit-request-remaining': remaining, 'x-ratelimit-request-reset': String(reset), ...more },
      now,
    );

  test('is a minute’s, in seconds or milliseconds', () => {
    const limit = { 'x-ratelimit-request-limit': '60' };
    expect(told('5', now / 1000 + 30, limit)).toEqual({ remaining: 5, resetInMs: 30_000, limit: 60 });
    expect(told('5', now + 30_000)).toEqual({ remaining: 5, resetInMs: 30_000 });
  });

  test('is none where what remains, or the reset, is no number', () => {
    expect(told('', now / 1000 + 30)).toBeUndefined();
    expect(told('many', now / 1000 + 30)).toBeUndefined();
    expect(told('5', 'soon')).toBeUndefined();
  });

  test('is never a day’s: that one says nothing of this minute', () => {
    expect(told('0', now / 1000 + 7200)).toBeUndefined();
    const minute = { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': String(now / 1000 + 20) };
    expect(told('2500', now / 1000 + 7200, minute)).toEqual({ remaining: 3, resetInMs: 20_000 });
  });
});
