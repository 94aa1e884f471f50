import type { AssetSnapshot } from '../../contracts/lifecycle-status';
import type { ProviderAsset } from '../../providers/assets';

/** The part of an asset that goes into status and history: no user metadata, no provider message. */
export function snapshotOf({ metadata: _metadata, errorMessage: _message, ...snapshot }: ProviderAsset): AssetSnapshot {
  return snapshot;
}
