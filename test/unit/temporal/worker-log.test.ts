import type { LogEntry } from '@temporalio/worker';
import { linesOf } from '../../../src/stack/worker-log';

const entry = (level: LogEntry['level'], message: string, meta = {}): LogEntry => ({
  level,
  message,
  meta,
  timestampNanos: 1_700_000_000_000_000_000n,
});

test.each([
  'No workflows registered, not polling for workflow tasks',
  'Activity not found on completion. This may happen if the activity has already been cancelled but completed anyway.',
])('"%s" does not reach the operator', (message) => {
  expect(linesOf(entry('WARN', message, { taskQueue: 'q' }))).toEqual([]);
});

test('a real warning is one line that says of what', () => {
  const meta = { error: new TypeError('no bytes'), workflowId: 'w1', activityType: 'submitSource', attempt: 3 };
  expect(linesOf(entry('WARN', 'Activity failed', meta))).toEqual([
    '2023-11-14T22:13:20.000Z WARN Activity failed: TypeError: no bytes (workflowId w1, activityType submitSource, attempt 3)',
  ]);
});

test('an error brings its trace', () => {
  const [line, trace] = linesOf(entry('ERROR', 'Failing workflow task', { error: new Error('a bug') }));
  expect(line).toMatch(/ERROR Failing workflow task: Error: a bug$/);
  expect(trace).toMatch(/^ {4}at .*worker-log\.test/);
});
