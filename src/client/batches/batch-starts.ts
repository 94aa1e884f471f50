import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { acceptBatch, otherFieldOf } from '../../batch/accept-batch';
import type { ListingStart } from '../../contracts/batch/listed-items';
import { ASSET_BATCH_DELETION, batchWorkflowId } from '../../contracts/ids';
import { InvalidInput } from '../../temporal/errors';
import { isNotFound } from '../../temporal/grpc-errors';
import { sentInput } from '../../temporal/runs/sent-input';
import type { KeptBatch } from './client-store';

/**
 * Run id of the last start that counts. A start with the items of another batch is refused, and nothing is of it.
 * @param known of the last start that Temporal knows
 */
export async function lastStartOf({ files }: KeptBatch, known?: string): Promise<string | undefined> {
  const starts = await files.starts();
  return known !== undefined && starts.includes(known) ? known : (starts.at(-1) ?? known);
}

/**
 * The input with which a batch goes on: that of its last start, unless that one named other items than the batch has. Of a
 * batch whose starts Temporal has forgotten it is what the store keeps, which has no failure mode: the default counts then.
 * @param run the last one, if Temporal knows it
 */
export async function inputToGoOn(
  client: Client,
  batchId: string,
  { run, kept }: { run?: WorkflowExecutionDescription; kept?: KeptBatch },
): Promise<object> {
  const inputOf = async (runId: string): Promise<unknown> => inputOfRun(client, { batchId, runId });
  const begun = await kept?.files.begun();
  if (!kept || begun === undefined) {
    if (run?.type === ASSET_BATCH_DELETION) throw wasRemoved(batchId);
    return run ? ((await inputOf(run.runId)) as object) : {};
  }
  const start = JSON.parse(begun) as ListingStart;
  const starts = (await kept.files.starts()).toReversed();
  for (const runId of run ? [run.runId, ...starts] : starts) {
    const input = await inputOf(runId);
    if (isOfBatch(input, start)) return input as object;
  }
  const { provider, each, items, inFlight } = start;
  return { items, each: { ...each, provider }, ...(inFlight !== undefined && { inFlight }) };
}

const wasRemoved = (batchId: string): InvalidInput =>
  new InvalidInput(
    `batch "${batchId}": its last run was to remove what its items had made, and this client has no store with its list; ` +
      'start it with its input, or name the store of the workers in ASSET_LIFECYCLE_RESULTS',
  );

async function inputOfRun(client: Client, { batchId, runId }: { batchId: string; runId: string }): Promise<unknown> {
  try {
    return await sentInput(client, { workflowId: batchWorkflowId(batchId), runId });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function isOfBatch(input: unknown, start: ListingStart): boolean {
  try {
    const { provider, each, items } = acceptBatch(input);
    return otherFieldOf(start, { storeId: start.storeId, provider, each, items }) === undefined;
  } catch {
    return false; // it was refused for its input
  }
}
