import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow';
import type { Branch } from '../../contracts/branches/branch';
import { NO_BRANCH } from '../../contracts/branches/branch';
import type { CompleteInput } from '../../contracts/lifecycle-input';
import { acceptInput } from '../../providers/registry';

/** What a run was started with, as its caller sent it. */
export async function sentInput(
  client: Client,
  { workflowId, runId }: Pick<WorkflowExecutionDescription, 'workflowId' | 'runId'>,
): Promise<unknown> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  const [input] = await decodeArrayFromPayloads(client.options.loadedDataConverter, started?.input?.payloads);
  return input;
}

/** A run's input with the current defaults; `undefined` if it is not valid any more. */
export async function inputOfRun(
  client: Client,
  run: Pick<WorkflowExecutionDescription, 'workflowId' | 'runId'>,
): Promise<CompleteInput | undefined> {
  const input = await sentInput(client, run);
  try {
    return acceptInput(input);
  } catch {
    return undefined;
  }
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
