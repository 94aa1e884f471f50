import type { Client } from '@temporalio/client';
import { startLifecycle, type StartOptions } from '../../../src/client/start/start-lifecycle';
import { acceptInput } from '../../../src/providers/registry';

const input = { source: { type: 'url', url: 'https://example.com/a.mp4' }, enableHls: true, branch: { type: 'none' } };
const keyed = { ...acceptInput(input), key: 'k' };

/** What a start sends to Temporal. */
async function sent(options: StartOptions = {}): Promise<Record<string, unknown>> {
  const starts: Record<string, unknown>[] = [];
  const workflow = {
    start: async (_type: string, start: Record<string, unknown>) => {
      starts.push(start);
      return { firstExecutionRunId: 'r1' };
    },
  };
  await startLifecycle({ workflow } as unknown as Client, keyed, options);
  return starts[0] ?? {};
}

test('the input is sent as every caller writes it, so that the worker accepts it again', async () => {
  const { args } = await sent();
  expect(acceptInput((args as unknown[])[0])).toEqual(keyed);
});

test('Temporal’s priority and fairness key pass through, and are left out where nobody names them', async () => {
  const priority = { priorityKey: 1, fairnessKey: 'tenant-7' };
  expect((await sent({ priority })).priority).toEqual(priority);
  expect((await sent()).priority).toBeUndefined();
});

test.each([
  [{ priorityKey: 0 }, 'priority.priorityKey: must be a whole number from 1 to 5, not 0'],
  [{ priorityKey: 2.5 }, 'priority.priorityKey: must be a whole number from 1 to 5, not 2.5'],
  [{ fairnessKey: 'ü'.repeat(33) }, 'priority.fairnessKey: must have at most 64 bytes'],
])('the priority %j is refused before anything is started', async (priority, message) => {
  await expect(sent({ priority })).rejects.toThrow(message);
});
