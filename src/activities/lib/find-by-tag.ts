import type { ProviderAsset } from '../../providers/assets';
import type { OwnershipQuery } from '../../providers/intake';
import type { MediaProvider } from '../../providers/media-provider';
import { itemCall } from './item-call';

/** The assets that carry the tag, oldest first. One of many items waits a moment for the others, to share their requests. */
export async function findByTag(
  { intake }: Pick<MediaProvider, 'intake'>,
  query: OwnershipQuery,
  signal: AbortSignal,
): Promise<ProviderAsset[]> {
  const [found = []] = await intake.find([query], { signal, patient: itemCall() !== undefined });
  return found;
}
