import { failure } from '../../../../src/contracts/failures';
import type { ProviderAsset } from '../../../../src/providers/assets';
import { TagSearch } from '../../../../src/providers/shared/tag-search/tag-search';
import { AssetList, keys, queryOf } from '../../../support/memory/asset-list';

beforeEach(() => void jest.useFakeTimers({ now: Date.parse('2026-01-02T03:04:05Z') }));
afterEach(() => void jest.useRealTimers());

let list: AssetList;
let search: TagSearch;
beforeEach(() => {
  list = new AssetList();
  search = new TagSearch(list.searched(true));
});

const idsOf = (found: readonly ProviderAsset[][]): string[][] => found.map((assets) => assets.map(({ id }) => id));

/** Looks for the key after a lost answer, as one of many. */
const look = (key: string, options: { signal?: AbortSignal } = {}) =>
  search.find([queryOf(key, 60)], { patient: true, ...options }).then(idsOf);

test('those who look within two seconds share one walk over the list, and each gets its own', async () => {
  for (const [nth, key] of keys(9).entries()) list.add(key, nth);
  list.addOthers(100, { from: 300, every: 1 });
  const looks: Promise<string[][]>[] = [];
  for (const key of [...keys(9), 'nobody']) {
    looks.push(look(key));
    await jest.advanceTimersByTimeAsync(190);
  }
  expect(list.asked).toEqual([]);
  await jest.advanceTimersByTimeAsync(100);
  expect(await Promise.all(looks)).toEqual([...keys(9).map((key) => [[key]]), [[]]]);
  expect(list.asked).toEqual(['page 1']);
});

test('who looks once a walk has begun is told nothing that was read before', async () => {
  list.onAsked = () => list.add('k1', 0); // it comes after the first page has been asked for
  const early = look('k0');
  const together = look('k2');
  await jest.advanceTimersByTimeAsync(2000);
  const late = look('k1');
  await jest.advanceTimersByTimeAsync(2000);
  expect(await Promise.all([early, together, late])).toEqual([[[]], [[]], [['k1']]]);
  expect(list.asked).toEqual(['page 1', 'k1 page 1']);
});

test.each<[string, boolean, number]>([
  ['one of many items waits two seconds', true, 2000],
  ['a lifecycle of its own a tenth of a second', false, 100],
])('after a lost answer %s for others', async (_who, patient, waitMs) => {
  void search.find([queryOf('k0', 60)], { patient });
  await jest.advanceTimersByTimeAsync(waitMs - 1);
  expect(list.asked).toEqual([]);
  await jest.advanceTimersByTimeAsync(1);
  expect(list.asked).toEqual(['k0 page 1']);
});

test('nobody is kept waiting by those who can wait longer', async () => {
  const patient = look('k0');
  await jest.advanceTimersByTimeAsync(500);
  const own = search.find([queryOf('k1', 60)]);
  await jest.advanceTimersByTimeAsync(100);
  await Promise.all([patient, own]);
  expect(list.asked).toEqual(['page 1']);
});

test('the look before a first create waits for nobody, where the list can be narrowed', async () => {
  list.add('k0', 1000);
  expect(idsOf(await search.find([queryOf('k0')], { patient: true }))).toEqual([['k0']]);
  expect(list.asked).toEqual(['k0 page 1']);
});

test('looks that nothing narrows share a walk of four pages at most, where the list could be narrowed', async () => {
  list.addOthers(100, { every: 1 });
  list.add('k1', 15);
  const unnamed = keys(3).map((key) => ({ ...queryOf(key), filename: undefined }));
  const found = Promise.all(unnamed.map((query) => search.find([query], { patient: true }).then(idsOf)));
  await jest.advanceTimersByTimeAsync(500);
  expect(await found).toEqual([[[]], [['k1']], [[]]]);
  expect(list.asked).toEqual(['page 1', 'page 2', 'page 3', 'page 4']);
});

test('where it cannot be narrowed, the looks before the first creates share a walk of four pages at most', async () => {
  search = new TagSearch(list.searched(false));
  list.addOthers(100, { every: 1 });
  list.add('k1', 15);
  const found = Promise.all(keys(3).map((key) => search.find([queryOf(key)], { patient: true }).then(idsOf)));
  await jest.advanceTimersByTimeAsync(500);
  expect(await found).toEqual([[[]], [['k1']], [[]]]);
  expect(list.asked).toEqual(['page 1', 'page 2', 'page 3', 'page 4']);
});

test('surplus assets of a key are all found, oldest first, by the walk as by the name', async () => {
  for (const [nth, key] of keys(3).entries()) {
    list.add(key, 30 + nth, `${key} first`);
    list.add(key, nth, `${key} second`);
  }
  const expected = keys(3).map((key) => [[`${key} first`, `${key} second`]]);
  const looks = Promise.all(keys(3).map((key) => look(key)));
  await jest.advanceTimersByTimeAsync(2000);
  expect(await looks).toEqual(expected);
  expect(list.asked).toEqual(['page 1']);
  const alone = look('k2');
  await jest.advanceTimersByTimeAsync(2000);
  expect(await alone).toEqual(expected[2]);
  expect(list.asked).toEqual(['page 1', 'k2 page 1']);
});

describe('signals and errors', () => {
  const left = new Error('the caller has left');
  /** Two who look, each with a signal, at a list whose pages come only when told. */
  function twoLooking() {
    list.addOthers(100, { every: 5 });
    const [one, other] = [new AbortController(), new AbortController()];
    const pages: (() => void)[] = [];
    list.onAsked = () => new Promise((resolve) => pages.push(resolve));
    const looks = [look('k0', { signal: one.signal }), look('k1', { signal: other.signal })];
    for (const each of looks) each.catch(() => {});
    return { one, other, looks, give: () => pages.shift()?.() };
  }

  test('who leaves hears of it at once, and the walk goes on for the others', async () => {
    const { one, looks, give } = twoLooking();
    await jest.advanceTimersByTimeAsync(2000);
    one.abort(left);
    await expect(looks[0]).rejects.toBe(left);
    expect(list.signals[0]?.aborted).toBe(false);
    for (let page = 0; page < 10; page++) {
      give();
      await jest.advanceTimersByTimeAsync(0);
    }
    expect(await looks[1]).toEqual([[]]);
  });

  test('a walk that nobody wants any more ends, with the request that is under way', async () => {
    const { one, other, looks, give } = twoLooking();
    await jest.advanceTimersByTimeAsync(2000);
    one.abort(left);
    other.abort(left);
    await expect(looks[1]).rejects.toBe(left);
    expect(list.signals[0]?.aborted).toBe(true);
    give();
    await jest.advanceTimersByTimeAsync(5000);
    expect(list.asked).toEqual(['page 1']);
  });

  test('nothing is asked for those who leave before it begins, and who comes then begins anew', async () => {
    const { one, other } = twoLooking();
    one.abort(left);
    other.abort(left);
    await jest.advanceTimersByTimeAsync(1900);
    list.onAsked = () => {};
    const next = look('k2');
    await jest.advanceTimersByTimeAsync(1900);
    expect(list.asked).toEqual([]);
    await jest.advanceTimersByTimeAsync(100);
    expect(await next).toEqual([[]]);
  });

  test('a signal that has aborted asks nothing', async () => {
    await expect(look('k0', { signal: AbortSignal.abort(left) })).rejects.toBe(left);
    await jest.advanceTimersByTimeAsync(5000);
    expect(list.asked).toEqual([]);
  });

  test('the error of a walk is everyone’s, and the next look asks again', async () => {
    const down = failure('ProviderUnavailable', 'GET /assets: no answer');
    list.onAsked = () => Promise.reject(down);
    const looks = [look('k0'), look('k1')].map((each) => expect(each).rejects.toBe(down));
    await jest.advanceTimersByTimeAsync(2000);
    await Promise.all(looks);
    list.onAsked = () => {};
    const again = look('k0');
    await jest.advanceTimersByTimeAsync(2000);
    expect(await again).toEqual([[]]);
  });

  test('the error of a request for one name is that name’s', async () => {
    const down = failure('ProviderUnavailable', 'GET /assets: no answer');
    list.addOthers(1000, { every: 0.1 });
    list.onAsked = (words) =>
      words.startsWith('k1') ? Promise.reject(down) : new Promise((resolve) => setTimeout(resolve, 50));
    const looks = [look('k0'), expect(look('k1')).rejects.toBe(down), look('k2')];
    await jest.advanceTimersByTimeAsync(2100);
    expect(await Promise.all(looks)).toEqual([[[]], undefined, [[]]]);
    expect(list.asked).toEqual(['page 1', 'k0 page 1', 'k1 page 1', 'k2 page 1']);
  });
});
