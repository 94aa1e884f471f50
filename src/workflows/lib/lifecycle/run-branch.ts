import type { StartBranchInput, StoredRecords, StoreTarget } from '../../../contracts/activities';
import type { BranchPlan } from '../../../contracts/branches/branch';
import type { BranchStatus } from '../../../contracts/lifecycle-status';
import { resultName, type BranchResource, type Resource, type ResultResource } from '../../../contracts/resource';
import type { Lifecycle } from './lifecycle';

/** Takes the ready asset through its one downstream step, as the branch's plan says. */
export async function runBranch(life: Lifecycle): Promise<void> {
  const { input, steps, made } = life;
  const { provider, branch, plan } = input;
  if (!plan) return;
  const status: BranchStatus = { type: branch.type, status: 'pending' };
  life.status.branch = status;
  const object = objectOf(life, plan);
  const result = resultOf(life, plan);
  const store = result && storeTargetOf(life, result);
  const mayMake: Resource[] = [object, result].filter((one) => one !== undefined);

  const started = await made.making(mayMake, () => steps.startBranch(startInput(life, object, store)));
  if (object) {
    object.id = started.id ?? object.id;
    object.adopted = started.adopted;
  }
  status.id = started.id;
  status.status = 'running';
  if (started.stored && result) noteStored(life, result, started.stored);

  const { handle } = started;
  if (handle) {
    await steps.untilBranchReady({ provider, handle });
    if (store && result && !started.stored) {
      noteStored(life, result, await steps.storeRecords({ provider, branch: branch.type, handle, ...store }));
    }
  }
  status.status = 'ready';
  life.mark('branchReadyAt');
}

/** What the branch may make at the provider, or the existing object that it changes. */
function objectOf({ input, asset, tag }: Lifecycle, { makes }: BranchPlan): BranchResource | undefined {
  if (!makes) return undefined;
  const common = { kind: makes.kind, branch: input.branch.type, in: makes.in, assetId: asset.id };
  if (makes.id !== undefined) return { ...common, id: makes.id };
  return { ...common, name: makes.name ?? asset.filename ?? tag.key, tag };
}

/** Registered before the start, because a start may give the records at once. */
const resultOf = ({ input, tag }: Lifecycle, { stores }: BranchPlan): ResultResource | undefined =>
  stores ? { kind: 'result', id: resultName({ ...tag, owner: input.owner }) } : undefined;

const storeTargetOf = (life: Lifecycle, { id }: ResultResource): StoreTarget => ({
  resultName: id,
  release: life.releaseInput('completed'),
});

function startInput(
  { input, asset, tag }: Lifecycle,
  object: BranchResource | undefined,
  store: StoreTarget | undefined,
): StartBranchInput {
  const { provider, branch } = input;
  const { id: assetId, fileType, filename } = asset;
  const joins = object?.id === undefined ? undefined : { in: object.in ?? '', id: object.id };
  return { provider, assetId, branch, fileType, filename, name: object?.name, joins, tag, store };
}

/** The step that stored the records has let go of the asset as well. */
function noteStored(life: Lifecycle, resource: ResultResource, { result, surplus }: StoredRecords): void {
  const { uri, host } = result;
  if (life.status.branch) life.status.branch.result = result;
  if (host !== undefined) resource.stored = { uri, host };
  life.noteRelease(surplus);
}
