import { PartBuffers } from '../../../../src/providers/shared/parts/part-buffers';

const never = new AbortController().signal;

test('all uploads of a worker together have no more memory than was given, and wait in turn', async () => {
  const buffers = new PartBuffers(100);
  const first = await buffers.take(60, never);
  const order: string[] = [];
  const second = buffers.take(60, never).then((lease) => (order.push('second'), lease));
  const third = buffers.take(10, never).then((lease) => (order.push('third'), lease));
  await new Promise(setImmediate);
  expect(order).toEqual([]);
  first.giveBack();
  const [{ buffer }] = await Promise.all([second, third]);
  expect(order).toEqual(['second', 'third']);
  expect(buffer).toBe(first.buffer); // not made anew
});

test('a part larger than the memory has its turn alone', async () => {
  const buffers = new PartBuffers(10);
  const large = await buffers.take(1000, never);
  expect(large.buffer.byteLength).toBe(1000);
  let given = false;
  const next = buffers.take(1, never).then(() => (given = true));
  await new Promise(setImmediate);
  expect(given).toBe(false);
  large.giveBack();
  large.giveBack(); // a second time counts for nothing
  await next;
});

test('whoever is cancelled while waiting leaves, and keeps nobody behind waiting', async () => {
  const buffers = new PartBuffers(100);
  const first = await buffers.take(60, never);
  const cancelled = new AbortController();
  const large = buffers.take(60, cancelled.signal);
  const small = buffers.take(40, never);
  cancelled.abort(new Error('cancelled'));
  await expect(large).rejects.toThrow('cancelled');
  expect((await small).buffer.byteLength).toBe(40);
  first.giveBack();
});
