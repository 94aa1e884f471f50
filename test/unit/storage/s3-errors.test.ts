import { failureType } from '../../../src/contracts/failures';
import { failureOfSource, s3CodeOf, s3TroubleOf } from '../../../src/storage/s3/s3-errors';

const place = { bucket: 'media', key: 'a/b.mp4' };
const answer = (name: string, httpStatusCode: number) =>
  Object.assign(new Error('said with AKIASECRETKEYID and https://media.example/a?X-Amz-Signature=secret'), {
    name,
    $metadata: { httpStatusCode },
  });
const system = (code: string) => Object.assign(new Error(`${code} 10.0.0.1:443`), { code });
const named = (name: string, message = 'x') => Object.assign(new Error(message), { name });

test.each<[string, unknown, string, RegExp]>([
  ['a missing bucket', answer('NoSuchBucket', 404), 'InvalidRequest', /^source\.bucket: .*no such bucket/],
  ['a missing key', answer('NoSuchKey', 404), 'InvalidRequest', /^source\.key: .*no such object/],
  ['a HEAD without words', answer('NotFound', 404), 'InvalidRequest', /^source\.key: .*no such object/],
  ['an unknown version', answer('NoSuchVersion', 404), 'InvalidRequest', /^source\.versionId: .*no such version/],
  ['an archived object', answer('InvalidObjectState', 403), 'InvalidRequest', /^source\.key: .*restore it/],
  ['a refusal', answer('AccessDenied', 403), 'InvalidRequest', /^source\.key: .*s3:GetObject/],
  ['a refusal without words', answer('Unknown', 403), 'InvalidRequest', /^source\.key: .*s3:GetObject/],
  ['no credentials', named('CredentialsProviderError'), 'InvalidRequest', /^source\.bucket: .*AWS_PROFILE/],
  ['an unknown key id', answer('InvalidAccessKeyId', 403), 'InvalidRequest', /credentials of the worker .*AWS_PROFILE/],
  ['a wrong secret', answer('SignatureDoesNotMatch', 403), 'InvalidRequest', /missing, wrong or expired/],
  ['an expired token', answer('ExpiredToken', 400), 'ProviderUnavailable', /expired, or are being renewed/],
  ['an expired web identity', named('ExpiredTokenException'), 'ProviderUnavailable', /being renewed/],
  ['a renewal that failed', named('CredentialsRenewalError'), 'ProviderUnavailable', /being renewed/],
  ['an idle connection', answer('RequestTimeout', 400), 'ProviderUnavailable', /\(RequestTimeout, 400\)/],
  ['a body that broke off', answer('IncompleteBody', 400), 'ProviderUnavailable', /\(IncompleteBody, 400\)/],
  ['a clock that is wrong', answer('RequestTimeTooSkewed', 403), 'ProviderUnavailable', /RequestTimeTooSkewed/],
  ['another region', answer('PermanentRedirect', 301), 'InvalidRequest', /^source\.bucket: .*AWS_REGION/],
  ['no region', named('Error', 'Region is missing'), 'InvalidRequest', /AWS_REGION/],
  [
    'a changed object',
    answer('PreconditionFailed', 412),
    'SourceUnreadable',
    /^source\.key: .*changed while it was read/,
  ],
  ['a shrunken object', answer('InvalidRange', 416), 'SourceUnreadable', /changed while it was read/],
  ['throttling', answer('SlowDown', 503), 'ProviderUnavailable', /cannot be reached or is busy \(SlowDown, 503\)/],
  ['an outage', answer('Unknown', 500), 'ProviderUnavailable', /cannot be reached/],
  ['too many requests', answer('TooManyRequests', 429), 'ProviderUnavailable', /busy/],
  ['a refused connection', system('ECONNREFUSED'), 'ProviderUnavailable', /\(ECONNREFUSED\)/],
  ['a connection that broke off', system('ECONNRESET'), 'ProviderUnavailable', /\(ECONNRESET\)/],
  ['a timeout', named('TimeoutError'), 'ProviderUnavailable', /\(TimeoutError\)/],
  [
    'anything else',
    answer('BadDigest', 400),
    'InvalidRequest',
    /^source\.key: .*refused the request \(BadDigest, 400\)/,
  ],
])('%s is told by its code or status', (_name, error, type, message) => {
  const failed = failureOfSource(place, error) as Error;
  expect(failureType(failed)).toBe(type);
  expect(failed.message).toMatch(message);
  expect(failed.message).toContain('s3://media/a/b.mp4');
  expect(failed.message).not.toMatch(/AKIA|X-Amz|secret|10\.0\.0\.1/);
  expect(failed.cause).toBeUndefined();
});

test.each([answer('InvalidArgument', 400), answer('MethodNotAllowed', 405)])(
  'a version id that is malformed or a delete marker is named',
  (error) => {
    const failed = failureOfSource({ ...place, versionId: 'v' }, error) as Error;
    expect(failed.message).toMatch(/^source\.versionId: /);
    expect((failureOfSource(place, error) as Error).message).toMatch(/^source\.key: /);
  },
);

test('an object that is gone while it is read has changed', () => {
  const failed = failureOfSource(place, answer('NoSuchKey', 404), { reading: true });
  expect(failureType(failed)).toBe('SourceUnreadable');
});

test('what is no answer of S3 stays as it is: a bug', () => {
  const bug = new TypeError('x is not a function');
  expect(s3TroubleOf(bug)).toBeUndefined();
  expect(failureOfSource(place, bug)).toBe(bug);
});

test('an error is described by code and status alone', () => {
  expect(s3CodeOf(answer('AccessDenied', 403))).toBe('AccessDenied, 403');
  expect(s3CodeOf(answer('403', 403))).toBe('403');
  expect(s3CodeOf(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
  expect(s3CodeOf(new Error('x'))).toBe('no answer');
});
