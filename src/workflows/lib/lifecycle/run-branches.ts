import { isCancellation } from '@temporalio/workflow';
import { failure } from '../../../contracts/failures';
import { describeError, endsLifecycle } from '../step-failures';
import { takeBranch, type BranchRun } from './branch-run';
import type { Lifecycle } from './lifecycle';

/**
 * Takes the ready asset through its branches, side by side. One that fails does not stop the others: the lifecycle
 * fails once all have ended.
 */
export async function runBranches(life: Lifecycle): Promise<void> {
  const runs = branchRunsOf(life);
  life.noteBranches(runs);
  if (runs.length === 0) return;
  const ends = await Promise.allSettled(runs.map((run) => takeBranch(life, run)));
  const errors = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  if (errors.length > 0) throw errorOf(errors, runs);
  life.mark('branchReadyAt');
}

function branchRunsOf({ input: { branches, plans } }: Lifecycle): BranchRun[] {
  let stores = 0;
  return branches.map((branch, index) => {
    const plan = plans[index] ?? { stores: false };
    return {
      branch,
      plan,
      status: { type: branch.type, status: 'pending' },
      nthStore: plan.stores ? stores++ : 0,
      releases: branches.length === 1,
    };
  });
}

/** A bug before anything else, then a stop, then the first failure, which names its branch if there are others. */
function errorOf(errors: readonly unknown[], runs: readonly BranchRun[]): unknown {
  const [first] = errors;
  const telling = errors.find((error) => !endsLifecycle(error)) ?? errors.find((error) => isCancellation(error));
  if (telling !== undefined || runs.length === 1) return telling ?? first;
  const failed = runs.filter(({ status }) => status.status === 'failed');
  const { type, message } = failed[0]?.status.error ?? describeError(first);
  const words = `${failed.map(({ branch }) => branch.type).join(', ')} failed, of ${runs.length} branches: ${message}`;
  return failure(type === 'Unexpected' ? 'ProviderRejected' : type, words, { cause: first });
}
