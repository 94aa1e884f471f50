import { shareCalls } from '../../../src/providers/shared/share-calls';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

test('callers shortly after each other share a call that begins after the last of them, text by text', async () => {
  const call = jest.fn(async (about: string) => `${about} at ${Date.now()}`);
  const shared = shareCalls(call, { windowMs: 50, maxMs: 1000 });
  const began = Date.now();
  const all = [shared('a'), shared('b')];
  await pass(40);
  all.push(shared('a'));
  await pass(50);
  expect(await Promise.all(all)).toEqual([`a at ${began + 90}`, `b at ${began + 50}`, `a at ${began + 90}`]);
  expect(call).toHaveBeenCalledTimes(2);
});

test('nobody waits longer than the maximum, however many come', async () => {
  const call = jest.fn(async () => 'answer');
  const shared = shareCalls(call, { windowMs: 50, maxMs: 200 });
  for (let came = 0; came < 10; came++) {
    void shared('a');
    await pass(30);
  }
  expect(call).toHaveBeenCalledTimes(1);
  await pass(50);
  expect(call).toHaveBeenCalledTimes(2);
});

test('an error is that of all callers, and the next call is another', async () => {
  const call = jest.fn(async () => 'answer');
  call.mockRejectedValueOnce(new Error('not now'));
  const shared = shareCalls(call, { windowMs: 50, maxMs: 1000 });
  const both = Promise.allSettled([shared('a'), shared('a')]);
  await pass(50);
  expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const later = shared('a');
  await pass(50);
  expect(await later).toBe('answer');
});
