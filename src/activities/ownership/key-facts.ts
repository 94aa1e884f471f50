import type { KeyClaim } from '../../contracts/batch/key-claim';
import type { ProviderAsset } from '../../providers/assets';
import type { IsOpen } from './claim-key';

/** What an activity over many items knows of a key, so that the item does not ask by itself. */
export interface KeyFacts {
  isOpen: IsOpen;
  /**
   * Assets that carry the key's tag, oldest first; `undefined` if only the provider can tell.
   * @param before the claim that was there before, if there was one.
   */
  existing(before: KeyClaim | undefined): Promise<ProviderAsset[] | undefined>;
}
