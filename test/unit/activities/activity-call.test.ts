import { Context } from '@temporalio/activity';
import {
  withHeartbeat,
  withHeartbeatEvery,
  noteBytesMoved,
  setProgress,
} from '../../../src/activities/lib/activity-call';
import { BEATS } from '../../../src/activities/lib/activity-call';
import { activityEnvironment } from '../../support/activity-dependencies';

const TIMERS = {
  doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] as ('nextTick' | 'setImmediate' | 'queueMicrotask')[],
};
beforeEach(() => jest.useFakeTimers(TIMERS));
afterEach(() => jest.useRealTimers());

/** The moments (ms) and details of the heartbeats of `work`, which lasts `ms`. */
async function beatsDuring(
  ms: number,
  run: (work: () => Promise<void>) => Promise<void>,
  { everyMs, during = () => {} }: { everyMs?: number; during?: (ms: number) => void } = {},
  left?: unknown,
) {
  const env = activityEnvironment({ heartbeatDetails: left });
  const startedAt = Date.now();
  const beats: { at: number; details: unknown }[] = [];
  env.on('heartbeat', (details: unknown) => beats.push({ at: Date.now() - startedAt, details }));
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const ends = env.run(() => run(() => finished));
  for (let at = 0; at < ms; at += everyMs ?? 500) {
    await jest.advanceTimersByTimeAsync(everyMs ?? 500);
    await env.run(async () => during(Date.now() - startedAt)).catch(() => {});
  }
  finish();
  await ends;
  return beats;
}

test('a call that may begin a write beats after its first second, and then every two', async () => {
  const beats = await beatsDuring(9000, (work) => withHeartbeat(work));
  expect(beats.map(({ at }) => at)).toEqual([1000, 3000, 5000, 7000, 9000]);
});

test('a held wait beats less than once a minute and more than once in its timeout', async () => {
  const beats = await beatsDuring(10 * 60_000, (work) => withHeartbeatEvery(BEATS.wait, work));
  expect(beats.length).toBeGreaterThanOrEqual(10);
  expect(beats.length).toBeLessThanOrEqual(12);
  expect(beats[0]?.at).toBe(BEATS.wait); // a heartbeat is a billable action: a short wait has none
});

test('a heartbeat repeats what an earlier attempt left until there is something new', async () => {
  const left = { upload: { sessionId: 's1' } };
  const beats = await beatsDuring(3000, (work) => withHeartbeat(work), {}, left);
  expect(beats.map(({ details }) => details)).toEqual([left, left]);
});

test('an upload beats every five seconds while bytes move, and every fifteen when they do not', async () => {
  const env = activityEnvironment();
  const startedAt = Date.now();
  const beats: number[] = [];
  env.on('heartbeat', () => beats.push(Date.now() - startedAt));
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  let context: Context | undefined;
  const ends = env.run(() =>
    withHeartbeat(async () => {
      context = Context.current();
      setProgress({ began: true });
      for (let second = 0; second < 20; second++) {
        noteBytesMoved({ second });
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
      await finished;
    }),
  );
  await jest.advanceTimersByTimeAsync(20_000);
  expect(beats).toEqual([0, 5000, 10_000, 15_000, 20_000]);
  await jest.advanceTimersByTimeAsync(31_000);
  expect(beats.slice(5)).toEqual([35_000, 50_000]);
  expect(context).toBeDefined();
  finish();
  await ends;
});

test('a heartbeat comes three times in the activity’s own timeout, however long its interval would be', async () => {
  const env = activityEnvironment({ heartbeatTimeoutMs: 6000 });
  const startedAt = Date.now();
  const beats: number[] = [];
  env.on('heartbeat', () => beats.push(Date.now() - startedAt));
  const ends = env.run(() => withHeartbeatEvery(BEATS.wait, () => new Promise((resolve) => setTimeout(resolve, 8000))));
  await jest.advanceTimersByTimeAsync(8000);
  await ends;
  expect(beats).toEqual([2000, 4000, 6000]);
});
