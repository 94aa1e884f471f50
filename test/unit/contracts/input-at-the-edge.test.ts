import { lifecycleJsonSchema } from '../../../scripts/lifecycle-json-schema';
import { acceptInput } from '../../../src/providers/registry';

const refusalOf = (input: unknown): string => {
  try {
    acceptInput(input);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

const urlRefusal = (url: string): string => refusalOf({ source: { type: 'url', url } });

describe('URLs', () => {
  test.each([
    'http://[::1',
    'http://a b/c.mp4',
    'http://example.com:99999/c.mp4',
    'http://example.com:port/c.mp4',
    'http://xn--a/c.mp4',
    'http://256.256.256.256/c.mp4',
    'http://exa%00mple.com/',
    'https://a^b/',
    'http://',
    'https:///c.mp4',
  ])('%s, which the URL parser refuses, is refused as source.url', (url) => {
    expect(urlRefusal(url)).toMatch(/source\.url: must be a valid URL with a host$/);
  });

  test.each([
    'https://b.s3.amazonaws.com/k.mp4?X-Amz-Signature=SECRET',
    'https://b.s3.amazonaws.com/k.mp4?x-amz-credential=SECRET&X-Amz-Date=1',
    'https://b.s3.amazonaws.com/k.mp4?AWSAccessKeyId=A&Expires=1&Signature=SECRET',
    'https://d1.cloudfront.net/k.mp4?Expires=1&Signature=SECRET&Key-Pair-Id=K',
    'https://storage.googleapis.com/b/k.mp4?X-Goog-Signature=SECRET',
    'https://storage.googleapis.com/b/k.mp4?GoogleAccessId=a%40b&Expires=1&Signature=SECRET',
    'https://a.blob.core.windows.net/c/k.mp4?sv=2024-01-01&se=2030-01-01&sig=SECRET',
    'https://b.s3.amazonaws.com/k.mp4?X%2DAmz%2DSignature=SECRET',
  ])('the presigned %s is refused without being repeated', (url) => {
    const message = urlRefusal(url);
    expect(message).toMatch(/source\.url: is a presigned URL \(.*"s3" source.*--allow-signed-url/);
    expect(message).not.toContain('SECRET');
    expect(message).not.toContain('https://');
  });

  test.each([
    'https://example.com/a.mp4?signature=blue&se=1',
    'https://example.com/a.mp4?sig=1',
    'https://e.com/x-amz-signature',
  ])('%s is no presigned URL', (url) =>
    expect(acceptInput({ source: { type: 'url', url } }).source).toEqual({ type: 'url', url }),
  );

  test('a presigned URL is taken where the input accepts that it stands in history', () => {
    const source = { type: 'url', url: 'https://b.s3.amazonaws.com/k?X-Amz-Signature=1', allowSignedUrl: true };
    expect(acceptInput({ source }).source).toEqual(source);
  });

  test('a URL in the wrong place is not repeated', () => {
    const url = 'https://b.s3.amazonaws.com/k?X-Amz-Signature=SECRET';
    for (const input of [
      { source: { type: url } },
      { source: { type: 'asset', assetId: url } },
      { source: { type: 's3', bucket: url, key: 'k' } },
      { source: { type: 'asset', assetId: 'a' }, [url]: 1 },
      { source: { type: 'asset', assetId: 'a' }, metadata: { [url]: {} } },
      { source: { type: 'asset', assetId: 'a' }, branch: { type: url } },
      { source: { type: 'asset', assetId: 'a' }, provider: url },
      { source: { type: 'asset', assetId: 'a' }, deadlines: { ready: url } },
    ]) {
      expect(refusalOf(input)).toMatch(/not valid/);
      expect(refusalOf(input)).not.toContain('SECRET');
    }
  });
});

describe('null', () => {
  test('for an optional field means absent, at every level', () => {
    const bare = { source: { type: 'asset', assetId: 'a' }, branch: { type: 'embed' } };
    const nulls = {
      source: { type: 'asset', assetId: 'a' },
      key: null,
      provider: null,
      filename: null,
      metadata: null,
      enableHls: null,
      upload: { method: null, concurrency: null },
      branch: { type: 'embed', model: null, scopes: null, options: null },
      cleanup: { onCancel: null },
      deadlines: null,
    };
    expect(acceptInput(nulls)).toEqual(acceptInput(bare));
    expect(acceptInput({ ...bare, metadata: { a: null, b: 1 } }).metadata).toEqual({ b: 1 });
  });

  test('for a field that is needed is refused', () => {
    expect(refusalOf({ source: null })).toMatch(/source: /);
    expect(refusalOf({ source: { type: 'asset', assetId: null } })).toMatch(/source\.assetId: /);
    expect(refusalOf(null)).toMatch(/input: /);
  });

  test('the published schema says so of every optional field, and of no other', () => {
    const { properties } = lifecycleJsonSchema().anyOf?.[0] ?? {};
    expect(properties?.filename?.anyOf).toContainEqual({ type: 'null' });
    expect(properties?.provider).toMatchObject({
      default: 'twelvelabs',
      anyOf: [{ type: 'string' }, { type: 'null' }],
    });
    expect(properties?.source?.anyOf).toBeUndefined();
    expect(properties?.upload?.anyOf).toMatchObject([
      { properties: { method: { anyOf: [{ type: 'string' }, { type: 'null' }] } } },
      { type: 'null' },
    ]);
  });
});

test.each<[string, unknown]>([
  ['key', { key: 'a\ud800', source: { type: 'asset', assetId: 'a' } }],
  ['source.path', { source: { type: 'file', path: '/\udc00' } }],
  ['source.url', { source: { type: 'url', url: 'https://example.com/\ud83d' } }],
  ['metadata.a', { source: { type: 'asset', assetId: 'a' }, metadata: { a: '\ud800' } }],
  ['metadata', { source: { type: 'asset', assetId: 'a' }, metadata: { '\ud800': 1 } }],
  [
    'branch.name',
    { source: { type: 'asset', assetId: 'a' }, branch: { type: 'entity', collectionId: 'c', name: '\ud800' } },
  ],
])('half a character in %s is refused and named', (field, input) => {
  expect(refusalOf(input)).toMatch(new RegExp(`: ${field.replace('.', '\\.')}: .*half a character`));
});

test('an input that is nested without end is refused, and not walked to the end', () => {
  const endless: Record<string, unknown> = {};
  endless.a = endless;
  expect(refusalOf({ source: endless })).toMatch(/nested too deeply/);
});
