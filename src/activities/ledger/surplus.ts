import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import type { MediaProvider } from '../../providers/media-provider';
import { cancellationOf } from '../activity-call';
import { unlessGone } from './unless-gone';

/** Deletes what a late or repeated create made beside the lifecycle's own asset. */
export async function deleteSurplus(
  provider: MediaProvider,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReceiptEntry[]> {
  const entries: ReceiptEntry[] = [];
  for (const id of ids) {
    if (signal.aborted) throw cancellationOf(signal);
    await unlessGone(provider.deleteAsset(id, { force: false, signal }));
    const because = 'a surplus: a create took effect twice, or too late';
    entries.push({ resource: 'asset', id, result: 'deleted', because, at: new Date().toISOString() });
  }
  return entries;
}
