/**
 * The downstream step after the asset is ready, as its provider's schema accepts it. The type `none` takes no step.
 * What other fields there are, only the provider knows.
 */
export interface Branch {
  type: string;
  [field: string]: unknown;
}

export const NO_BRANCH = 'none';

/** What workflow and activities need to know of a branch before it starts. Plain data: it stands in the history. */
export interface BranchPlan {
  /** The object that it makes or changes; none where nothing is left at the provider that could be removed. */
  makes?: {
    /** Kind of the object, as receipts name it. */
    kind: string;
    /** Known beforehand only when the object existed before. */
    id?: string;
    /** Id of what it is in. */
    in?: string;
    /** Name to give it, and to look for it by; the asset's filename, or else the key, where it is left out. */
    name?: string;
  };
  /** It gives records, which go to the result store. */
  stores: boolean;
}
