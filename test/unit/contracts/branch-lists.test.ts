import { branchAttribute, branchesInAttribute } from '../../../src/contracts/ids';
import { branchDeadline } from '../../../src/contracts/branches/branch-deadline';
import { acceptInput, plansOf } from '../../../src/providers/registry';
import { lifecycleJsonSchema } from '../../../scripts/lifecycle-json-schema';

const source = { type: 'file', path: '/media/film.mp4' };
const accept = (branch: unknown, more: object = {}) => acceptInput({ source, branch, ...more });
const EMBED = { type: 'embed' };
const INDEX = { type: 'index', indexId: 'i1' };
const ENTITY = { type: 'entity', collectionId: 'c1', name: 'Ada' };

test('one branch, a list of it, and no branch are told apart from nothing else', () => {
  expect(accept(EMBED).branches).toMatchObject([EMBED]);
  expect(accept([EMBED]).branches).toEqual(accept(EMBED).branches);
  expect(accept([EMBED, INDEX]).branches).toMatchObject([EMBED, INDEX]);
  expect(accept({ type: 'none' }).branches).toEqual([]);
  expect(acceptInput({ source }).branches).toEqual([]);
  expect(accept(null).branches).toEqual([]);
});

test('each branch of a list has a plan of its own, in the order of the list', () => {
  expect(plansOf(accept([INDEX, EMBED, ENTITY]))).toEqual([
    { stores: false, makes: { kind: 'indexed-asset', in: 'i1' } },
    { stores: true },
    { stores: false, makes: { kind: 'entity', in: 'c1', name: 'Ada' } },
  ]);
});

test.each<[string, unknown, string]>([
  ['the same branch twice', [EMBED, EMBED], 'branch.1: is the same branch again'],
  ['the same branch twice, once by its defaults', [EMBED, { ...EMBED, model: 'marengo3.0' }], 'branch.1: is the same'],
  [
    'two that differ only in the order of their fields',
    [INDEX, { indexId: 'i1', type: 'index' }],
    'branch.1: is the same',
  ],
  ['one index twice', [INDEX, { ...INDEX, enableVideoStream: true }], 'branch.1: would make the same indexed-asset'],
  ['one entity twice', [ENTITY, { ...ENTITY, description: 'x' }], 'branch.1: would make the same entity'],
  ['an empty list', [], 'branch: must have at least one branch'],
  ['eleven branches', Array.from({ length: 11 }, (_, i) => ({ ...INDEX, indexId: `i${i}` })), 'branch: '],
  ['a text', 'embed', 'branch: must be a branch such as {"type": "none"}, or a list of branches'],
  ['an unknown branch', [EMBED, { type: 'chapters' }], 'branch.1.type: must be "embed", "entity", "index" or "none"'],
  ['a wrong field', [EMBED, { ...EMBED, model: 'other' }], 'branch.1.model: '],
  ['an unknown field', [{ ...EMBED, tone: 'dry' }, INDEX], 'branch.0: unknown field "tone"'],
  ['a missing field', [EMBED, { type: 'index' }], 'branch.1.indexId: '],
  ['a list in a list', [[EMBED]], 'branch.0: '],
])('%s is refused, naming it', (_what, branch, words) => {
  expect(() => accept(branch)).toThrow(words);
});

test('a single branch is named without an index, as ever', () => {
  expect(() => accept({ type: 'embed', model: 'other' })).toThrow(/: branch\.model: /);
  expect(() => accept({ type: 'chapters' })).toThrow(/: branch\.type: must be "embed"/);
});

test('each type of branch may have a deadline of its own', () => {
  const { deadlines } = accept([EMBED, INDEX], { deadlines: { branch: { embed: '10m' } } });
  expect(branchDeadline({ deadlines }, 'embed')).toBe('10m');
  expect(branchDeadline({ deadlines }, 'index')).toBe('6h');
  expect(branchDeadline(accept(EMBED, { deadlines: { branch: '1h' } }), 'embed')).toBe('1h');
  expect(() => accept(EMBED, { deadlines: { branch: { chapters: '1h' } } })).toThrow(
    'deadlines.branch: names a branch',
  );
  expect(() => accept(EMBED, { deadlines: { branch: { embed: 'soon' } } })).toThrow(
    'deadlines.branch.embed: must be a',
  );
  expect(() => accept(EMBED, { deadlines: { branch: 'soon' } })).toThrow('deadlines.branch: must be a duration');
});

test('the attribute names each type once, sorted, and is read back', () => {
  expect(branchAttribute([])).toBe('none');
  const { branches } = accept([INDEX, EMBED, { ...EMBED, model: 'marengo3.5' }]);
  expect(branchAttribute(branches)).toBe('embed+index');
  expect(branchesInAttribute('embed+index')).toEqual(['embed', 'index']);
  expect(branchesInAttribute('none')).toEqual([]);
});

test('the published schema takes one branch or a list', () => {
  const { branch } = lifecycleJsonSchema().anyOf?.[0]?.properties ?? {};
  expect(JSON.stringify(branch)).toContain('"type":"array"');
});
