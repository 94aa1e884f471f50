import { failureType } from '../../src/contracts/failures';
import { failureOfAnswer, failureOfConnection, type RequestLabel } from '../../src/providers/twelvelabs/errors';
import { waitAfterLimit } from '../../src/providers/twelvelabs/rate-limit';

const create: RequestLabel = { method: 'POST', route: '/assets', about: 'a.mp4', creates: true };
const read: RequestLabel = { method: 'GET', route: '/assets/{asset_id}', about: 'a1', creates: false };
const remove: RequestLabel = { method: 'DELETE', route: '/assets/{asset_id}', about: 'a1', creates: false };
const flat = (code: string, message = 'words of the provider') => ({ code, message });

test.each<[string, RequestLabel, number, unknown, string]>([
  ['a bad parameter', create, 400, flat('parameter_invalid'), 'ProviderRejected'],
  ['a refusal of the plan', create, 403, flat('api_not_allowed'), 'ProviderRejected'],
  ['an unknown id', read, 404, flat('resource_not_exist'), 'ResourceGone'],
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
])('%s is %s', (_name, label, status, body, type) => {
  const failed = failureOfAnswer(label, { status, headers: {}, body });
  expect(failureType(failed)).toBe(type);
  expect(failed.message).toContain(`${label.method} ${label.route}`);
});

test('keeps the provider’s own words of all three shapes, but no query of a URL', () => {
  const said = (body: unknown) => failureOfAnswer(read, { status: 400, headers: {}, body }).message;
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
    ['nothing at all', {}, undefined, 15],
  ])('is read from %s', (_name, headers, message, seconds) => {
    expect(wait(headers, message)).toBeGreaterThanOrEqual(seconds);
    expect(wait(headers, message)).toBeLessThanOrEqual(seconds + 1);
  });
});
