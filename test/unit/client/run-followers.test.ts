import type { Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { RunFollowers } from '../../../src/client/watch/run-followers';
import { SEARCH_ATTRIBUTES } from '../../../src/contracts/ids';

const RUNS = 250;

/** Counts what is asked of it; `phases` is what its visibility tells of each run. */
function fakeClient(phases: Map<string, string>) {
  const counts = { polls: 0, lists: [] as string[] };
  const client = {
    options: { namespace: 'default' },
    withAbortSignal: <T>(_: AbortSignal, call: () => Promise<T>) => call(),
    withDeadline: <T>(_: number, call: () => Promise<T>) => call(),
    workflowService: {
      async getWorkflowExecutionHistory() {
        counts.polls += 1;
        return { history: { events: [{ workflowExecutionCompletedEventAttributes: {} }] } };
      },
    },
    workflow: {
      async *list({ query }: { query: string }) {
        counts.lists.push(query);
        for (const [runId, phase] of phases) {
          if (!query.includes(`'${runId}'`)) continue;
          yield {
            runId,
            workflowId: `w-${runId}`,
            status: { name: phase === 'completed' ? 'COMPLETED' : 'RUNNING' },
            startTime: new Date(),
            typedSearchAttributes: new TypedSearchAttributes([{ key: SEARCH_ATTRIBUTES.phase, value: phase }]),
          };
        }
      },
    },
  };
  return { client: client as never as Client, counts };
}

async function untilClosed(followers: RunFollowers, runId: string): Promise<void> {
  const { signal } = new AbortController();
  for await (const { closed } of followers.follow({ workflowId: `w-${runId}`, runId }, signal)) if (closed) return;
}

test('many watchers share one list of a hundred runs a request, and never name a workflow id', async () => {
  const phases = new Map(Array.from({ length: RUNS }, (_, index): [string, string] => [`run-${index}.`, 'processing']));
  const { client, counts } = fakeClient(phases);
  const followers = new RunFollowers(client, 0, 5);
  const ends = Promise.all([...phases.keys()].map((runId) => untilClosed(followers, runId)));
  while (counts.lists.length < 3) await new Promise(setImmediate);
  expect(counts.lists.slice(0, 3).every((query) => query.startsWith('RunId IN (') && !query.includes('w-'))).toBe(true);
  for (const runId of phases.keys()) phases.set(runId, 'completed');
  await ends;
  expect(counts.polls).toBe(0);
});

test('a few are each followed by a long poll, and what comes beyond by the list', async () => {
  const { client, counts } = fakeClient(new Map([['run-b', 'completed']]));
  const followers = new RunFollowers(client, 1, 5);
  await Promise.all([untilClosed(followers, 'run-a'), untilClosed(followers, 'run-b')]);
  expect([counts.polls, counts.lists.length]).toEqual([1, 1]);
});

test('a run that no list shows is left to its history', async () => {
  const { client, counts } = fakeClient(new Map());
  const followers = new RunFollowers(client, 0, 1);
  await untilClosed(followers, 'run-a');
  expect(counts.polls).toBe(1);
});

describe('a token for the next events', () => {
  const refusal = Object.assign(new Error('3 INVALID_ARGUMENT: branch tokens do not match'), { code: 3 });
  const followerWith = (answers: (() => unknown)[]) => {
    const { client } = fakeClient(new Map());
    const tokens: (string | undefined)[] = [];
    const getWorkflowExecutionHistory = async ({ nextPageToken }: { nextPageToken?: Uint8Array }): Promise<unknown> => {
      tokens.push(nextPageToken && Buffer.from(nextPageToken).toString());
      return (answers.shift() ?? (() => Promise.reject(refusal)))();
    };
    Object.assign(client.workflowService, { getWorkflowExecutionHistory });
    return { tokens, followers: new RunFollowers(client) };
  };
  const page = (token: string) => ({ history: { events: [] }, nextPageToken: Buffer.from(token) });
  const end = { history: { events: [{ workflowExecutionCompletedEventAttributes: {} }] } };
  const refuse = (): Promise<never> => Promise.reject(refusal);

  test('that the server takes no more is given up, and the run read from its first event', async () => {
    const { tokens, followers } = followerWith([() => page('a'), refuse, () => page('b'), () => end]);
    await untilClosed(followers, 'run-a');
    expect(tokens).toEqual([undefined, 'a', undefined, 'b']);
  });

  test('that is always refused ends in the refusal, and so does a first request', async () => {
    const always = followerWith([() => page('a'), refuse, () => page('b'), refuse, () => page('c'), refuse]);
    await expect(untilClosed(always.followers, 'run-a')).rejects.toBe(refusal);
    expect(always.tokens).toEqual([undefined, 'a', undefined, 'b', undefined, 'c']);
    const first = followerWith([refuse]);
    await expect(untilClosed(first.followers, 'run-a')).rejects.toBe(refusal);
  });
});
