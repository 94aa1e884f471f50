import {
  WorkflowFailedError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { acceptBatch } from '../../batch/accept-batch';
import { batchCounts } from '../../batch/report';
import { readIndex } from '../../batch/read-batch';
import type { BatchOutcome, BatchStatus } from '../../contracts/batch/batch-status';
import { NO_COUNTS, type BatchCounts } from '../../contracts/batch/item-outcome';
import type { ListingStart } from '../../contracts/batch/listed-items';
import { failureType } from '../../contracts/failures';
import { batchIdOf, SEARCH_ATTRIBUTES } from '../../contracts/ids';
import type { LifecycleError } from '../../contracts/lifecycle-status';
import { DEFAULT_PROVIDER } from '../../providers/registry';
import { failureBehind } from '../../temporal/errors';
import { sentInput } from '../../temporal/runs/sent-input';
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

export function batchSummary(run: WorkflowExecutionInfo): BatchSummary {
  const { workflowId, status, startTime, closeTime, typedSearchAttributes } = run;
  const open = status.name === 'RUNNING';
  const { phase, outcome } = SEARCH_ATTRIBUTES;
  const said = typedSearchAttributes.get(open ? phase : outcome);
  return {
    ...{ batchId: batchIdOf(workflowId) ?? workflowId, workflowId },
    state: said ?? (open ? 'running' : status.name === 'COMPLETED' ? 'ended' : 'failed'),
    ...{ open, startedAt: startTime.toISOString(), closedAt: closeTime?.toISOString() },
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
    const timings = { startedAt: run.startTime.toISOString(), closedAt: run.closeTime?.toISOString() };
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
  const closedAt = await kept.files.closedAt();
  if (begun === undefined || closedAt === undefined) return undefined;
  const { provider } = JSON.parse(begun) as ListingStart;
  const facts = await keptFacts(kept);
  const outcome = outcomeOf(facts.counts);
  const timings = { closedAt: closedAt.toISOString() };
  return { ...emptyStatus(batchId, provider), ...facts, phase: outcome, outcome, timings };
}

/** The run id of the start, which later runs of the same batch have in common. */
export const firstRunIdOf = ({ raw, runId }: WorkflowExecutionDescription): string =>
  raw.workflowExecutionInfo?.firstRunId || runId;

/** What the store says of a batch: counts, bytes, and where it lies. @param start default: what any start left counts */
async function keptFacts(
  { files, outcomes }: KeptBatch,
  start?: string,
): Promise<Pick<BatchStatus, 'counts' | 'refused' | 'totalBytes'> & { uri?: string }> {
  if ((await files.index()) === undefined) return { counts: NO_COUNTS, refused: 0, totalBytes: 0 };
  const index = await readIndex(files);
  const counts = await batchCounts(outcomes, index, start);
  return { counts, refused: index.refused, totalBytes: index.bytes, uri: files.uri };
}

const emptyStatus = (batchId: string, provider: string): BatchStatus => ({
  ...{ batchId, provider, phase: 'failed', counts: NO_COUNTS, refused: 0, totalBytes: 0 },
  ...{ groups: 0, inFlight: 0, failures: [], timings: {} },
});

async function settingsOf(client: Client, run: WorkflowExecutionDescription) {
  try {
    return acceptBatch(await sentInput(client, run));
  } catch {
    return { provider: DEFAULT_PROVIDER, inFlight: 0 }; // its input was refused: that is the error
  }
}

function errorOf(cause: unknown): LifecycleError {
  const error = failureBehind(cause);
  const message = error instanceof Error ? error.message : 'the batch was ended from outside';
  return { type: failureType(error) ?? 'Unexpected', message };
}

/** What stopped it is not kept: a batch with items of one end ended so. */
function outcomeOf({ by, items }: BatchCounts): BatchOutcome {
  if (by.completed === items) return 'completed';
  if (by.deleted) return 'deleted';
  return by.cancelled ? 'cancelled' : 'failed';
}

/** The status of a running batch that no worker answers for. @param kept what the store has of it */
export async function unansweredStatus(
  client: Client,
  run: WorkflowExecutionDescription,
  batchId: string,
  kept: KeptBatch | undefined,
): Promise<BatchStatus> {
  const { provider, inFlight } = await settingsOf(client, run);
  const facts = kept && (await keptFacts(kept, firstRunIdOf(run)));
  const phase = facts?.uri === undefined ? 'listing' : 'running';
  const timings = { startedAt: run.startTime.toISOString() };
  return { ...emptyStatus(batchId, provider), ...facts, inFlight, phase, timings };
}
