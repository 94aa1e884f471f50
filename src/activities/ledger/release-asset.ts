import { log } from '@temporalio/activity';
import type { Activities, ReleaseAssetInput } from '../../contracts/activities';
import { failureType, type FailureType } from '../../contracts/failures';
import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import { releaseFields } from '../../contracts/resource';
import type { MediaProvider } from '../../providers/media-provider';
import { calling, cancellationOf } from '../activity-call';
import { accountOf, ledgerTag, type ActivityDependencies } from '../dependencies';
import { deleteSurplus } from './surplus';
import { findTagged } from './tagged-assets';

/** The mark cannot be set, now or ever; the lifecycle's work stands all the same. */
const UNMARKABLE: ReadonlySet<FailureType | undefined> = new Set(['ResourceGone', 'ProviderRejected', 'ProviderAuth']);

/** See {@link Activities.releaseAsset}. Nothing is written once the lifecycle is cancelled. */
export const createReleaseAsset =
  (deps: ActivityDependencies): Activities['releaseAsset'] =>
  (input) =>
    calling((signal) => release(deps, input, signal));

export async function release(
  deps: ActivityDependencies,
  { provider: name, assetId, as, tag, filename, since }: ReleaseAssetInput,
  signal: AbortSignal,
): Promise<ReceiptEntry[]> {
  const { provider } = accountOf(deps, name);
  try {
    const found = await findTagged(provider, { tag: ledgerTag(deps, tag), filename, since }, signal);
    const others = found.map(({ id }) => id).filter((id) => id !== assetId);
    const surplus = await deleteSurplus(provider, others, signal);
    await mark(provider, assetId, as, signal);
    return surplus;
  } catch (error) {
    if (!UNMARKABLE.has(failureType(error))) throw error;
    log.warn('the asset could not be marked as released', { assetId, as, error: (error as Error).message });
    return [];
  }
}

export async function mark(provider: MediaProvider, assetId: string, as: ReleaseAssetInput['as'], signal: AbortSignal) {
  if (signal.aborted) throw cancellationOf(signal);
  await provider.annotateAsset(assetId, releaseFields(as), { signal });
}
