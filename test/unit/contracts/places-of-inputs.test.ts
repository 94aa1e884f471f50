import { acceptDeletion, acceptInput, acceptSweep, placeOf } from '../../../src/providers/registry';

const refusalOf = (check: () => unknown): string => {
  try {
    check();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};
const PLACED = { provider: 'datature-vi' };

test('a lifecycle’s place is the field of its input that its provider names', () => {
  const source = { type: 'file', path: '/a.jpg' };
  expect(placeOf(acceptInput({ ...PLACED, datasetId: 'd1', source }))).toBe('d1');
  expect(placeOf(acceptInput({ source }))).toBeUndefined();
});

describe('a deletion', () => {
  test('names its place where there are places', () => {
    const accepted = acceptDeletion({ ...PLACED, key: 'k', datasetId: 'd1' });
    expect(accepted).toEqual({ ...PLACED, key: 'k', place: 'd1' });
    expect(acceptDeletion({ key: 'k' })).toEqual({ provider: 'twelvelabs', key: 'k' });
  });

  test.each([
    [{ ...PLACED, key: 'k' }, /The deletion's input is not valid: datasetId: /],
    [{ ...PLACED, key: 'k', datasetId: null }, /datasetId: /],
    [{ ...PLACED, key: 'k', datasetId: 'a b' }, /datasetId: must be a dataset id/],
    [{ ...PLACED, key: 'k', datasetId: ['d1'] }, /datasetId: /],
    [{ key: 'k', datasetId: 'd1' }, /input: unknown field "datasetId"/],
    [{ provider: 'nobody', key: 'k' }, /The deletion's input is not valid: provider: Invalid option/],
    ['text', /The deletion's input is not valid: input: /],
  ])('%j is refused', (input, words) => {
    expect(refusalOf(() => acceptDeletion(input))).toMatch(words);
  });
});

describe('a sweep', () => {
  test('names one place, or several, each once', () => {
    expect(acceptSweep({ ...PLACED, datasetId: 'd1' })).toMatchObject({ ...PLACED, places: ['d1'], grace: '15m' });
    expect(acceptSweep({ ...PLACED, datasetId: ['d1', 'd2', 'd1'] }).places).toEqual(['d1', 'd2']);
    expect(acceptSweep({})).not.toHaveProperty('places');
  });

  test.each([
    [{ ...PLACED }, /The sweep's input is not valid: datasetId: must be one, or a list of some/],
    [{ ...PLACED, datasetId: [] }, /datasetId: /],
    [{ ...PLACED, datasetId: ['d1', 'a b'] }, /datasetId\.1: must be a dataset id/],
    [{ datasetId: ['d1'] }, /input: unknown field "datasetId"/],
  ])('%j is refused', (input, words) => {
    expect(refusalOf(() => acceptSweep(input))).toMatch(words);
  });
});
