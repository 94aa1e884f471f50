import { failureType } from '../../../src/contracts/failures';
import { failureOfAnswer, failureOfConnection } from '../../../src/providers/datature-vi/api/errors';
import { waitAfterLimit } from '../../../src/providers/datature-vi/api/retry-after';

const label = { method: 'GET', route: '/assets/{id}', about: 'asset a1' } as const;
const answer = (status: number, text: string, headers: Record<string, string> = {}) => ({
  status,
  text,
  headers,
  host: 'api.example',
});
const OWN = '{"message":"the words of the provider"}';

test.each([
  [400, 'ProviderRejected'],
  [401, 'ProviderAuth'],
  [402, 'QuotaExhausted'],
  [403, 'ProviderRejected'],
  [404, 'ResourceGone'],
  [408, 'ProviderUnavailable'],
  [409, 'ProviderRejected'],
  [410, 'ResourceGone'],
  [413, 'PayloadTooLarge'],
  [422, 'ProviderRejected'],
  [429, 'RateLimited'],
  [500, 'ProviderUnavailable'],
  [503, 'ProviderUnavailable'],
] as const)('%i in the provider’s words is %s', (status, type) => {
  const refused = failureOfAnswer(label, answer(status, OWN));
  expect(failureType(refused)).toBe(type);
  expect(refused.message).toContain('the words of the provider');
  expect(refused.message).toContain('asset a1');
});

test('a create without an answer may have had its effect, and a refused deletion is blocked', () => {
  const create = { method: 'POST', route: '/x', creates: true } as const;
  expect([500, 503, 408].map((status) => failureType(failureOfAnswer(create, answer(status, OWN))))).toEqual(
    Array(3).fill('OutcomeUnknown'),
  );
  expect(failureType(failureOfAnswer({ ...label, method: 'DELETE' }, answer(409, OWN)))).toBe('BlockedByReferences');
  expect(failureType(failureOfConnection(create, Object.assign(new Error('x'), { code: 'ECONNRESET' })))).toBe(
    'OutcomeUnknown',
  );
  expect(failureType(failureOfConnection(create, Object.assign(new Error('x'), { code: 'ECONNREFUSED' })))).toBe(
    'ProviderUnavailable',
  );
});

test.each([
  ['a page of a proxy', '<html>Not here</html>'],
  ['a list', '[]'],
])('%s proves nothing, and the way is to be checked', (_name, text) => {
  for (const status of [302, 400, 401, 403, 404]) {
    const refused = failureOfAnswer(label, answer(status, text));
    expect(failureType(refused)).toBe('ProviderUnavailable');
    expect(refused.message).toContain('DATATURE_VI_API_ENDPOINT');
  }
});

test.each([
  ['{"error":"flat words"}', 'flat words'],
  ['{"error":{"message":"nested words"}}', 'nested words'],
  ['{"code":7}', '{"code":7}'],
  ['', 'no explanation'],
  ['{"message":"see https://s.example/a?sig=secret"}', 'see https://s.example/a'],
])('the words of %s are kept', (text, words) => {
  const { message } = failureOfAnswer(label, answer(404, text));
  expect(message).toContain(words);
  expect(message).not.toContain('secret');
});

test.each([
  [{ 'retry-after': '7' }, 7000],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT', date: 'Thu, 01 Jan 2026 00:00:00 GMT' }, 30_000],
  [{ 'retry-after': 'soon' }, 15_000],
  [{}, 15_000],
])('after %o it waits %i ms', (headers, expected) => {
  const wait = waitAfterLimit(headers);
  expect(wait).toBeGreaterThanOrEqual(expected);
  expect(wait).toBeLessThanOrEqual(expected + 500);
  expect(
    failureOfAnswer(label, answer(429, '', headers as Record<string, string>)).nextRetryDelay,
  ).toBeGreaterThanOrEqual(expected);
});
