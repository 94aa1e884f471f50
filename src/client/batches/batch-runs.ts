import {
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { acceptBatch, acceptBatchDeletion } from '../../batch/accept-batch';
import { batchCounts } from '../../batch/report';
import { readIndex } from '../../batch/read-batch';
import type { BatchOutcome, BatchStatus } from '../../contracts/batch/batch-status';
import { NO_COUNTS, type BatchCounts } from '../../contracts/batch/item-outcome';
import type { ListingStart } from '../../contracts/batch/listed-items';
import { failureType } from '../../contracts/failures';
import { ASSET_BATCH_DELETION, batchIdOf, SEARCH_ATTRIBUTES } from '../../contracts/ids';
import type { LifecycleError } from '../../contracts/lifecycle-status';
import { DEFAULT_PROVIDER } from '../../providers/registry';
import { failureBehind } from '../../temporal/errors';
import { sentInput } from '../../temporal/runs/sent-input';
import { lastStartOf } from './batch-starts';
import type { KeptBatch } from './client-store';

/** A batch in a list; made from what Temporal's visibility knows. */
export interface BatchSummary {
  batchId: string;
  workflowId: string;
  /** `running`, `ended`, or `failed` for one that could not be listed or was ended from outside. */
  state: string;
  open: boolean;
  startedAt: string;
  closedAt?: string;
}

/** @param startedAt of the batch, if it has gone on in further runs */
export function batchSummary(
  run: WorkflowExecutionInfo,
  startedAt: string = run.startTime.toISOString(),
): BatchSummary {
  const { workflowId, status, closeTime, typedSearchAttributes } = run;
  const open = status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW'; // visibility lags behind the next run
  const { phase, outcome } = SEARCH_ATTRIBUTES;
  const said = typedSearchAttributes.get(open ? phase : outcome);
  return {
    ...{ batchId: batchIdOf(workflowId) ?? workflowId, workflowId },
    state: said ?? (open ? 'running' : status.name === 'COMPLETED' ? 'ended' : 'failed'),
    ...{ open, startedAt, closedAt: open ? undefined : closeTime?.toISOString() },
  };
}

/** The status with which a batch closed, also of one that failed or was ended from outside. @param kept what the store has of it */
export async function closedBatchStatus(
  client: Client,
  run: WorkflowExecutionDescription,
  batchId: string,
  kept: KeptBatch | undefined,
): Promise<BatchStatus> {
  try {
    const status = (await client.workflow.getHandle(run.workflowId, run.runId).result()) as BatchStatus;
    if (status.timings.listedAt !== undefined || !kept) return status;
    return { ...status, ...(await keptFacts(kept, firstRunIdOf(run))) }; // stopped before it knew what earlier starts have done
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { provider, inFlight } = await settingsOf(client, run);
    const status = { ...emptyStatus(batchId, provider), inFlight, error: errorOf(error.cause) };
    const timings = { startedAt: await startedAtOf(client, run), closedAt: run.closeTime?.toISOString() };
    return {
      ...status,
      ...(kept && (await keptFacts(kept, firstRunIdOf(run)))),
      phase: 'failed',
      outcome: 'failed',
      timings,
    };
  }
}

/** The status of a batch as its store tells it, for one that Temporal has forgotten; `undefined` if nothing is kept. */
export async function keptBatchStatus(batchId: string, kept: KeptBatch): Promise<BatchStatus | undefined> {
  const begun = await kept.files.begun();
  if (begun === undefined) return undefined;
  const { provider } = JSON.parse(begun) as ListingStart;
  const facts = await keptFacts(kept);
  const outcome = (await kept.files.stoppedAs()) ?? outcomeOf(facts.counts);
  const closedAt = await kept.files.closedAt(); // unknown of one that was ended from outside
  const timings = closedAt === undefined ? {} : { closedAt: closedAt.toISOString() };
  return { ...emptyStatus(batchId, provider), ...facts, phase: outcome, outcome, timings };
}

/** The run id of the start, which later runs of the same batch have in common. */
export const firstRunIdOf = ({ raw, runId }: WorkflowExecutionDescription): string =>
  raw.workflowExecutionInfo?.firstRunId || runId;

/** When a batch was started, of which this is a run; when the run was, once Temporal has forgotten the first. */
export async function startedAtOf(client: Client, run: WorkflowExecutionDescription): Promise<string> {
  const { workflowId, runId, startTime } = run;
  const first = firstRunIdOf(run);
  if (first === runId) return startTime.toISOString();
  try {
    return (await client.workflow.getHandle(workflowId, first).describe()).startTime.toISOString();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return startTime.toISOString();
    throw error;
  }
}

/**
 * What the store says of a batch: counts, bytes, and where it lies.
 * @param known start of the last run that Temporal knows; see {@link lastStartOf}
 */
async function keptFacts(
  kept: KeptBatch,
  known?: string,
): Promise<Pick<BatchStatus, 'counts' | 'refused' | 'totalBytes'> & { provider?: string; uri?: string }> {
  const { files, outcomes } = kept;
  if ((await files.index()) === undefined) return { counts: NO_COUNTS, refused: 0, totalBytes: 0 };
  const index = await readIndex(files);
  const counts = await batchCounts(outcomes, index, await lastStartOf(kept, known));
  const { provider, refused, bytes: totalBytes } = index;
  return { provider, counts, refused, totalBytes, uri: files.uri };
}

const emptyStatus = (batchId: string, provider: string): BatchStatus => ({
  ...{ batchId, provider, phase: 'failed', counts: NO_COUNTS, refused: 0, totalBytes: 0 },
  ...{ groups: 0, inFlight: 0, failures: [], timings: {} },
});

async function settingsOf(client: Client, run: WorkflowExecutionDescription) {
  try {
    const input = await sentInput(client, run);
    return run.type === ASSET_BATCH_DELETION ? { ...acceptBatchDeletion(input), inFlight: 0 } : acceptBatch(input);
  } catch {
    return { provider: DEFAULT_PROVIDER, inFlight: 0 }; // its input was refused: that is the error
  }
}

function errorOf(cause: unknown): LifecycleError {
  const error = failureBehind(cause);
  const message = error instanceof Error ? error.message : 'the batch was ended from outside';
  return { type: failureType(error) ?? 'Unexpected', message };
}

/** Of a batch that ended by itself: a failed one is also one of which an item was stopped. */
const outcomeOf = ({ by: { completed = 0 }, items }: BatchCounts): BatchOutcome =>
  completed > 0 && completed === items ? 'completed' : 'failed';

/** The status of a running batch that no worker answers for. @param kept what the store has of it */
export async function unansweredStatus(
  client: Client,
  run: WorkflowExecutionDescription,
  batchId: string,
  kept: KeptBatch | undefined,
): Promise<BatchStatus> {
  const { provider, inFlight } = await settingsOf(client, run);
  const facts = kept && (await keptFacts(kept, firstRunIdOf(run)));
  const isListed = facts?.uri !== undefined;
  const phase = run.type === ASSET_BATCH_DELETION ? 'cleaning' : isListed ? 'running' : 'listing';
  const timings = { startedAt: await startedAtOf(client, run) };
  return { ...emptyStatus(batchId, provider), ...facts, inFlight, phase, timings };
}
