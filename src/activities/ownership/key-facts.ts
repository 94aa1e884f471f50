import type { ItemOutcome } from '../../contracts/batch/item-outcome';
import type { Claimant, KeyClaim } from '../../contracts/batch/key-claim';
import type { ProviderAsset } from '../../providers/assets';

/** What an activity over many items knows of a key, so that the item does not ask by itself. */
export interface KeyFacts {
  /** Whether a run of the claimant's workflow id is open. */
  isOpen(by: Claimant): Promise<boolean>;
  /** What the store says of an item of a batch; `undefined` of any other claimant. */
  outcomeOf(by: Claimant): Promise<ItemOutcome | undefined>;
  /** Whether the key is this claimant's already, and was nobody's before. */
  readonly isClaimed: boolean;
  /** The key was claimed. @param before the claim that was there before, if there was one */
  claimed(before: KeyClaim | undefined): void;
  /** Assets that carry the key's tag, oldest first; `undefined` if only the provider can tell. */
  existing(): Promise<ProviderAsset[] | undefined>;
  /** The key's asset was there already: this turn sends no create. */
  found(): void;
}
