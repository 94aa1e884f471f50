import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import type { EarlierRun } from '../../contracts/activities';
import {
  ASSET_LIFECYCLE,
  branchAttribute,
  deletionWorkflowId,
  EARLIER_MEMO,
  lifecycleWorkflowId,
  SEARCH_ATTRIBUTES,
  WORKFLOW_TASK_QUEUE,
} from '../../contracts/ids';
import type { CompleteInput } from '../../contracts/lifecycle-input';
import { readEarlierRun } from '../../contracts/messages';
import { nameOfSource } from '../../contracts/source-name';
import { lastOf } from '../../contracts/values/text';
import { placeOf } from '../../providers/registry';
import { LifecycleBeingDeleted } from '../../temporal/errors';
import { summaryOf } from '../../temporal/runs/run-status';
import { assetDifferences, differences } from './differences';
import { besides, branchesLeftBy, missingFrom } from './key-branches';
import { refuseOtherPlace } from './key-place';
import { checkPriority, type StartPriority } from './priority';
import { asSent } from './run-input';

/** A lifecycle that is running, or ran. */
export interface StartedLifecycle {
  key: string;
  workflowId: string;
  runId: string;
  /** True if this start joined an existing lifecycle of the key. */
  joined: boolean;
  /**
   * For a joined run: fields of its input that differ from this start, such as `branch`. For a file that this host
   * can read also `source.sizeBytes` and `source.modifiedAt`. For a run that adds a branch to a completed key: fields of
   * this start that its asset does not take on, such as `metadata`. Absent if nothing differs.
   */
  differs?: string[];
}

export interface StartOptions {
  /** Runs a completed key again. Adopts its asset if the content is the same, else replaces it. */
  again?: boolean;
  /**
   * Allows a presigned URL as source, which can then be read in Temporal's history until it expires. Default: false.
   */
  allowSignedUrl?: boolean;
  /** Temporal's priority for the tasks of the run and its activities. */
  priority?: StartPriority;
}

export type KeyedInput = CompleteInput & { key: string };

/**
 * Starts a run, or joins the running or completed one. A key that was force-deleted later gets a new run, and so does a
 * completed key that does not have all branches of the input: that run takes the missing ones.
 * @throws LifecycleBeingDeleted · KeyInUse
 */
export async function startLifecycle(
  client: Client,
  input: KeyedInput,
  { again = false, priority }: StartOptions,
): Promise<StartedLifecycle> {
  if (priority) checkPriority(priority);
  const workflowId = lifecycleWorkflowId(input.provider, input.key);
  let runId = await startRun(client, input, { priority });
  while (runId === undefined) {
    const run = await client.workflow.getHandle(workflowId).describe();
    const next = await nextRun(client, input, run, again);
    if (!next) return joinedTo(client, input, run);
    runId = await startRun(client, next.input, { ...next, priority }); // none if another client was faster: that run is joined
    if (runId !== undefined) return addedTo(client, next, { run, runId });
  }
  return { key: input.key, workflowId, runId, joined: false };
}

/** A run that adds branches to a completed key also says which fields of the asset stay as they are. */
async function addedTo(
  client: Client,
  { input, earlier }: { input: KeyedInput; earlier: EarlierRun },
  { run, runId }: { run: WorkflowExecutionDescription; runId: string },
): Promise<StartedLifecycle> {
  const started = { key: input.key, workflowId: run.workflowId, runId, joined: false };
  const differs = earlier.keepsAsset ? await assetDifferences(client, input, run) : [];
  return { ...started, ...(differs.length > 0 ? { differs } : {}) };
}

/**
 * Takes up a failed run: the new one adopts the asset, if its content is still the source's, and takes the branches that
 * are not ready.
 * @param run the closed run of the key, and its input, perhaps with other branches.
 * @throws LifecycleBeingDeleted
 */
export async function takeUpFailed(
  client: Client,
  input: KeyedInput,
  { run, priority }: { run: WorkflowExecutionDescription; priority?: StartPriority },
): Promise<StartedLifecycle> {
  if (priority) checkPriority(priority);
  const { workflowId } = run;
  const next = await nextRun(client, input, run, false);
  const runId = next && (await startRun(client, next.input, { ...next, priority }));
  if (runId !== undefined) return { key: input.key, workflowId, runId, joined: false };
  return joinedTo(client, input, await client.workflow.getHandle(workflowId).describe());
}

async function joinedTo(
  client: Client,
  input: KeyedInput,
  run: WorkflowExecutionDescription,
): Promise<StartedLifecycle> {
  const { workflowId, runId } = run;
  const differs = await differences(client, input, run);
  return { key: input.key, workflowId, runId, joined: true, ...(differs.length > 0 ? { differs } : {}) };
}

/** Input of the run that follows this one, and what it is told of it; `undefined` if this one is to be joined. */
async function nextRun(
  client: Client,
  input: KeyedInput,
  run: WorkflowExecutionDescription,
  again: boolean,
): Promise<{ input: KeyedInput; earlier: EarlierRun } | undefined> {
  const { provider, key } = input;
  const keyInPlace = { provider, key, place: placeOf(input) };
  if (run.status.name === 'RUNNING') {
    await refuseOtherPlace(client, keyInPlace, run);
    return undefined;
  }
  const deletion = client.workflow.getHandle(deletionWorkflowId(provider, key));
  const deletedAt = await endOfDeletion(() => deletion.describe(), key);
  const earlier = earlierRunOf(run);
  if (deletedAt !== undefined && run.closeTime !== undefined && deletedAt >= run.closeTime) return { input, earlier };
  if (summaryOf(run).outcome !== 'deleted') await refuseOtherPlace(client, keyInPlace, run);
  const has = await branchesLeftBy(client, run);
  if (again) return { input, earlier: { ...earlier, branches: besides(has, input) } };
  const missing = missingFrom(has, input);
  const hasCompleted = summaryOf(run).outcome === 'completed';
  if (hasCompleted && missing.length === 0) return undefined;
  const keepsAsset = hasCompleted || hadCompleted(run) || undefined;
  const facts: EarlierRun = { ...earlier, branches: has, keepsAsset };
  return { input: { ...input, branches: missing }, earlier: facts };
}

/** A run before this one completed the key, and this one has the same asset. */
function hadCompleted(run: WorkflowExecutionDescription): boolean {
  const before = readEarlierRun(run.memo);
  return before?.keepsAsset === true && before.assetId === (summaryOf(run).assetId ?? before.assetId);
}

/** How long a start waits for a running deletion, which would delete the asset that the new run adopts. */
const MAX_DELETION_WAIT_MS = 60_000;
const LOOK_EVERY_MS = 500;

/** When the key's last force-delete ended; `undefined` when there was none. */
async function endOfDeletion(
  describe: () => Promise<WorkflowExecutionDescription>,
  key: string,
): Promise<Date | undefined> {
  const until = Date.now() + MAX_DELETION_WAIT_MS;
  try {
    for (;;) {
      const { status, closeTime } = await describe();
      if (status.name !== 'RUNNING') return closeTime;
      if (Date.now() > until) {
        throw new LifecycleBeingDeleted(`lifecycle "${key}" is being deleted by force; start it when that has ended`);
      }
      await delay(LOOK_EVERY_MS);
    }
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Facts for the next run. A run without an asset passes on the facts about the run before it. */
function earlierRunOf(run: WorkflowExecutionDescription): EarlierRun {
  const before = readEarlierRun(run.memo);
  const startedAt = before?.startedAt ?? run.startTime.toISOString();
  return { assetId: summaryOf(run).assetId ?? before?.assetId, startedAt };
}

/** Starts a run and gives its id; `undefined` if the key has a run already. With `earlier`, a closed run does not count. */
async function startRun(
  client: Client,
  input: KeyedInput,
  { earlier, priority }: { earlier?: EarlierRun; priority?: StartPriority },
): Promise<string | undefined> {
  const name = lastOf(input.filename ?? nameOfSource(input.source), 100);
  const { key, provider, branch, phase } = SEARCH_ATTRIBUTES;
  const branches = branchAttribute(input.branches);
  try {
    const handle = await client.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: lifecycleWorkflowId(input.provider, input.key),
      workflowIdReusePolicy: earlier ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      args: [asSent(input)],
      priority,
      memo: earlier && { [EARLIER_MEMO]: earlier },
      staticSummary: input.branches.length === 0 ? name : `${name} → ${branches}`,
      typedSearchAttributes: [
        { key, value: input.key },
        { key: provider, value: input.provider },
        { key: branch, value: branches },
        { key: phase, value: 'creating' }, // its first phase: the run need not say it again
      ],
    });
    return handle.firstExecutionRunId;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}
