import {
  failedKeys,
  forEachKey,
  retryListed,
  retryOne,
  type RetryOutcome,
} from '../../../src/cli/commands/lifecycles/retry-many';
import type { LifecycleClient } from '../../../src/client/lifecycle-client';
import { InvalidInput, LifecycleNotFailed, LifecycleNotFound, TemporalUnreachable } from '../../../src/temporal/errors';
import { cliInProcess } from '../../support/cli-in-process';

const ok = async (key: string): Promise<RetryOutcome> => ({ key, result: 'retried' });

async function outcomes(keys: readonly string[], one: (key: string) => Promise<RetryOutcome>): Promise<RetryOutcome[]> {
  const told: RetryOutcome[] = [];
  await forEachKey(keys, one, (outcome) => told.push(outcome));
  return told;
}

test('every key is retried once, and no more than eight at a time', async () => {
  const keys = Array.from({ length: 50 }, (_, index) => `k${index}`);
  let now = 0;
  let most = 0;
  const told = await outcomes(keys, async (key) => {
    most = Math.max(most, ++now);
    await new Promise(setImmediate);
    now -= 1;
    return ok(key);
  });
  expect(told.map(({ key }) => key).sort()).toEqual(keys.sort());
  expect(most).toBe(8);
});

test.each([
  new LifecycleNotFailed('lifecycle "b" is running'),
  new LifecycleNotFound('no lifecycle has the key "b"'),
  new InvalidInput('the input of lifecycle "b" is not valid any more'),
])('a key that is refused says why, and the others go on: %s', async (refusal) => {
  const told = await outcomes(['a', 'b', 'c'], async (key) => {
    if (key === 'b') throw refusal;
    return ok(key);
  });
  expect(told).toHaveLength(3);
  expect(told).toContainEqual({ key: 'b', result: 'refused', because: refusal.message });
});

test('a server that is gone ends the whole: keys that wait are left alone', async () => {
  const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
  let tried = 0;
  const all = outcomes(keys, async () => {
    tried += 1;
    await new Promise(setImmediate);
    throw new TemporalUnreachable('no Temporal server answers');
  });
  await expect(all).rejects.toThrow(TemporalUnreachable);
  expect(tried).toBe(8);
});

/** A client that lists these runs, and whose keys are by now in these states. */
function clientWith(listed: readonly string[], now: Record<string, string | undefined>) {
  const retried: string[] = [];
  const client = {
    async *list() {
      for (const key of listed) yield { key };
    },
    get: async (key: string) => ({ key, outcome: now[key] }),
    retry: async (key: string) => {
      retried.push(key);
      return { key, workflowId: `w:${key}`, runId: 'r2', joined: now[key] === undefined };
    },
  };
  return { client: client as unknown as LifecycleClient, retried };
}

test('of a key that failed more than once, or went on since, only the latest run counts', async () => {
  const { client, retried } = clientWith(['a', 'b', 'a', 'c'], { a: 'failed', b: 'completed', c: undefined });
  const keys = await failedKeys(client, {});
  expect(keys).toEqual(['a', 'b', 'c']);
  const told = await outcomes(keys, (key) => retryListed(client, key, {}));
  expect(told).toEqual(
    expect.arrayContaining([
      { key: 'a', result: 'retried', workflowId: 'w:a', runId: 'r2' },
      { key: 'b', result: 'overtaken', because: 'its latest run is completed' },
      { key: 'c', result: 'overtaken', because: 'its latest run is running' },
    ]),
  );
  expect(retried).toEqual(['a']);
});

test('a dry run starts nothing', async () => {
  const { client, retried } = clientWith(['a'], { a: 'failed' });
  expect(await retryListed(client, 'a', { dryRun: true })).toEqual({ key: 'a', result: 'would' });
  expect(retried).toEqual([]);
});

test('a retry that another start has overtaken says so', async () => {
  const { client } = clientWith([], {});
  expect(await retryOne(client, 'a', {})).toMatchObject({ result: 'overtaken', because: 'another start was faster' });
});

test.each([
  [[], 'give either <key...> or --failed'],
  [['k', '--failed'], 'give either <key...> or --failed'],
  [['k', '--since', '1d'], '--since: goes with --failed'],
  [['k', '--closed-until', '1d'], '--closed-until: goes with --failed'],
  [['k', '--dry-run'], '--dry-run: goes with --failed'],
  [['k', 'l', '--wait'], '--wait: goes with a single key'],
  [['--failed', '--wait'], '--wait: goes with a single key'],
  [['k', '--index', 'i1'], '--index: goes with <key...> and --branch'],
  [['--failed', '--branch', 'index', '--index', 'i1'], '--index: goes with <key...> and --branch'],
  [['--failed', '--branch', 'dance'], '--branch: with --failed it narrows the list, and must be one of'],
  [['--failed', '--since', 'yesterday'], '--since: must be a duration such as'],
  [['--failed', '--since', '99999999d'], '--since: must be a duration such as'],
])('retry %j is refused before a connection is tried', async (args, message) => {
  const { code, stdout, stderr } = await cliInProcess(['retry', ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(`error: ${message}`);
});
