import type { ProviderName } from '../ids';

/** Names a key in the shared store. */
export interface ClaimedKey {
  /** Id of the Temporal namespace. */
  owner: string;
  provider: ProviderName;
  key: string;
}

/** Who works on a key: a lifecycle, or an item of a batch. */
export interface Claimant {
  /** Of the lifecycle, or of the group whose item it is. The same id means the same claimant, in whichever run. */
  workflowId: string;
  runId?: string;
  /** The batch, and the item's number in it. */
  batchId?: string;
  item?: number;
  /** The item had ended, and is to be removed: it has the key once more. */
  removes?: true;
}

/** A key and who works on it, or did last. */
export interface KeyClaim extends ClaimedKey {
  by: Claimant;
  /** RFC 3339. */
  at: string;
}
