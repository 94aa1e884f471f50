import { log } from '@temporalio/activity';
import type { ProviderRef } from '../../contracts/activities';
import type { ReadTag } from '../../contracts/resource';
import type { MediaProvider } from '../../providers/media-provider';
import { unlessGone } from '../../providers/outcome';
import type { ActivityDependencies } from '../dependencies';

type Deps = Pick<ActivityDependencies, 'marks' | 'otherHosts' | 'owner'>;

/**
 * Why a sweep may only report: marks lie in a folder of this host alone, while workers of other hosts serve the provider
 * and write theirs elsewhere. `undefined` if it may act.
 */
export async function reasonToReportOnly(
  { marks, otherHosts }: Deps,
  { name, traits }: Pick<MediaProvider, 'name' | 'traits'>,
): Promise<string | undefined> {
  if (traits.marksAssets || marks.host === undefined) return undefined;
  const hosts = await otherHosts(name);
  if (hosts.length === 0) return undefined;
  return (
    `marks of assets lie in a folder of the host ${marks.host}, and workers on other hosts (${hosts.join(', ')}) serve ` +
    `"${name}" too; give all workers one store: ASSET_LIFECYCLE_RESULTS=s3://bucket/prefix`
  );
}

/** True if the asset's marks lie in another store than this worker's, so that nobody here can judge it. */
export const isMarkedElsewhere = async ({ marks }: Deps, tag: ReadTag): Promise<boolean> =>
  tag.marks !== undefined && tag.marks !== (await marks.id());

/** Sessions of a week ago have expired, and nobody was there to see them end. */
const LONGEST_SESSION_MS = 7 * 24 * 3_600_000;

/** Forgets who had left sessions that are long over. */
export async function forgetDepartures(
  { marks }: Pick<Deps, 'marks'>,
  { name, traits }: Pick<MediaProvider, 'name' | 'traits'>,
): Promise<void> {
  if (traits.marksAssets) return;
  try {
    await marks.departures(name).forgetBefore(Date.now() - LONGEST_SESSION_MS);
  } catch (error) {
    log.warn('old notes of upload sessions stay until the next sweep', { error: (error as Error).message });
  }
}

/**
 * Removes the marks of assets that are gone, such as those that somebody has deleted at the provider.
 * @param listed ids of the place's assets; each that is missing there is asked for once more.
 */
export async function removeMarksOfGone(
  { marks, owner }: Deps,
  { assets, traits }: Pick<MediaProvider, 'assets' | 'traits'>,
  { where, listed, signal }: { where: ProviderRef; listed: ReadonlySet<string>; signal: AbortSignal },
): Promise<void> {
  if (traits.marksAssets) return;
  const marked = { owner, ...where };
  for await (const assetId of marks.marked(marked)) {
    if (listed.has(assetId)) continue;
    const asset = await unlessGone(assets.get(assetId, { signal }));
    if (!asset) await marks.remove({ ...marked, assetId });
  }
}
