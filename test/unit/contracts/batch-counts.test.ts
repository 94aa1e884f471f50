import fc from 'fast-check';
import { addCounts, NO_COUNTS, withoutCounts, type BatchCounts } from '../../../src/contracts/batch/item-outcome';

const counts = fc
  .array(fc.tuple(fc.constantFrom('creating', 'completed', 'failed'), fc.integer({ min: 1, max: 50 })))
  .map((all): BatchCounts => {
    const by = Object.fromEntries(all);
    const items = Object.values(by).reduce((sum, count) => sum + count, 0);
    return { items, by, bytes: 3 * items };
  });

test('counts without those of some are those of the others, and none is zero', () => {
  fc.assert(
    fc.property(counts, counts, (some, others) => {
      expect(withoutCounts(addCounts(some, others), some)).toEqual(others);
      expect(withoutCounts(some, some)).toEqual(NO_COUNTS);
    }),
  );
});
