import { ApplicationFailure } from '@temporalio/common';
import { createBatchSteps } from '../../../../src/activities/batch/batch-steps';
import { acceptBatch } from '../../../../src/batch/accept-batch';
import { Batches } from '../../../../src/client/batches/batches';
import { ClientStore } from '../../../../src/client/batches/client-store';
import { batchWorkflowId } from '../../../../src/contracts/ids';
import { createBatchFiles } from '../../../../src/storage/batches/batch-files';
import { createItemOutcomes } from '../../../../src/storage/batches/item-outcomes';
import { BatchClosed, BatchNotFound, LifecycleNotFailed } from '../../../../src/temporal/errors';
import { activityEnvironment, OWNER } from '../../../support/activity-dependencies';
import { BatchPlace } from '../../../support/batches/batch-place';
import { KnownRuns, type KnownRun } from '../../../support/batches/known-runs';

const batchId = 'spring';
const workflowId = batchWorkflowId(batchId);

let place: BatchPlace;
let temporal: KnownRuns;
let batches: Batches;
let input: { batchId: string; items: object; each: object };
beforeEach(async () => {
  place = await BatchPlace.make();
  temporal = new KnownRuns();
  const { files } = place.deps.batches;
  batches = new Batches(temporal.calls, new ClientStore(temporal.calls, async () => ({ files, close: () => {} })));
  input = { batchId, ...(await place.put(['a.jpg', 'b.jpg'])) };
});
afterEach(() => place.close());

const kept = () => createBatchFiles(place.deps.batches.files, { owner: OWNER, batchId });
const list = (changes: object, start: string) => {
  const batch = { ...acceptBatch({ ...input, ...changes }), batchId };
  return activityEnvironment().run(() => createBatchSteps(place.deps).listItems({ batch, start }));
};
const run = (runId: string, changes: Partial<KnownRun> = {}): KnownRun => ({
  ...{ workflowId, runId, status: 'COMPLETED', closedAt: '2026-01-01T10:00:00Z', input },
  ...changes,
});
const OTHER = { items: { type: 'list', items: [{ url: 'https://m.example/a.mp4' }] } };

/** One item has completed and one has failed, and the batch has closed. */
async function ranOnce(second: object = { phase: 'failed', outcome: 'failed' }, stopped?: 'cancelled'): Promise<void> {
  await list({}, 'first');
  const item = { key: 'k', of: 'first', phase: 'completed', outcome: 'completed' } as const;
  await createItemOutcomes(place.deps.batches.files, { owner: OWNER, batchId }).write({ from: 0, end: 2 }, [
    { ...item, item: 0 },
    { ...item, item: 1, ...second },
  ]);
  await kept().close(new Date('2026-01-01T10:00:00Z'), stopped);
  const status = { batchId, phase: 'failed', outcome: 'failed', timings: { listedAt: 'then' } };
  temporal.runs.push(run('first', { input: { ...input, failureMode: 'FailAfterOne', inFlight: 7 }, result: status }));
}

/** A start of the batch's id with other items. */
async function startedWrongly(): Promise<void> {
  await expect(list(OTHER, 'wrong')).rejects.toThrow('began with another items');
  const failure = ApplicationFailure.create({ type: 'InvalidRequest', message: 'began with another items' });
  temporal.runs.push(run('wrong', { input: { batchId, ...OTHER }, status: 'FAILED', failure }));
}

async function outcomes(): Promise<unknown[]> {
  const told: unknown[] = [];
  for await (const entry of batches.report(batchId)) told.push('refused' in entry ? entry.refused : entry.outcome);
  return told;
}

test('a start with other items changes nothing of what the batch keeps', async () => {
  await ranOnce();
  await startedWrongly();
  expect(await kept().starts()).toEqual(['first']);
  expect(await kept().closedAt()).toEqual(new Date('2026-01-01T10:00:00Z'));
  await list({}, 'second');
  expect([await kept().starts(), await kept().closedAt()]).toEqual([['first', 'second'], undefined]);
});

test('a source that cannot be opened leaves nothing in the store', async () => {
  const items = { type: 'manifest', uri: `${place.listing.media}/none.csv` };
  await expect(list({ items }, 'first')).rejects.toThrow('none.csv');
  expect(await place.deps.batches.files.list('batches')).toEqual([]);
});

test('a retry, the report and the status are of the start that was taken, not of one that was refused', async () => {
  await ranOnce();
  await startedWrongly();
  expect(await outcomes()).toEqual(['completed', 'failed']);
  expect(await batches.status(batchId)).toMatchObject({
    ...{ outcome: 'failed', error: { type: 'InvalidRequest' }, counts: { by: { completed: 1, failed: 1 } } },
  });
  await batches.retry(batchId);
  expect(temporal.started).toEqual([{ workflowId, input: { ...input, failureMode: 'FailAfterOne', inFlight: 7 } }]);
});

test('a retry takes what the store keeps of the batch, once Temporal has forgotten the start that was taken', async () => {
  await ranOnce();
  await startedWrongly();
  temporal.runs.shift();
  await batches.retry(batchId);
  const [{ input: started } = { input: undefined }] = temporal.started;
  expect(acceptBatch(started)).toMatchObject({ ...acceptBatch(input), each: input.each });
});

describe('a batch that Temporal has forgotten', () => {
  test('is retried by what the store keeps, and takes no other message', async () => {
    await ranOnce();
    temporal.runs.length = 0;
    await expect(batches.cancel(batchId)).rejects.toThrow(BatchClosed);
    await expect(batches.forceDelete(batchId)).rejects.toThrow('"force-delete <key>" removes what one of its items');
    expect(await batches.result(batchId)).toMatchObject({ outcome: 'failed', counts: { by: { failed: 1 } } });
    expect(await batches.retry(batchId)).toMatchObject({ batchId, joined: false });
    expect(acceptBatch(temporal.started[0]?.input)).toMatchObject({ items: acceptBatch(input).items });
  });

  test('is not retried if it has completed, nor if nobody knows it', async () => {
    await ranOnce({});
    temporal.runs.length = 0;
    await expect(batches.retry(batchId)).rejects.toThrow(LifecycleNotFailed);
    await expect(batches.retry('none')).rejects.toThrow(BatchNotFound);
    await expect(batches.cancel('none')).rejects.toThrow(BatchNotFound);
  });

  test.each([
    ['failed', 'one item was stopped by its key', undefined],
    ['cancelled', 'the batch was stopped', 'cancelled'],
  ] as const)('has %s as before where %s', async (outcome, _why, stopped) => {
    await ranOnce({ phase: 'cancelled', outcome: 'cancelled' }, stopped);
    temporal.runs.length = 0;
    expect(await batches.status(batchId)).toMatchObject({ phase: outcome, outcome });
  });
});

test('a list has the start of a batch that has gone on in further runs, and describes no other', async () => {
  const described: string[] = [];
  temporal.onDescribe = (id) => void described.push(id);
  const began = '2026-01-01T08:00:00.000Z';
  const now = '2026-01-01T09:00:00.000Z';
  const longId = batchWorkflowId('long');
  temporal.runs.push(
    run('r0', { startedAt: now }),
    run('r1', { workflowId: longId, status: 'CONTINUED_AS_NEW', startedAt: began }),
    run('r2', { workflowId: longId, status: 'RUNNING', startedAt: now, firstRunId: 'r1', closedAt: undefined }),
  );
  const listed = [];
  for await (const { batchId: id, startedAt, open } of batches.list()) listed.push([id, startedAt, open]);
  expect(listed).toEqual([
    ['long', began, true],
    ['spring', now, false],
  ]);
  expect(new Set(described)).toEqual(new Set([longId]));
});
