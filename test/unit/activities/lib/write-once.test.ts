import { type ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { writeOnce } from '../../../../src/activities/lib/write-once';
import { failure } from '../../../../src/contracts/failures';
import { activityEnvironment } from '../../../support/activity-dependencies';
import { SubmissionAborted } from '../../../../src/providers/outcome';

interface Attempt {
  attempt?: number;
  heartbeatDetails?: unknown;
  find?: () => Promise<string | undefined>;
  make?: () => Promise<string>;
  prepare?: () => Promise<void>;
  settleWindowMs?: number;
}

async function run({ attempt = 1, heartbeatDetails, ...steps }: Attempt) {
  const env = activityEnvironment({
    attempt,
    heartbeatDetails,
    currentAttemptScheduledTimestampMs: Date.now(),
  });
  const heartbeats: unknown[] = [];
  env.on('heartbeat', (details: unknown) => heartbeats.push(details));
  const searches: boolean[] = [];
  const outcome = await env
    .run(() =>
      writeOnce<string, void>({
        settleWindowMs: steps.settleWindowMs ?? 0,
        prepare: steps.prepare ?? (async () => {}),
        find: async (_prepared, { ambiguous }) => {
          searches.push(ambiguous);
          return steps.find?.();
        },
        make: steps.make ?? (async () => 'made'),
      }),
    )
    .then(
      (value: unknown) => ({ value }),
      (error: unknown) => ({ error }),
    );
  return { ...outcome, heartbeats, searches } as { value?: string; error?: ApplicationFailure } & {
    heartbeats: { unansweredSince?: number }[];
    searches: boolean[];
  };
}

test('looks once, then writes, and notes the write before it goes out', async () => {
  const { value, searches, heartbeats } = await run({});
  expect(value).toBe('made');
  expect(searches).toEqual([false]);
  expect(heartbeats[0]?.unansweredSince).toEqual(expect.any(Number));
});

test('takes what it finds and does not write', async () => {
  const make = jest.fn();
  expect((await run({ find: async () => 'earlier', make })).value).toBe('earlier');
  expect(make).not.toHaveBeenCalled();
});

test('after a lost answer looks until the window has passed before it writes again', async () => {
  const since = Date.now();
  const { value, searches } = await run({
    attempt: 2,
    heartbeatDetails: { attempt: 1, unansweredSince: since },
    settleWindowMs: 1000,
  });
  expect(value).toBe('made');
  expect(searches.length).toBeGreaterThanOrEqual(2);
  expect(searches).not.toContain(false);
  expect(Date.now()).toBeGreaterThanOrEqual(since + 1000);
});

test('adopts a late commit that turns up within the window', async () => {
  let looks = 0;
  const make = jest.fn();
  const { value } = await run({
    attempt: 2,
    heartbeatDetails: { attempt: 1, unansweredSince: Date.now() },
    settleWindowMs: 3000,
    find: async () => (++looks === 2 ? 'late' : undefined),
    make,
  });
  expect(value).toBe('late');
  expect(make).not.toHaveBeenCalled();
});

test('a repeated attempt that left no note is taken for a lost answer', async () => {
  const { searches } = await run({ attempt: 3 });
  expect(searches[0]).toBe(true);
});

test('a refusal made nothing, says so, and frees the next attempt from waiting', async () => {
  const { error, heartbeats } = await run({
    make: async () => {
      throw failure('RateLimited', 'slow down', { retryAfter: '5s' });
    },
  });
  expect(error).toMatchObject({ type: 'RateLimited', nextRetryDelay: '5s', details: [{ nothingMade: true }] });
  expect(heartbeats.at(-1)).toEqual({ attempt: 1 });
});

test('a refusal after a lost answer says nothing of that one, and lets the next attempt look once before it writes', async () => {
  const heartbeatDetails = { attempt: 1, unansweredSince: Date.now() - 2000 };
  const make = async (): Promise<never> => {
    throw failure('RateLimited', 'slow down');
  };
  const refused = await run({ attempt: 2, heartbeatDetails, settleWindowMs: 1000, make });
  expect(refused.error?.type).toBe('RateLimited');
  expect(refused.error?.details ?? []).toEqual([]);
  expect(refused.heartbeats.at(-1)).toEqual({ ...heartbeatDetails, attempt: 2 });
  const next = await run({ attempt: 3, heartbeatDetails: refused.heartbeats.at(-1), settleWindowMs: 1000 });
  expect([next.value, next.searches]).toEqual(['made', [true]]);
});

test('what an attempt before the last left says nothing of the last', async () => {
  const { searches } = await run({ attempt: 3, heartbeatDetails: { attempt: 1 } });
  expect(searches).toEqual([true]);
});

test('a lost answer leaves the time of giving up for the next attempt, and claims nothing', async () => {
  const before = Date.now();
  const { error, heartbeats } = await run({
    make: async () => {
      throw failure('OutcomeUnknown', 'connection reset');
    },
  });
  expect(error?.details ?? []).toEqual([]);
  expect(heartbeats.at(-1)?.unansweredSince).toBeGreaterThanOrEqual(before);
});

test('bad input is refused before anything is looked for', async () => {
  const { error, searches } = await run({
    prepare: async () => {
      throw failure('InvalidRequest', 'source.path: is a directory');
    },
  });
  expect(error).toMatchObject({ type: 'InvalidRequest', details: [{ nothingMade: true }] });
  expect(searches).toEqual([]);
});

test('a cancelled upload that was not sent in full made nothing', async () => {
  const { error } = await run({
    make: async () => {
      throw new SubmissionAborted('cancelled');
    },
  });
  expect(error).toBeInstanceOf(CancelledFailure);
  expect(error).toMatchObject({ details: [{ nothingMade: true }] });
});
