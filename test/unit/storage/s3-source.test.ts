import { inputOf } from '../../../src/cli/start-input';
import { loadConfig } from '../../../src/config';
import { ConfigError } from '../../../src/config-error';
import { acceptInput } from '../../../src/providers/registry';
import { filenameOfSource, nameOfSource } from '../../../src/contracts/source-name';

const s3 = (fields: object) => ({ source: { type: 's3', bucket: 'media', key: 'a.mp4', ...fields } });

test.each([{}, { key: 'a b/ü?%20#.mp4' }, { key: 'x'.repeat(1024) }, { bucket: 'my.media-1' }, { versionId: 'null' }])(
  'takes an object: %j',
  (fields) => {
    const input = s3(fields);
    expect(acceptInput(input).source).toEqual(input.source);
  },
);

test.each<[object, RegExp]>([
  [{ bucket: 'ab' }, /source\.bucket: must be a bucket name of 3 to 63/],
  [{ bucket: 'x'.repeat(64) }, /source\.bucket: .*3 to 63/],
  [{ bucket: 'Media' }, /source\.bucket: .*lower-case/],
  [{ bucket: '-media' }, /source\.bucket: .*both ends/],
  [{ bucket: 'my..media' }, /source\.bucket: .*two dots/],
  [{ bucket: '10.0.0.1' }, /source\.bucket: .*not an IP address/],
  [{ bucket: 'media/x' }, /source\.bucket: /],
  [{ key: '' }, /source\.key: /],
  [{ key: 'x'.repeat(1025) }, /source\.key: /],
  [{ key: 'a\nb' }, /source\.key: .*control characters/],
  [{ versionId: '' }, /source\.versionId: /],
  [{ versionId: 'a b' }, /source\.versionId: .*visible ASCII/],
  [{ region: 'us-east-1' }, /"region"/],
  [{ type: 'gcs' }, /source\.?\w*: must be "file", "url", "s3" or "asset"/],
])('refuses %j and names the field', (fields, message) => {
  expect(() => acceptInput(s3(fields))).toThrow(message);
});

test('its name is the URI without the version, and its filename the last part of the key', () => {
  const source = { type: 's3', bucket: 'media', key: 'films/a%20b?.mp4', versionId: 'v1' } as const;
  expect(nameOfSource(source)).toBe('s3://media/films/a%20b?.mp4');
  expect(filenameOfSource(source)).toBe('a%20b?.mp4');
  expect(filenameOfSource({ ...source, key: 'folder/' })).toBe('folder');
});

test.each([
  ['s3://media/films/a.mp4', { bucket: 'media', key: 'films/a.mp4' }],
  ['S3://media/a?b%20#c.mp4', { bucket: 'media', key: 'a?b%20#c.mp4' }],
  ['s3://media/a.mp4?versionId=3/L4', { bucket: 'media', key: 'a.mp4', versionId: '3/L4' }],
  ['s3://media/a?versionId=.mp4', { bucket: 'media', key: 'a', versionId: '.mp4' }],
  ['s3://media', { bucket: 'media', key: '' }],
])('the command line reads %s', async (target, source) => {
  expect(await inputOf(target, {})).toMatchObject({ source: { type: 's3', ...source } });
});

describe('where results go', () => {
  const results = (text: string) => loadConfig({ ASSET_LIFECYCLE_RESULTS: text }).results;

  test('is a folder, or a place in S3-compatible storage', () => {
    expect(results('/data/results')).toEqual({ folder: '/data/results' });
    expect(loadConfig({}).results).toMatchObject({ folder: expect.stringMatching(/\.asset-lifecycle\/results$/) });
    expect(results('s3://media')).toEqual({ bucket: 'media', prefix: '' });
    expect(results('s3://media/a/b/')).toEqual({ bucket: 'media', prefix: 'a/b' });
  });

  test.each(['s3://', 's3://Media/x', 'gs://media/x', 'file:///x'])('is not %s', (text) => {
    expect(() => results(text)).toThrow(ConfigError);
    expect(() => results(text)).toThrow(/^ASSET_LIFECYCLE_RESULTS: must be a folder, or s3:/);
  });

  test('path style is true or false', () => {
    expect(loadConfig({ ASSET_LIFECYCLE_S3_FORCE_PATH_STYLE: 'true' }).s3).toEqual({ forcePathStyle: true });
    expect(() => loadConfig({ ASSET_LIFECYCLE_S3_FORCE_PATH_STYLE: 'yes' })).toThrow(/must be "true" or "false"/);
  });
});
