import { isCancellation } from '@temporalio/workflow';
import type { StartBranchInput, StoredRecords, StoreTarget } from '../../../contracts/activities';
import type { Branch, BranchPlan } from '../../../contracts/branches/branch';
import { branchDeadline } from '../../../contracts/branches/branch-deadline';
import type { AssetSnapshot } from '../../../contracts/lifecycle-status';
import { resultName, type BranchResource, type Resource, type ResultResource } from '../../../contracts/resource';
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
  const object = objectOf(life, run);
  const result = resultOf(life, run);
  const store = result && storeTargetOf(life, run, result);
  const mayMake: Resource[] = [object, result].filter((one) => one !== undefined);

  const started = await made.making(mayMake, () => steps.startBranch(startInput(life, branch, object, store)));
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

/** An adopted asset has no tag that could say with which run its key has completed. */
const sparesEarlier = ({ adopted, completedBefore }: AssetSnapshot): boolean | undefined =>
  adopted === true || completedBefore === true || undefined;

/** What the branch may make at the provider, or the existing object that it changes. */
function objectOf({ asset, tag }: Lifecycle, { branch, plan: { makes } }: BranchRun): BranchResource | undefined {
  if (!makes) return undefined;
  const { id: assetId, filename } = asset;
  const common = { kind: makes.kind, branch: branch.type, in: makes.in, assetId, ofRunOnly: sparesEarlier(asset) };
  if (makes.id !== undefined) return { ...common, id: makes.id };
  return { ...common, name: makes.name ?? filename ?? tag.key, tag };
}

/** Registered before the start, because a start may give the records at once. */
const resultOf = ({ input, tag }: Lifecycle, { plan, nthStore }: BranchRun): ResultResource | undefined =>
  plan.stores ? { kind: 'result', id: resultName({ ...tag, owner: input.owner }, nthStore) } : undefined;

const storeTargetOf = (life: Lifecycle, { releases }: BranchRun, { id }: ResultResource): StoreTarget => ({
  resultName: id,
  release: releases ? life.releaseInput('completed') : undefined,
});

function startInput(
  { input: { provider }, asset, tag }: Lifecycle,
  branch: Branch,
  object: BranchResource | undefined,
  store: StoreTarget | undefined,
): StartBranchInput {
  const { id: assetId, fileType, filename } = asset;
  const joins = object?.id === undefined ? undefined : { in: object.in ?? '', id: object.id };
  const item = { assetId, branch, fileType, filename, name: object?.name, joins, tag };
  return { provider, ...item, sparesEarlier: sparesEarlier(asset), store };
}

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
