import { TagSearch } from '../../../../src/providers/shared/tag-search/tag-search';
import { AssetList, keys, queryOf, secondsAgo } from '../../../support/memory/asset-list';

beforeEach(() => void jest.useFakeTimers({ now: Date.parse('2026-01-02T03:04:05Z') }));
afterEach(() => void jest.useRealTimers());

let list: AssetList;
let search: TagSearch;
beforeEach(() => {
  list = new AssetList();
  search = new TagSearch(list.searched(true));
});

type Queries = Parameters<TagSearch['find']>[0];

/** Ids of what is found, by query. */
async function find(queries: Queries): Promise<string[][]> {
  const looking = search.find(queries, { patient: true });
  await jest.advanceTimersByTimeAsync(2000);
  return (await looking).map((found) => found.map(({ id }) => id));
}

const pages = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, nth) => `page ${from + nth}`);

describe('by name, or by one walk for all', () => {
  test.each<[string, { names: number; since: number; every: number }, { most: number; byName: number }]>([
    ['one name', { names: 1, since: 60, every: 1 }, { most: 1, byName: 1 }],
    ['few names and many pages', { names: 4, since: 600, every: 0.1 }, { most: 5, byName: 4 }],
    ['many names and few pages', { names: 50, since: 60, every: 1 }, { most: 9, byName: 0 }],
    ['as many names as pages', { names: 10, since: 60, every: 1 }, { most: 11, byName: 0 }],
    ['a list that ends sooner than the search would', { names: 50, since: 3000, every: 0.1 }, { most: 52, byName: 50 }],
    ['a short list', { names: 200, since: 3000, every: 0.1 }, { most: 101, byName: 0 }],
  ])('%s', async (_what, { names, since, every }, { most, byName }) => {
    list.addOthers(1000, { every });
    list.add('k0', since);
    const found = await find(keys(names).map((key) => queryOf(key, since)));
    expect(found).toEqual([['k0'], ...keys(names - 1).map(() => [])]);
    const narrowed = list.asked.filter((words) => words.startsWith('k'));
    expect(narrowed).toHaveLength(byName);
    expect(list.asked.length).toBeLessThanOrEqual(most);
  });

  test('once only a name that lies far back is open, it goes by name', async () => {
    list.addOthers(1000, { every: 1 });
    list.add('k7', 900);
    const near = keys(7).map((key) => queryOf(key, 20));
    expect(await find([queryOf('k7', 900), ...near])).toEqual([['k7'], ...near.map(() => [])]);
    expect(list.asked).toEqual([...pages(1, 5), 'k7 page 1']);
  });

  test('assets of one moment tell nothing: no more pages are read than there are names', async () => {
    list.addOthers(1000, { from: 10, every: 0 });
    await find(keys(6).map((key) => queryOf(key, 60)));
    expect(list.asked.length).toBeLessThanOrEqual(12);
  });

  test('names are compared with the pages to come as they are read: a dense time further back is noticed', async () => {
    list.addOthers(30, { every: 1 });
    list.addOthers(900, { from: 30, every: 0.02 });
    await find(keys(12).map((key) => queryOf(key, 60)));
    expect(list.asked.length).toBeLessThanOrEqual(3 + 12 + 12);
    expect(list.asked.filter((words) => words.startsWith('k'))).toHaveLength(12);
  });

  test('a query without a name is walked for, and the others with it', async () => {
    list.addOthers(300, { every: 1 });
    const { filename: _none, ...unnamed } = queryOf('k0', 40);
    list.add('k0', 35);
    list.add('k1', 36);
    expect(await find([unnamed, queryOf('k1', 40)])).toEqual([['k0'], ['k1']]);
    expect(list.asked).toEqual(pages(1, 7));
  });

  test('where the list cannot be narrowed all are walked for', async () => {
    search = new TagSearch(list.searched(false));
    list.addOthers(100, { every: 1 });
    await find([queryOf('k0', 25)]);
    expect(list.asked).toEqual(pages(1, 6));
  });
});

describe('how far back', () => {
  /** Pages that two unnamed looks since 30 s ago walk, over one asset a second. */
  async function pagesWalked(clockAheadMs: number | undefined): Promise<number> {
    search = new TagSearch(list.searched(false));
    list.clockAheadMs = clockAheadMs;
    list.addOthers(1000, { from: 0.5, every: 1 });
    list.add('k0', 30);
    expect(await find([queryOf('k0', 30), queryOf('k1', 30)])).toEqual([['k0'], []]);
    return list.asked.length;
  }

  test('a provider that tells its time is read back five seconds beyond the start, and two pages more', async () => {
    expect(await pagesWalked(0)).toBe(4 + 2);
  });

  test('one whose clock is behind ours is read as far back by its own clock', async () => {
    expect(await pagesWalked(-3_600_000)).toBe(4 + 2);
  });

  test('one whose clock is ahead, or seems to be since ours is behind, is read further back, never less', async () => {
    expect(await pagesWalked(20_000)).toBe(6 + 2);
  });

  test('one that does not tell its time is read back five minutes beyond the start', async () => {
    expect(await pagesWalked(undefined)).toBe(34 + 2);
  });

  test('what was made before the start is found, where a machine whose clock is ahead by less than a minute wrote that', async () => {
    search = new TagSearch(list.searched(false));
    list.clockAheadMs = 0;
    list.addOthers(1000, { every: 3 });
    list.add('k0', 30 + 50);
    expect(await find([queryOf('k0', 30)])).toEqual([['k0']]);
    expect(list.asked).toEqual(pages(1, 4)); // of 30 seconds each: more than a minute back nothing is looked for
  });

  test('a start that a machine with the right time wrote is reached though our clock is behind', async () => {
    search = new TagSearch(list.searched(false));
    list.clockAheadMs = 60_000;
    list.addOthers(1000, { from: 0.5, every: 1 });
    list.add('k0', 29);
    expect(await find([queryOf('k0', secondsAgo(30 - 60))])).toEqual([['k0']]);
  });

  test('an asset that came late, with the time at which its request came, is found where it belongs', async () => {
    list.addOthers(100, { every: 1 });
    const looks = [queryOf('k0', 30), queryOf('k1', 30)];
    expect(await find(looks)).toEqual([[], []]);
    list.add('k1', 30 + 2);
    expect(await find(looks)).toEqual([[], ['k1']]);
  });
});

describe('assets that are deleted meanwhile', () => {
  /** Looks for the key of the 12th asset, while others above it are deleted before pages are read. */
  async function foundDespite(deletions: Readonly<Record<number, number>>): Promise<string[][]> {
    search = new TagSearch(list.searched(false));
    list.addOthers(100, { every: 1 });
    list.add('k0', 10.5);
    let removed = 0;
    list.onAsked = () => {
      const count = deletions[list.asked.length] ?? 0;
      for (const end = removed + count; removed < end; removed++) list.remove(`other 0 ${removed}`);
    };
    return find([queryOf('k0', 30)]);
  }

  test('move others to a page that was read: it is read again', async () => {
    expect(await foundDespite({ 2: 3 })).toEqual([['k0']]);
    expect(list.asked.slice(0, 4)).toEqual(['page 1', 'page 2', 'page 1', 'page 3']);
  });

  test('and so many that more than a page has moved', async () => {
    list.add('k0', 25.5, 'far');
    expect(await foundDespite({ 3: 13 })).toEqual([['far', 'k0']]);
  });

  test('and go on while pages are read again', async () => {
    list.add('k0', 19.5, 'far');
    expect(await foundDespite({ 3: 8, 4: 5 })).toEqual([['far', 'k0']]);
  });
});
