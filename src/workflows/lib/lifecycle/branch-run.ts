import { isCancellation } from '@temporalio/workflow';
import type { StoredRecords, StoreTarget } from '../../../contracts/activities';
import type { BranchPlan } from '../../../contracts/branches/branch';
import { branchDeadline } from '../../../contracts/branches/branch-deadline';
import {
  branchStartInput,
  objectOfBranch,
  resultOfBranch,
  type BranchOverAsset,
} from '../../../contracts/branches/branch-step';
import type { Resource, ResultResource } from '../../../contracts/resource';
import { describeError, endsLifecycle } from '../step-failures';
import type { Lifecycle, ShownBranch } from './lifecycle';

/** One branch of a lifecycle on its way. */
export interface BranchRun extends ShownBranch {
  plan: BranchPlan;
  /** Which of the run's branches that store records it is, from 0. */
  nthStore: number;
  /** The step that stores its records also lets go of the asset. */
  releases: boolean;
}

/** Takes the ready asset through a branch, as the branch's plan says. Its failure also stands in its own status. */
export async function takeBranch(life: Lifecycle, run: BranchRun): Promise<void> {
  try {
    await startAndWait(life, run);
  } catch (error) {
    if (endsLifecycle(error) && !isCancellation(error)) {
      run.status.status = 'failed';
      if (life.input.branches.length > 1) run.status.error = describeError(error); // of one branch it is the run's
    }
    throw error;
  }
}

async function startAndWait(life: Lifecycle, run: BranchRun): Promise<void> {
  const { input, steps, made } = life;
  const { provider } = input;
  const { branch, status } = run;
  const over: BranchOverAsset = { provider, branch, plan: run.plan, asset: life.asset, tag: life.tag };
  const object = objectOfBranch(over);
  const result = resultOfBranch(over, { owner: input.owner, nthStore: run.nthStore });
  const store = result && storeTargetOf(life, run, result);
  const mayMake: Resource[] = [object, result].filter((one) => one !== undefined);

  const started = await made.making(mayMake, () => steps.startBranch(branchStartInput(over, { object, store })));
  if (object) {
    object.id = started.id ?? object.id;
    object.adopted = started.adopted;
  }
  status.id = started.id;
  status.status = 'running';
  if (started.stored && result) noteStored(life, run, result, started.stored);

  const { handle } = started;
  if (handle) {
    await steps.untilBranchReady({ provider, handle }, branchDeadline(input, branch.type));
    if (store && result && !started.stored) {
      noteStored(life, run, result, await steps.storeRecords({ provider, branch: branch.type, handle, ...store }));
    }
  }
  status.status = 'ready';
}

const storeTargetOf = (life: Lifecycle, { releases }: BranchRun, { id }: ResultResource): StoreTarget => ({
  resultName: id,
  release: releases ? life.releaseInput('completed') : undefined,
});

function noteStored(
  life: Lifecycle,
  { status, releases }: BranchRun,
  resource: ResultResource,
  { result, surplus }: StoredRecords,
): void {
  const { uri, host } = result;
  status.result = result;
  if (host !== undefined) resource.stored = { uri, host };
  if (releases) life.noteRelease(surplus);
}
