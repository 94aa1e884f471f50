import type { BatchStatus } from '../../../src/contracts/batch/batch-status';
import { describeBatch, lineOfBatch, percentOf } from '../../../src/cli/commands/batch/describe-batch';
import { batchLines } from '../../../src/cli/commands/batch/follow-batch';

const status = (changes: Partial<BatchStatus> = {}): BatchStatus => ({
  ...{ batchId: 'spring', provider: 'p', phase: 'running', refused: 0, totalBytes: 4000, groups: 2, inFlight: 100 },
  counts: { items: 400, by: { completed: 1, creating: 99, pending: 300 }, bytes: 1000 },
  failures: [],
  timings: { startedAt: '2026-11-26T00:00:00Z' },
  ...changes,
});
const failure = (item: number) => ({
  item,
  key: `k${item}`,
  error: { type: 'PayloadTooLarge' as const, message: 'too large' },
});

test('a line has counts in the order of the way, bytes, rate and time left', () => {
  expect(lineOfBatch(status({ itemsPerSec: 2.04, secondsLeft: 200, refused: 3 }))).toBe(
    'spring: running, 1 of 400 items (0 %), 300 pending, 99 creating, 1 completed, 3 refused, 1.0 kB of 4.0 kB, ' +
      '2.0 items/s, 3 min 20 s left',
  );
});

test('of a closed batch neither rate nor time left are told in the line, but why it ended', () => {
  const counts = { items: 2, by: { cancelled: 2 }, bytes: 0 };
  const ended = { outcome: 'cancelled', phase: 'cancelled', secondsLeft: 5, itemsPerSec: 1 } as const;
  expect(lineOfBatch(status({ ...ended, counts, reason: 'enough' }))).toBe(
    'spring: cancelled, 2 of 2 items (100 %), 2 cancelled, because: enough',
  );
});

test('a batch that was not listed has no items to tell of, only its error', () => {
  const error = { type: 'InvalidRequest', message: 'items.path: /x: holds no file that is not hidden' } as const;
  const counts = { items: 0, by: {}, bytes: 0 };
  const lines = describeBatch(
    status({ phase: 'failed', outcome: 'failed', counts, totalBytes: 0, error, timings: { closedAt: 'then' } }),
  );
  expect(lines).toEqual([
    ...['batch    spring', 'provider p', 'phase    failed', `error    InvalidRequest: ${error.message}`],
    'closed   then',
  ]);
});

test('a batch is at 100 % once all of its items have ended, and not before', () => {
  const at = (completed: number) => percentOf(status({ counts: { items: 1000, by: { completed }, bytes: 0 } }));
  expect([at(0), at(999), at(1000)]).toEqual([0, 99, 100]);
});

test('a pipe gets a line for each phase and percent, and each failure once', () => {
  const lines: string[] = [];
  const show = batchLines((line) => lines.push(line));
  const at = (completed: number, changes: Partial<BatchStatus> = {}): void =>
    show(status({ counts: { items: 400, by: { completed }, bytes: 0 }, ...changes }));
  at(0);
  at(1);
  at(3, { failures: [failure(7)] });
  at(4, { failures: [failure(7), failure(8)] });
  at(5, { failures: [failure(7), failure(8)] });
  at(5, { phase: 'paused' });
  expect(lines.map((line) => line.slice(0, 40))).toEqual([
    'spring: running, 0 of 400 items (0 %)',
    'failed k7: PayloadTooLarge: too large',
    'failed k8: PayloadTooLarge: too large',
    'spring: running, 4 of 400 items (1 %), 4',
    'spring: paused, 5 of 400 items (1 %), 5 ',
  ]);
});
