import type { StartBranchInput, StoreTarget } from '../activities';
import type { ProviderName } from '../ids';
import type { AssetSnapshot } from '../lifecycle-status';
import { resultName, type BranchResource, type LifecycleTag, type ResultResource } from '../resource';
import type { Branch, BranchPlan } from './branch';

/** A branch over a ready asset. */
export interface BranchOverAsset {
  provider: ProviderName;
  branch: Branch;
  plan: BranchPlan;
  asset: AssetSnapshot;
  tag: LifecycleTag;
}

/** An adopted asset has no tag that could say with which run its key has completed. */
const sparesEarlier = ({ adopted, completedBefore }: AssetSnapshot): boolean | undefined =>
  adopted === true || completedBefore === true || undefined;

/** What the branch may make at the provider, or the existing object that it changes. */
export function objectOfBranch({ branch, plan: { makes }, asset, tag }: BranchOverAsset): BranchResource | undefined {
  if (!makes) return undefined;
  const { id: assetId, filename } = asset;
  const common = { kind: makes.kind, branch: branch.type, in: makes.in, assetId, tag, ofRunOnly: sparesEarlier(asset) };
  if (makes.id !== undefined) return { ...common, id: makes.id };
  return { ...common, name: makes.name ?? filename ?? tag.key };
}

/**
 * Registered before the start, because a start may give the records at once.
 * @param nthStore which of the asset's branches that store records it is, from 0.
 */
export const resultOfBranch = (
  { plan, tag }: Pick<BranchOverAsset, 'plan' | 'tag'>,
  { owner, nthStore }: { owner: string; nthStore: number },
): ResultResource | undefined =>
  plan.stores ? { kind: 'result', id: resultName({ ...tag, owner }, nthStore) } : undefined;

/** Input of the branch's start. */
export function branchStartInput(
  { provider, branch, asset, tag }: BranchOverAsset,
  { object, store }: { object: BranchResource | undefined; store: StoreTarget | undefined },
): StartBranchInput {
  const { id: assetId, fileType, filename } = asset;
  const joins = object?.id === undefined ? undefined : { in: object.in ?? '', id: object.id };
  const item = { assetId, branch, fileType, filename, name: object?.name, joins, tag };
  return { provider, ...item, sparesEarlier: sparesEarlier(asset), store };
}
