import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { Branch } from '../../contracts/branches/branch';
import { acceptInput } from '../../providers/registry';
import { InvalidInput, LifecycleNotFailed } from '../../temporal/errors';
import { summaryOf } from '../../temporal/runs/run-status';
import type { LifecycleCalls } from '../lifecycle-calls';
import { checkedInput } from './checked-input';
import { priorityOfRun, type StartPriority } from './priority';
import { asSent, inputOfRun } from './run-input';
import { takeUpFailed, type StartedLifecycle } from './start-lifecycle';

export interface RetryOptions {
  /** Branches to take instead of the input's, such as one with the right index. */
  branch?: Branch | Branch[];
  /** Default: that of the failed run. */
  priority?: StartPriority;
}

/** See {@link LifecycleClient.retry}. */
export async function retryLifecycle(
  calls: LifecycleCalls,
  run: WorkflowExecutionDescription,
  key: string,
  { branch, priority: given }: RetryOptions,
): Promise<StartedLifecycle> {
  const outcome = run.status.name === 'RUNNING' ? 'running' : summaryOf(run).outcome;
  if (outcome !== 'failed') throw new LifecycleNotFailed(retryRefusal(key, outcome));
  const priority = given ?? priorityOfRun(run);
  return calls.withClientErrors(async () => {
    const input = await inputOfRun(calls.client, run);
    if (!input) throw new InvalidInput(`the input of lifecycle "${key}" is not valid any more; start it with another`);
    const changed = branch === undefined ? input : withBranch(asSent(input), branch);
    return takeUpFailed(calls.client, { ...changed, key }, { run, priority });
  }, key);
}

/** The input with other branches. @throws InvalidInput */
export function withBranch(input: object, branch: Branch | Branch[]) {
  return checkedInput(() => acceptInput({ ...input, branch }));
}

/** Why there is nothing to retry. */
export function retryRefusal(key: string, outcome: string | undefined): string {
  switch (outcome) {
    case 'running':
      return `lifecycle "${key}" is running; there is nothing to retry yet`;
    case 'completed':
      return `lifecycle "${key}" has completed; there is nothing to retry ("start" takes it through another branch)`;
    default:
      return `lifecycle "${key}" was ${outcome} on request; "start" starts it anew`;
  }
}
