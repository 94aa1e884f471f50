import { log } from '@temporalio/activity';
import type { SubmitSourceInput } from '../../contracts/activities';
import { failureType } from '../../contracts/failures';
import { readTag, releaseFields } from '../../contracts/resource';
import type { ProviderAsset } from '../../providers/assets';
import type { MediaProvider } from '../../providers/media-provider';
import { only } from '../../providers/outcome';
import { cancellationOf } from '../lib/activity-call';

/**
 * The existing asset that a lifecycle is to work with. Where it carries the tag of another lifecycle, in whichever
 * namespace, it is marked as let go of by the adopter: no sweep or cleanup takes it on account of that tag any more.
 * @throws ResourceGone
 */
export async function adoptAsset(
  { assets }: MediaProvider,
  assetId: string,
  tag: SubmitSourceInput['tag'],
  signal: AbortSignal,
): Promise<ProviderAsset> {
  const asset = await assets.get(assetId, { signal });
  await noteAdoption({ assets }, asset, tag, signal);
  return asset;
}

/** Ends the claim of the lifecycle whose tag the asset carries. */
export async function noteAdoption(
  { assets }: Pick<MediaProvider, 'assets'>,
  { id: assetId, metadata }: ProviderAsset,
  tag: SubmitSourceInput['tag'],
  signal: AbortSignal,
): Promise<void> {
  const former = readTag(metadata);
  if (!former || (former.released && former.releasedBy === tag.runId)) return;
  if (signal.aborted) throw cancellationOf(signal);
  try {
    only(await assets.annotate([{ assetId, fields: releaseFields('kept', tag.runId) }], { signal }));
  } catch (error) {
    if (failureType(error) !== 'ProviderRejected') throw error;
    log.warn('the adopted asset could not be marked', { assetId, error: (error as Error).message });
  }
}
