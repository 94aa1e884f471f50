import { providerAssets } from '../../../../src/client/assets/provider-assets';
import {
  completedField,
  joinedField,
  releaseFields,
  tagFields,
  type LedgerTag,
} from '../../../../src/contracts/resource';
import { MemoryProvider } from '../../../support/memory-provider';

const tag: LedgerTag = { key: 'k', owner: 'o', workflowId: 'w', runId: 'r', onCancel: 'delete', onFailure: 'keep' };
const TAG = {
  ...tagFields(tag),
  ...releaseFields('completed', 'r'),
  ...completedField('r'),
  ...joinedField({ in: 'c', id: 'e', runId: 'r' }),
};

let provider: MemoryProvider;
const { metadata } = providerAssets(async () => provider);
const held = () => provider.asset('a').metadata;
beforeEach(() => {
  provider = new MemoryProvider();
  provider.addAsset({ id: 'a', metadata: { ...TAG, title: 'Intro', draft: true } });
});

test('set merges fields, and null removes one', async () => {
  await metadata.set('a', { draft: null, season: 2, tags: ['x', 'y'] });
  expect(held()).toEqual({ ...TAG, title: 'Intro', season: 2, tags: ['x', 'y'] });
  expect(provider.calls).toEqual(['assets.annotate']);
});

test('replace removes all other fields, and keeps the whole tag', async () => {
  await metadata.replace('a', { season: 2 });
  expect(held()).toEqual({ ...TAG, season: 2 });
});

test('clear removes all fields, and keeps the whole tag', async () => {
  await metadata.clear('a');
  expect(held()).toEqual(TAG);
});

test('clear of an asset that has nothing but its tag writes nothing', async () => {
  await metadata.clear('a');
  provider.calls.length = 0;
  await metadata.clear('a');
  expect(provider.calls).toEqual(['assets.get']);
});

test.each([
  ['replace', () => metadata.replace('a', { season: 2 })],
  ['clear', () => metadata.clear('a')],
])('%s keeps a tag that a lifecycle adds between its two requests', async (_write, run) => {
  provider.asset('a').metadata = { title: 'Intro' };
  provider.onNext('assets.annotate', () => Object.assign(held(), TAG));
  await run();
  expect(held()).toMatchObject(TAG);
  expect(held()).not.toHaveProperty('title');
});

test.each(Object.keys(TAG))('the field %s of a tag is refused in every write that names it', async (field) => {
  const before = { ...held() };
  const words = `metadata.${field}: is a field of a lifecycle's own tag, which only lifecycles write`;
  for (const write of [
    () => metadata.set('a', { [field]: 'x' }),
    () => metadata.set('a', { [field]: null }),
    () => metadata.replace('a', { [field]: 'x' }),
  ]) {
    await expect(write()).rejects.toMatchObject({ name: 'InvalidInput', message: expect.stringContaining(words) });
  }
  expect(held()).toEqual(before);
  expect(provider.calls).toEqual([]);
});

const EMPTY = /a: is empty, and the provider would ignore it; to remove the field, unset it/;
test.each<[string, unknown, RegExp]>([
  ['an empty text', { a: '' }, EMPTY],
  ['an empty list', { a: [] }, EMPTY],
  ['a nested object', { a: { b: 1 } }, /a: must be a text, a number, true or false, or a list of texts/],
  ['a list of numbers', { a: [1] }, /a: must be a text/],
  ['a function', { a: () => 1 }, /a: must be a text/],
  ['undefined', { a: undefined }, /a: must be a text/],
  ['an integer wider than 53 bits', { a: 2 ** 53 }, /a: is an integer wider than 53 bits.*give it as a text/],
  ['a number below that', { a: -(2 ** 60) }, /a: is an integer wider than 53 bits/],
  ['infinity', { a: Number.POSITIVE_INFINITY }, /a: is no finite number/],
  ['NaN', { a: Number.NaN }, /a: is no finite number/],
  ['half a character', { a: '\ud800' }, /a: must not contain half a character/],
  ['half a character in a list', { a: ['\ud800'] }, /a: must not contain half a character/],
  ['half a character in a name', { '\ud800': 1 }, /must not contain half a character/],
  ['an empty name', { '': 1 }, /its name must have 1 to 128 characters/],
  ['a long name', { ['n'.repeat(129)]: 1 }, /its name must have 1 to 128 characters/],
  ['a long text', { a: 'x'.repeat(2001) }, /a: must have at most 2000 characters/],
  ['many fields', Object.fromEntries([...Array(51).keys()].map((at) => [`f${at}`, at])), /more than 50 fields/],
  ['a list', ['a'], /metadata: must be an object of fields/],
  ['null', null, /metadata: must be an object of fields/],
  ['a text', 'a=b', /metadata: must be an object of fields/],
])('%s is refused before anything is asked', async (_what, fields, words) => {
  for (const write of ['set', 'replace'] as const) {
    const writing = metadata[write]('a', fields as Record<string, string>);
    await expect(writing).rejects.toMatchObject({ name: 'InvalidInput', message: expect.stringMatching(words) });
  }
  expect(provider.calls).toEqual([]);
});

test('null is refused in a replace, and no field at all in a set', async () => {
  const wrong = { a: null } as unknown;
  await expect(metadata.replace('a', wrong as Record<string, string>)).rejects.toThrow('must not be null');
  await expect(metadata.set('a', {})).rejects.toThrow('metadata: name at least one field');
});

test('every wrong field is named at once', async () => {
  await expect(metadata.set('a', { a: '', b: 2 ** 53, c: 1 })).rejects.toThrow(/metadata\.a: .*; metadata\.b: /);
});

test('the widest integers and awkward names go through as they are', async () => {
  const fields = { most: Number.MAX_SAFE_INTEGER, least: -0.5, ['__proto__']: 'x', 'ключ 🎬': 'да', yes: false };
  await metadata.replace('a', fields);
  expect(held()).toEqual({ ...TAG, ...fields });
});

test('an asset that is gone fails by its own failure', async () => {
  for (const write of [metadata.set('b', { a: 1 }), metadata.replace('b', { a: 1 }), metadata.clear('b')]) {
    await expect(write).rejects.toMatchObject({ type: 'ResourceGone' });
  }
});

test('a provider that changes no asset is told so, and is not asked', async () => {
  provider = new MemoryProvider({ marksAssets: false });
  for (const write of [metadata.set('a', { a: 1 }), metadata.replace('a', {}), metadata.clear('a')]) {
    await expect(write).rejects.toThrow('metadata: this provider does not change the metadata of an asset');
  }
  expect(provider.calls).toEqual([]);
});
