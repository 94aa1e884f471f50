import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { lifecycleRuns } from '../../../src/temporal/runs/lifecycle-runs';
import { SEARCH_ATTRIBUTES } from '../../../src/contracts/ids';

const execution = (status: string, changes: object = {}) => ({
  type: 'assetLifecycle',
  workflowId: 'w',
  runId: 'r1',
  status: { name: status },
  startTime: new Date(0),
  closeTime: status === 'RUNNING' ? undefined : new Date(1),
  typedSearchAttributes: new TypedSearchAttributes([{ key: SEARCH_ATTRIBUTES.assetId, value: 'a' }]),
  ...changes,
});

/** @param described answers of descriptions, in their order. */
function runsOf(listed: object[], described: (object | Error)[] = []) {
  const queries: string[] = [];
  const workflow = {
    async *list({ query }: { query: string }) {
      queries.push(query);
      yield* listed;
    },
    getHandle: () => ({
      describe: async () => {
        const next = described.shift();
        if (next instanceof Error) throw next;
        return next;
      },
    }),
  };
  const client: unknown = { workflow };
  return { runs: lifecycleRuns(client as Client), queries };
}

const refusedId = Object.assign(new Error('3 INVALID_ARGUMENT: Invalid RunId.'), {
  code: 3,
  details: '',
  metadata: {},
});

test('the overview asks by asset ids alone', async () => {
  const { runs, queries } = runsOf([execution('TERMINATED')]);
  expect(await runs.overview(['a', "b' OR '"])).toMatchObject([{ workflowId: 'w', runId: 'r1', ended: 'stopped' }]);
  expect(queries).toEqual(["WorkflowType = 'assetLifecycle' AND AssetId IN ('a')"]);
});

test('with no id that may stand in a query, nothing is asked', async () => {
  const { runs, queries } = runsOf([]);
  expect(await runs.overview(["'", ''])).toEqual([]);
  expect(await runs.wantedBy("'")).toEqual([]);
  expect(queries).toEqual([]);
});

test('a completed lifecycle wants its asset, and a stopped one does not', async () => {
  const said = (outcome: string) =>
    new TypedSearchAttributes([
      { key: SEARCH_ATTRIBUTES.assetId, value: 'a' },
      { key: SEARCH_ATTRIBUTES.outcome, value: outcome },
    ]);
  const completed = execution('COMPLETED', { typedSearchAttributes: said('completed') });
  const stopped = execution('COMPLETED', { runId: 'r2', typedSearchAttributes: said('cancelled') });
  const { runs, queries } = runsOf([completed, stopped]);
  expect(await runs.wantedBy('a')).toMatchObject([{ runId: 'r1', open: false, ended: 'completed' }]);
  expect(queries[0]).toContain("(ExecutionStatus = 'Running' OR AssetOutcome = 'completed') AND AssetId IN ('a')");
});

test('an open lifecycle that has the asset is one only when its description says so, too', async () => {
  const listed = [execution('RUNNING'), execution('RUNNING', { runId: 'r2' })];
  const { runs } = runsOf(listed, [execution('RUNNING'), execution('TERMINATED', { runId: 'r2' })]);
  expect(await runs.wantedBy('a')).toMatchObject([{ runId: 'r1', open: true }]);
});

test.each([
  ['is not known', new WorkflowNotFoundError('not found', 'w', undefined)],
  ['has an id that the server refuses', refusedId],
  ['is of another workflow', execution('RUNNING', { type: 'somethingElse' })],
])('a run that %s is no lifecycle', async (_case, answer) => {
  expect(await runsOf([], [answer]).runs.find('w', 'r1')).toBeUndefined();
});

test('a server that does not answer is no unknown run', async () => {
  const down = Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: '', metadata: {} });
  await expect(runsOf([], [down]).runs.find('w')).rejects.toThrow('UNAVAILABLE');
});

test('a group that was ended from outside counts as stopped, so that a sweep ends what it left', async () => {
  const group = (status: string): object => execution(status, { type: 'assetGroup', workflowId: 'asset-group:b:0' });
  const { runs } = runsOf([], [group('TERMINATED'), group('RUNNING'), group('COMPLETED')]);
  expect(await runs.find('asset-group:b:0')).toMatchObject({ open: false, ended: 'stopped' });
  expect(await runs.find('asset-group:b:0')).toMatchObject({ open: true });
  expect(await runs.find('asset-group:b:0')).toEqual(expect.objectContaining({ ended: 'completed' }));
});

test('a workflow is open while its latest run is', async () => {
  const gone = new WorkflowNotFoundError('not found', 'w', undefined);
  const { runs } = runsOf([], [execution('RUNNING', { type: 'assetBatch' }), execution('TERMINATED'), gone]);
  expect([await runs.isOpen('w'), await runs.isOpen('w'), await runs.isOpen('w')]).toEqual([true, false, false]);
});

test('the end of a run is told if it ended by itself, and that it is forgotten otherwise than that it is open', async () => {
  const gone = new WorkflowNotFoundError('not found', 'w', undefined);
  const { runs } = runsOf([], [execution('COMPLETED'), execution('RUNNING'), execution('TERMINATED'), gone]);
  const ends = [await runs.endOf('w'), await runs.endOf('w'), await runs.endOf('w'), await runs.endOf('w')];
  expect(ends).toEqual([{ at: new Date(1).toISOString() }, undefined, undefined, 'forgotten']);
});
