import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import type { MediaProvider, ProviderAsset } from '../../providers/media-provider';
import { cancellationOf } from '../activity-call';
import { unlessGone } from './unless-gone';

/** Deletes all of the found assets but the lifecycle's own: a late or repeated create made them. */
export async function deleteSurplus(
  provider: MediaProvider,
  { found, own }: { found: readonly ProviderAsset[]; own: string | undefined },
  signal: AbortSignal,
): Promise<ReceiptEntry[]> {
  const entries: ReceiptEntry[] = [];
  for (const { id } of found) {
    if (id === own) continue;
    if (signal.aborted) throw cancellationOf(signal);
    await unlessGone(provider.deleteAsset(id, { force: false, signal }));
    const because = 'a surplus: a create took effect twice, or too late';
    entries.push({ resource: 'asset', id, result: 'deleted', because, at: new Date().toISOString() });
  }
  return entries;
}
