import type { ProviderAsset } from '../../providers/assets';
import type { OwnershipQuery } from '../../providers/intake';
import type { MediaProvider } from '../../providers/media-provider';
import { itemCall } from './item-call';

/** How much the clocks of Temporal and of a worker may differ. `since` is by Temporal's, except that of an item. */
const CLOCKS_APART_MS = 60_000;

/** The assets that carry the tag, oldest first. One of many items waits a moment for the others, to share their requests. */
export async function findByTag(
  { intake }: Pick<MediaProvider, 'intake'>,
  query: OwnershipQuery,
  signal: AbortSignal,
): Promise<ProviderAsset[]> {
  const isItem = itemCall() !== undefined;
  const since = isItem ? query.since : allowingForClocks(query.since);
  const [found = []] = await intake.find([{ ...query, since }], { signal, patient: isItem });
  return found;
}

const allowingForClocks = (since: string | undefined): string | undefined =>
  since && new Date(Date.parse(since) - CLOCKS_APART_MS).toISOString();
