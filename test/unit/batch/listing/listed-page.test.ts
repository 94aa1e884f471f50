import { PageDraft, readItemsOfPage } from '../../../../src/batch/listing/page';
import type { ListedEntry } from '../../../../src/contracts/batch/listed-items';

const item = (number: number): ListedEntry => {
  const filename = `${number}.jpg`;
  return {
    item: number,
    at: filename,
    key: filename,
    filename,
    source: { type: 'file', path: filename },
    sizeBytes: 1,
  };
};
const refused = (at: number): ListedEntry => ({ at, refused: 'InvalidRequest', reason: 'no picture' });

function pageOf(from: number, entries: readonly ListedEntry[]): string {
  const page = new PageDraft(2, from);
  for (const entry of entries) page.add(entry);
  return page.text();
}

describe.each([
  ['without refused lines', [20, 21, 22, 23].map(item)],
  ['with refused lines', [refused(1), item(20), item(21), refused(4), item(22), item(23)]],
])('a page %s', (_, entries) => {
  test.each([
    [{ from: 21, end: 23 }, [21, 22]],
    [{ from: 0, end: 21 }, [20]],
    [{ from: 23, end: 90 }, [23]],
    [{ from: 0, end: 90 }, [20, 21, 22, 23]],
    [{ from: 0, end: 20 }, []],
    [{ from: 24, end: 90 }, []],
  ])('gives of %o the items %o', (range, expected) => {
    expect(readItemsOfPage(pageOf(20, entries), range).map((one) => one.item)).toEqual(expected);
  });
});
