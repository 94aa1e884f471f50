import type { Client } from '@temporalio/client';
import { TypedSearchAttributes, type SearchAttributePair } from '@temporalio/common';
import fc from 'fast-check';
import { InvalidInput } from '../../../src/temporal/errors';
import { LifecycleClient } from '../../../src/client/lifecycle-client';
import { listQuery, oneOf, type ListFilter } from '../../../src/temporal/runs/list-query';
import { lifecycleWorkflowId, SEARCH_ATTRIBUTES } from '../../../src/contracts/ids';

const ALL = "WorkflowType = 'assetLifecycle'";

test.each([`a'b`, 'a\\', 'a?', ''])('no value that could break a query enters one: %j', (assetId) => {
  expect(() => listQuery({ assetId })).toThrow(InvalidInput);
});

test('whatever a caller gives, a query holds words of ours, plain text and times only', () => {
  const text = fc.string({ unit: 'binary' });
  const filter = fc.record(
    { key: text, assetId: text, branch: text, provider: text, phase: text, outcome: text },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(filter, (given) => {
      try {
        const query = listQuery(given as ListFilter, ['embed']);
        expect(query.replaceAll(/'[A-Za-z0-9/._+-]*'/g, '')).toMatch(/^[A-Za-z_ =(),]*$/);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidInput);
      }
    }),
  );
});

test.each([
  ['films/2026/intro.mp4', 'films/2026/intro.mp4'],
  ['films/it’s?', 'films/it'],
  ['back\\slash', 'back'],
  ['100%', '100'],
  ['Films/Ü', 'Films/'],
])('of the key %j only its plain start is queried', (key, start) => {
  expect(listQuery({ key })).toBe(`${ALL} AND (AssetKey STARTS_WITH '${start}' OR AssetKey IS NULL)`);
});

test.each(["'); --", '影片/', '"a"', '\\', '%'])(
  'the key %j, which begins with a character that could break a query, is not queried at all',
  (key) => expect(listQuery({ key })).toBe(ALL),
);

test('of ids at the provider only those that cannot break a query are asked for', () => {
  const { assetId } = SEARCH_ATTRIBUTES;
  expect(oneOf(assetId, ['a1', "b'", 'a1', 'c-2'])).toBe("AssetId IN ('a1', 'c-2')");
  expect(oneOf(assetId, ["b'"])).toBeUndefined();
});

test('an age is a time of ours, and no caller’s text', () => {
  const [from, to] = [new Date('2026-11-25T12:00:00Z'), new Date('2026-11-26T12:00:00Z')];
  expect(listQuery({ startedAfter: from, startedBefore: to, closedAfter: from, closedBefore: to })).toBe(
    `${ALL} AND StartTime >= '2026-11-25T12:00:00.000Z' AND StartTime < '2026-11-26T12:00:00.000Z' ` +
      "AND CloseTime >= '2026-11-25T12:00:00.000Z' AND CloseTime < '2026-11-26T12:00:00.000Z'",
  );
});

test.each([
  [{ startedAfter: new Date('never') }, 'startedAfter: must be a time from 1970 to 2199'],
  [{ startedAfter: new Date(-1) }, 'startedAfter: must be a time from 1970 to 2199'],
  [{ closedBefore: new Date(8.64e15) }, 'closedBefore: must be a time from 1970 to 2199'],
  [{ limit: 0 }, 'limit: must be a whole number from 1, not 0'],
  [{ limit: Number.NaN }, 'limit: must be a whole number from 1, not NaN'],
  [{ phase: 'done' as never }, 'phase: must be one of pending, creating'],
  [{ outcome: 'won' as never }, 'outcome: must be one of completed, cancelled, deleted, failed, not "won"'],
])('the filter %j is refused, and names the field', (filter, message) => {
  expect(() => listQuery(filter)).toThrow(InvalidInput);
  expect(() => listQuery(filter)).toThrow(message);
});

interface RunSeen {
  key?: string;
  status?: string;
  phase?: string;
  outcome?: string;
  branch?: string;
}

/** Keys that the client lists of these runs, whatever the server's query has let through. */
async function listed(filter: ListFilter, runs: readonly RunSeen[]): Promise<string[]> {
  const workflow = {
    async *list() {
      for (const { key = 'k', status = 'RUNNING', phase, outcome, branch } of runs) {
        const pairs = Object.entries({ phase, outcome, branch }).flatMap(([name, value]) =>
          value === undefined ? [] : [{ key: SEARCH_ATTRIBUTES[name as 'phase'], value } satisfies SearchAttributePair],
        );
        yield {
          workflowId: lifecycleWorkflowId('twelvelabs', key),
          runId: 'r',
          status: { name: status },
          startTime: new Date(),
          typedSearchAttributes: new TypedSearchAttributes(pairs),
        };
      }
    },
  };
  const temporal = { client: { workflow } as unknown as Client, address: '', namespace: '' };
  const client = await LifecycleClient.connect({ temporal });
  const found: string[] = [];
  for await (const { key } of client.list(filter)) found.push(key);
  return found;
}

test('the list compares whole keys, since only their start is queried, and the limit counts what is left', async () => {
  const runs = ['films/it’s?-1', 'Films/it’s?-3', 'films/item', 'films/it’s?-2'].map((key) => ({ key }));
  expect(await listed({ key: 'films/it’s?', limit: 2 }, runs)).toEqual(['films/it’s?-1', 'films/it’s?-2']);
  expect(await listed({ key: '影', limit: 1 }, [{ key: 'a' }, { key: '影片' }])).toEqual(['影片']);
});

test('a terminated run has failed, in the query and in the list', async () => {
  const states = "ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')";
  expect(listQuery({ outcome: 'failed' })).toBe(`${ALL} AND (AssetOutcome = 'failed' OR ${states})`);
  expect(listQuery({ phase: 'failed' })).toBe(`${ALL} AND (AssetPhase = 'failed' OR ${states})`);
  const runs = [
    { key: 'terminated', status: 'TERMINATED', phase: 'processing' },
    { key: 'deleted', status: 'FAILED', phase: 'deleted', outcome: 'deleted' },
    { key: 'failed', status: 'FAILED', phase: 'failed', outcome: 'failed' },
    { key: 'about to close', status: 'RUNNING', phase: 'failed', outcome: 'failed' },
  ];
  expect(await listed({ outcome: 'failed' }, runs)).toEqual(['terminated', 'failed']);
  expect(await listed({ phase: 'processing' }, runs)).toEqual([]);
});

test('an open phase is one of a running run; a run that has said none yet is pending', async () => {
  expect(listQuery({ phase: 'branching' })).toBe(`${ALL} AND ExecutionStatus = 'Running' AND AssetPhase = 'branching'`);
  expect(listQuery({ phase: 'pending' })).toBe(
    `${ALL} AND ExecutionStatus = 'Running' AND (AssetPhase = 'pending' OR AssetPhase IS NULL)`,
  );
  expect(await listed({ phase: 'pending' }, [{ key: 'new' }, { key: 'old', phase: 'creating' }])).toEqual(['new']);
});

test('a branch is found alone and at every place of a list of branches', async () => {
  expect(listQuery({ branch: 'index' }, ['embed', 'entity', 'index', 'none'])).toBe(
    `${ALL} AND (AssetBranch = 'index' OR AssetBranch STARTS_WITH 'embed+' OR AssetBranch STARTS_WITH 'entity+' ` +
      "OR AssetBranch STARTS_WITH 'index+')",
  );
  const values = ['embed', 'index', 'embed+index', 'embed+entity', 'embed+entity+index', 'index-2', 'none'];
  const runs = [...values.map((branch) => ({ key: branch, branch })), { key: 'raw' }];
  expect(await listed({ branch: 'index' }, runs)).toEqual(['index', 'embed+index', 'embed+entity+index']);
  expect(await listed({ branch: 'none' }, runs)).toEqual(['none']);
});
