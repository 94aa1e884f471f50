import { BegunItems } from '../../../../src/activities/lib/begun-items';

const never = (): boolean => false;

/** A store whose writes end when the test says so. */
function slowStore() {
  const writes: { items: readonly number[]; end: () => void }[] = [];
  const begin = (items: readonly number[]): Promise<void> =>
    new Promise((resolve) => writes.push({ items, end: resolve }));
  const end = async (nth: number): Promise<void> => {
    writes[nth]?.end();
    await new Promise(setImmediate);
  };
  return { begin, end, sizes: () => writes.map(({ items }) => items.length) };
}

test('no more items begin than are waited for, or the fewest at once', async () => {
  const store = slowStore();
  const queue = new BegunItems(
    Array.from({ length: 40 }, (_, nth) => nth),
    4,
    store.begin,
  );
  const taken: (number | undefined)[] = [];
  const take = async (): Promise<void> => void taken.push(await queue.next(never));
  const first = Array.from({ length: 16 }, take);
  await store.end(0);
  await store.end(1);
  await Promise.all(first);
  expect(store.sizes()).toEqual([4, 12]);
  expect(taken).toEqual(Array.from({ length: 16 }, (_, nth) => nth));

  const next = take();
  await store.end(2);
  await next;
  expect(store.sizes()).toEqual([4, 12, 4]);
  expect(queue.begun).toEqual([17, 18, 19]);
});

test('those that come while some begin are waited for together', async () => {
  const store = slowStore();
  const queue = new BegunItems([0, 1, 2, 3, 4, 5], 1, store.begin);
  const taken = [0, 1, 2, 3].map(() => queue.next(never));
  await store.end(0);
  await store.end(1);
  expect(await Promise.all(taken)).toEqual([0, 1, 2, 3]);
  expect(store.sizes()).toEqual([1, 3]);
});

test('who waits when the step ends gets none, and what has begun is told', async () => {
  const store = slowStore();
  const queue = new BegunItems([0, 1, 2], 2, store.begin);
  let isOver = false;
  const taken = queue.next(() => isOver);
  isOver = true;
  await store.end(0);
  expect(await taken).toBeUndefined();
  expect(queue.begun).toEqual([0, 1]);
});
