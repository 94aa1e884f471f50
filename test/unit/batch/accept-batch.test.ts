import Ajv2020 from 'ajv/dist/2020';
import { acceptBatch } from '../../../src/batch/accept-batch';
import { filenameFrom, templateProblem } from '../../../src/contracts/batch/filename-template';
import { batchJsonSchema } from '../../../scripts/batch-json-schema';

const items = { type: 'folder', path: '/media' };

test('a batch has its defaults, and what each gets stays as it was sent', () => {
  expect(acceptBatch({ items, each: { branch: { type: 'embed' } }, batchId: null })).toEqual({
    provider: 'twelvelabs',
    items: { ...items, include: ['**'], exclude: [] },
    each: { branch: { type: 'embed' } },
    failureMode: 'FailAfterAll',
    inFlight: 1000,
  });
});

test('what happens to items under way when the batch stops is a policy of each', () => {
  expect(acceptBatch({ items, onCancel: 'keep' }).each).toEqual({ cleanup: { onCancel: 'keep' } });
  const both = { items, onCancel: 'keep', each: { cleanup: { onCancel: 'keep', onFailure: 'delete' } } };
  expect(acceptBatch(both).each).toEqual({ cleanup: { onCancel: 'keep', onFailure: 'delete' } });
});

test('a field that its provider requires may be left to the items', () => {
  expect(acceptBatch({ items, each: { provider: 'datature-vi' } }).provider).toBe('datature-vi');
});

const PRESIGNED = 'https://bucket.example/a.mp4?X-Amz-Signature=secret';
const refusals: [string, object, string][] = [
  ['no items', {}, 'items: '],
  ['another type of items', { items: { type: 'zip' } }, 'items.type: must be "folder", "manifest", "s3" or "list"'],
  [
    'more than 500 in a list',
    { items: { type: 'list', items: Array(501).fill({ path: 'a' }) } },
    'items.items: must have at most 500 items; put more into a manifest',
  ],
  [
    'a presigned URL in a list',
    { items: { type: 'list', items: [{ path: 'a' }, { url: PRESIGNED }] } },
    'items.items.1.url: is a presigned URL (X-Amz-Signature), which would stand',
  ],
  [
    'a presigned URL as the source of one in a list',
    { items: { type: 'list', items: [{ source: { type: 'url', url: PRESIGNED } }] } },
    'items.items.0.source.url: is a presigned URL',
  ],
  [
    'a URL as a manifest',
    { items: { type: 'manifest', uri: PRESIGNED } },
    'items.uri: must be a path or s3://bucket/key',
  ],
  ['an empty list', { items: { type: 'list', items: [] } }, 'items.items: must have at least one item'],
  ['a source for each', { items, each: { source: { type: 'file', path: 'a' } } }, 'each: unknown field "source"'],
  ['a key for each', { items, each: { key: 'k' } }, 'each: unknown field "key"'],
  ['an unknown field for each', { items, each: { colour: 1 } }, 'each: unknown field "colour"'],
  ['a wrong branch for each', { items, each: { branch: { type: 'embed', model: 1 } } }, 'each.branch.model: '],
  ['another provider', { items, each: { provider: 'x' } }, 'each.provider: Invalid option'],
  ['a field of another provider', { items, each: { datasetId: 'd' } }, 'each: unknown field "datasetId"'],
  [
    'the same branch twice',
    { items, each: { branch: [{ type: 'embed' }, { type: 'embed' }] } },
    'branch.1: is the same branch again',
  ],
  [
    'two policies',
    { items, onCancel: 'keep', each: { cleanup: { onCancel: 'delete' } } },
    'onCancel: each.cleanup.onCancel says otherwise',
  ],
  [
    'an unknown part in a template',
    { items, each: { filename: '{nmae}{ext}' } },
    'each.filename: must be a filename in which {path}, {folder}, {name}, {ext} stand',
  ],
  ['a path as a template', { items, each: { filename: 'a/{name}' } }, 'each.filename: must be a bare name'],
  ['no items in flight', { items, inFlight: 0 }, 'inFlight: '],
  ['an unknown mode', { items, failureMode: 'FailNever' }, 'failureMode: '],
  ['an unknown field', { items, concurrency: 2 }, 'unknown field "concurrency"'],
  [
    'half a character',
    { items, each: { metadata: { a: '\ud800' } } },
    'each.metadata.a: must not contain half a character',
  ],
  ['no object', { items: 'x' }, 'items: '],
];

test.each(refusals)('%s is refused, by the name of the field', (_name, input, words) => {
  expect(() => acceptBatch(input)).toThrow(
    expect.objectContaining({ type: 'InvalidRequest', message: expect.stringContaining(words) }),
  );
});

test('the JSON Schema takes what the service takes, and refuses what it refuses', () => {
  const validate = new Ajv2020({ strict: false }).compile(batchJsonSchema());
  expect(validate({ items, each: { branch: { type: 'embed' } }, batchId: null })).toBe(true);
  expect(validate({ items, each: { provider: 'datature-vi', datasetId: 'd' } })).toBe(true);
  expect(validate({ items: { type: 'zip' } })).toBe(false);
  expect(validate({ items, each: { colour: 1 } })).toBe(false);
  expect(validate({ items, each: { key: 'k' } })).toBe(false);
});

test.each([
  ['{path}', 'a/b/c.tar.gz', 'a-b-c.tar.gz'],
  ['{folder}_{name}{ext}', 'a/b/c.tar.gz', 'a-b_c.tar.gz'],
  ['{folder}{name}', '.env', '.env'],
  ['{{{name}}}', './../x.mp4', '{x}'],
  ['plain', 'a/b', 'plain'],
])('the template %s makes of %s the name %s', (template, path, name) => {
  expect(templateProblem(template)).toBeUndefined();
  expect(filenameFrom(template, path)).toBe(name);
});

test.each(['{', '}', '{x}', 'a{name', '{Name}'])('%s is no template', (template) => {
  expect(templateProblem(template)).toContain('must be a filename');
});
