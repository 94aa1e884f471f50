import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { Branch } from '../../contracts/branches/branch';
import { NO_BRANCH } from '../../contracts/branches/branch';
import type { CompleteInput } from '../../contracts/lifecycle-input';
import { acceptAgain } from '../../providers/registry';
import { sentInput } from '../../temporal/runs/sent-input';

/** A run's input with the current defaults; `undefined` if it is not valid any more. */
export async function inputOfRun(
  client: Client,
  run: Pick<WorkflowExecutionDescription, 'workflowId' | 'runId'>,
): Promise<CompleteInput | undefined> {
  return acceptAgain(await sentInput(client, run));
}

/** The input in the form that callers send: the provider's own fields beside the common ones, branches as `branch`. */
export const asSent = ({ fields, branches, ...common }: CompleteInput): object => ({
  ...common,
  ...fields,
  branch: branchAsSent(branches),
});

function branchAsSent(branches: readonly Branch[]): Branch | readonly Branch[] {
  const [first = { type: NO_BRANCH }, ...others] = branches;
  return others.length === 0 ? first : branches;
}
