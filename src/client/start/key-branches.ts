import { isDeepStrictEqual } from 'node:util';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { Branch } from '../../contracts/branches/branch';
import type { CompleteInput } from '../../contracts/lifecycle-input';
import { branchesLeft } from '../../contracts/branches/left-branches';
import type { KeyBranch } from '../../contracts/lifecycle-status';
import { readEarlierRun } from '../../contracts/messages';
import { closedStatus } from '../../temporal/runs/lifecycle-runs';
import { inputOfRun } from './run-input';

/** Branches that a closed run leaves its key. */
export async function branchesLeftBy(client: Client, run: WorkflowExecutionDescription): Promise<KeyBranch[]> {
  const [status, input] = await Promise.all([closedStatus(client, run), inputOfRun(client, run)]);
  return branchesLeft({ runId: run.runId, status, earlier: readEarlierRun(run.memo) }, input);
}

/** The branches of the input that are not in the list: another model or other options make another branch. */
export const missingFrom = (list: readonly KeyBranch[], { branches }: CompleteInput): Branch[] =>
  branches.filter((branch) => !list.some(({ input }) => isDeepStrictEqual(input, branch)));

/** Those of the list that the input does not have. */
export const besides = (list: readonly KeyBranch[], { branches }: CompleteInput): KeyBranch[] =>
  list.filter(({ input }) => !branches.some((branch) => isDeepStrictEqual(input, branch)));
