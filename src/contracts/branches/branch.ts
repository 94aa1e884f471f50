/**
 * The downstream step after the asset is ready. The type `none` means no step. Only the provider's schema knows the
 * other fields.
 */
export interface Branch {
  type: string;
  [field: string]: unknown;
}

export const NO_BRANCH = 'none';

/** Facts about a branch that workflow and activities need before it starts. Plain data, kept in the history. */
export interface BranchPlan {
  /** The object that it makes or changes; absent if it leaves nothing at the provider that could be removed. */
  makes?: {
    /** Kind of the object, as receipts name it. */
    kind: string;
    /** Only known in advance if the object existed before. */
    id?: string;
    /** Id of its parent. */
    in?: string;
    /** Its name, also used to find it; default: the asset's filename, or else the key. */
    name?: string;
  };
  /** True if it gives records for the result store. */
  stores: boolean;
}
