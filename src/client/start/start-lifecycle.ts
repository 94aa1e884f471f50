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
import { InvalidInput, LifecycleBeingDeleted } from '../../temporal/errors';
import { summaryOf } from '../../temporal/runs/run-status';
import { differences } from './differences';

/** A lifecycle that is running, or ran. */
export interface StartedLifecycle {
  key: string;
  workflowId: string;
  runId: string;
  /** True if this start joined an existing lifecycle of the key. */
  joined: boolean;
  /**
   * Only for a joined run: fields of its input that differ from this start, such as `branch`. For a file that this host
   * can read also `source.sizeBytes` and `source.modifiedAt`. Absent if nothing differs.
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

/** See Temporal's task queue priority and fairness. */
export interface StartPriority {
  /** 1 to 5; lower goes first. Default: 3. */
  priorityKey?: number;
  /** Runs with the same key share their part of the dispatch, such as a tenant's; at most 64 bytes. */
  fairnessKey?: string;
}

const LOWEST_PRIORITY = 5;
const MAX_FAIRNESS_KEY_BYTES = 64;

/** @throws InvalidInput for a value that the server would refuse or misread */
function checkPriority({ priorityKey = 1, fairnessKey = '' }: StartPriority): void {
  if (!Number.isInteger(priorityKey) || priorityKey < 1 || priorityKey > LOWEST_PRIORITY) {
    throw new InvalidInput(
      `priority.priorityKey: must be a whole number from 1 to ${LOWEST_PRIORITY}, not ${priorityKey}`,
    );
  }
  if (Buffer.byteLength(fairnessKey) > MAX_FAIRNESS_KEY_BYTES) {
    throw new InvalidInput(`priority.fairnessKey: must have at most ${MAX_FAIRNESS_KEY_BYTES} bytes`);
  }
}

export type KeyedInput = CompleteInput & { key: string };

/**
 * Starts a run, or joins the running or completed one. A key that was force-deleted later gets a new run.
 * @throws LifecycleBeingDeleted
 */
export async function startLifecycle(
  client: Client,
  input: KeyedInput,
  { again = false, priority }: StartOptions,
): Promise<StartedLifecycle> {
  if (priority) checkPriority(priority);
  const { key, provider } = input;
  const workflowId = lifecycleWorkflowId(provider, key);
  let runId = await startRun(client, input, { priority });
  while (runId === undefined) {
    const earlier = await client.workflow.getHandle(workflowId).describe();
    if (await isToBeJoined(client, input, earlier, again)) {
      const differs = await differences(client, input, earlier);
      return { key, workflowId, runId: earlier.runId, joined: true, ...(differs.length > 0 ? { differs } : {}) };
    }
    runId = await startRun(client, input, { earlier: earlierRunOf(earlier), priority }); // none if another client was faster: that run is joined
  }
  return { key, workflowId, runId, joined: false };
}

async function isToBeJoined(
  client: Client,
  { provider, key }: KeyedInput,
  run: WorkflowExecutionDescription,
  again: boolean,
): Promise<boolean> {
  if (run.status.name === 'RUNNING') return true;
  const deletion = client.workflow.getHandle(deletionWorkflowId(provider, key));
  const deletedAt = await endOfDeletion(() => deletion.describe(), key);
  if (again || summaryOf(run).outcome !== 'completed') return false;
  return deletedAt === undefined || run.closeTime === undefined || deletedAt < run.closeTime;
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

/** The input in the form that callers send: the provider's own fields beside the common ones. */
const asSent = ({ fields, ...common }: KeyedInput): object => ({ ...common, ...fields });

/** Starts a run and gives its id; `undefined` if the key has a run already. With `earlier`, a closed run does not count. */
async function startRun(
  client: Client,
  input: KeyedInput,
  { earlier, priority }: { earlier?: EarlierRun; priority?: StartPriority },
): Promise<string | undefined> {
  const name = lastOf(input.filename ?? nameOfSource(input.source), 100);
  const { key, provider, branch, phase } = SEARCH_ATTRIBUTES;
  try {
    const handle = await client.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: lifecycleWorkflowId(input.provider, input.key),
      workflowIdReusePolicy: earlier ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      args: [asSent(input)],
      priority,
      memo: earlier && { [EARLIER_MEMO]: earlier },
      staticSummary: input.branch.type === 'none' ? name : `${name} → ${input.branch.type}`,
      typedSearchAttributes: [
        { key, value: input.key },
        { key: provider, value: input.provider },
        { key: branch, value: input.branch.type },
        { key: phase, value: 'creating' }, // its first phase: the run need not say it again
      ],
    });
    return handle.firstExecutionRunId;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}
