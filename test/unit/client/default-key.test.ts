import fc from 'fast-check';
import { defaultKey } from '../../../src/client/default-key';
import { KeySchema } from '../../../src/contracts/lifecycle-input';
import { SourceSchema, type Source } from '../../../src/contracts/source';

const file = (path: string): Source => ({ type: 'file', path });
const s3 = (key: string, versionId?: string): Source => ({ type: 's3', bucket: 'media', key, versionId });

test.each<[string, Source, string]>([
  ['a path', file('/media/trail ä.mp4'), '/media/trail ä.mp4'],
  ['a URL', { type: 'url', url: 'https://Example.com/a.mp4#t=1' }, 'https://example.com/a.mp4'],
  ['a URL with a query', { type: 'url', url: 'https://example.com/a?b=c' }, 'https://example.com/a#8c3806a9e688'],
  ['an object', s3('films/a.mp4'), 's3://media/films/a.mp4'],
  ['a version of an object', s3('a.mp4', 'v1'), 's3://media/a.mp4?versionId=v1'],
  ['an asset', { type: 'asset', assetId: '6298d673f1090f1100476d4c' }, '6298d673f1090f1100476d4c'],
  ['a long path', file(`/media/${'x'.repeat(300)}.mp4`), `a4d70497c318…${'x'.repeat(176)}.mp4`],
])('%s gives the key that it always gave', (_name, source, key) => {
  expect(defaultKey(source)).toBe(key);
});

const ID = '6298d673f1090f1100476d4c';
test.each<[string, Source, Source]>([
  ['a trailing space', file('/m/trail.mp4'), file('/m/trail.mp4 ')],
  ['a tab and an underscore', file('/m/a\tb.mp4'), file('/m/a_b.mp4')],
  ['two control characters', file('/m/a\tb.mp4'), file('/m/a\nb.mp4')],
  ['an empty query and none', { type: 'url', url: 'https://a.b/c' }, { type: 'url', url: 'https://a.b/c?' }],
  ['a version and a key that names one', s3('a', 'v'), s3('a?versionId=v')],
  ['a file that is named as an object', file('s3://media/a'), s3('a')],
  ['a file that is named as a URL', file('https://a.b/c'), { type: 'url', url: 'https://a.b/c' }],
  ['a file that is named as an asset', file(ID), { type: 'asset', assetId: ID }],
  ['a file that is named as a hashed key', file('/m/a '), file(defaultKey(file('/m/a ')))],
])('%s are two sources with two keys', (_name, one, other) => {
  expect(defaultKey(one)).not.toBe(defaultKey(other));
});

test.each<[string, Source, string, string]>([
  ['a path', file('/photos/trail ä.jpg'), 'd-1', 'd-1-/photos/trail ä.jpg'],
  ['an object', s3('films/a.mp4'), 'demo', 'demo-s3://media/films/a.mp4'],
  ['a relative path with a hyphen', file('b-/c.jpg'), 'a', 'a-5896486f67f6…b-/c.jpg'],
  ['a long place', file('/c.jpg'), 'p'.repeat(255), `${'p'.repeat(100)}-0fbfc31f1a06…/c.jpg`],
])('%s in a place gives a key that begins with the place', (_name, source, place, key) => {
  expect(defaultKey(source, place)).toBe(key);
});

test('one source in two places has two keys, also where a key could be read both ways', () => {
  expect(defaultKey(file('/c.jpg'), 'a')).not.toBe(defaultKey(file('/c.jpg'), 'b'));
  expect(defaultKey(file('/c.jpg'), 'a-b')).not.toBe(defaultKey(file('b-/c.jpg'), 'a'));
  const long = (end: string) => defaultKey(file('/c.jpg'), `${'p'.repeat(200)}${end}`);
  expect(long('1')).not.toBe(long('2'));
});

test('a key never holds half a character, wherever it is cut', () => {
  for (let before = 0; before < 4; before++) {
    const key = defaultKey(file(`/${'🎬'.repeat(200)}${'a'.repeat(before)}.mp4`));
    expect(KeySchema.safeParse(key).success).toBe(true);
    expect(key).not.toMatch(/\p{Cs}/u);
  }
});

const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom(...Array.from('a_ \t\n/?#=…🎬'), 'versionId', 's3://media/', 'https://'),
    minLength: 1,
  }),
);
const sources: fc.Arbitrary<Source> = fc
  .oneof(
    fc.record({ type: fc.constant('file' as const), path: text }),
    fc.record({ type: fc.constant('s3' as const), bucket: fc.constant('media'), key: text }),
    fc.record({
      type: fc.constant('s3' as const),
      bucket: fc.constant('media'),
      key: text,
      versionId: fc.stringMatching(/^[!-~]{1,8}$/),
    }),
    fc.record({ type: fc.constant('url' as const), url: fc.webUrl({ withQueryParameters: true }) }),
    fc.record({ type: fc.constant('asset' as const), assetId: fc.stringMatching(/^[\w.-]{1,24}$/) }),
  )
  .filter((source) => SourceSchema.safeParse(source).success);
/** The same resource may be written in several ways. */
const identity = (source: Source): string => JSON.stringify(source.type === 'url' ? new URL(source.url).href : source);

test('different sources never share a key, and every key is valid', () => {
  const alike = fc
    .tuple(sources, fc.constantFrom(' ', '\t', '_', '\n', '🎬'))
    .map(([source, more]): [Source, Source] => [
      source,
      source.type === 'file' ? { ...source, path: source.path + more } : file(defaultKey(source)),
    ]);
  fc.assert(
    fc.property(fc.oneof(alike, fc.tuple(sources, sources)), ([one, other]) => {
      expect(KeySchema.safeParse(defaultKey(one)).error).toBeUndefined();
      if (identity(one) !== identity(other)) expect(defaultKey(one)).not.toBe(defaultKey(other));
    }),
    { numRuns: 3000 },
  );
});

const places = fc.oneof(
  fc.string({ unit: fc.constantFrom(...Array.from('ab-_')), minLength: 1, maxLength: 4 }),
  fc.stringMatching(/^[\w-]{90,255}$/),
);
/** Begins as the end of a place and what follows it. */
const hyphened = fc.string({ unit: fc.constantFrom(...Array.from('ab-_/…')), minLength: 1, maxLength: 6 });

test('different sources or places never share a key, and every key is valid', () => {
  const placed = fc.tuple(fc.oneof(sources, hyphened.map(file)), places);
  const alike = placed.chain(([source, place]): fc.Arbitrary<[[Source, string], [Source, string]]> => {
    const at = place.indexOf('-');
    const rest = `${place.slice(at + 1)}-${source.type === 'file' ? source.path : ''}`;
    const other: [Source, string] =
      at > 0 ? [file(rest), place.slice(0, at)] : [file(defaultKey(source, place)), place];
    return fc.constant([[source, place], other]);
  });
  fc.assert(
    fc.property(fc.oneof(alike, fc.tuple(placed, placed)), ([one, other]) => {
      expect(KeySchema.safeParse(defaultKey(...one)).error).toBeUndefined();
      if (identity(one[0]) !== identity(other[0]) || one[1] !== other[1]) {
        expect(defaultKey(...one)).not.toBe(defaultKey(...other));
      }
    }),
    { numRuns: 3000 },
  );
});
