import { failure, failureType } from '../../contracts/failures';
import { readTag } from '../../contracts/resource';
import type { AssetFilter, Assets, ProviderAsset, Referrer } from '../../providers/assets';
import type { MediaProvider } from '../../providers/media-provider';
import { failed, outcomeOf, type Outcome } from '../../providers/outcome';
import { InvalidInput } from '../../temporal/errors';

/** What became of one asset that was to be deleted. */
export interface DeletedAsset {
  id: string;
  deleted: boolean;
  filename?: string;
  /** Key of the lifecycle that made it or took it up, by its tag. */
  lifecycle?: string;
  /** Why it was not deleted. */
  error?: { type: string; message: string };
}

/** Assets that are looked at and deleted side by side. */
const AT_ONCE = 50;

/**
 * Looks at each asset and deletes it, unless others hold it and `force` is not given. Outcomes in the order of the ids.
 * Failures: ResourceGone · BlockedByReferences
 */
export async function deleteAssets(
  { assets }: MediaProvider,
  ids: readonly string[],
  options: { force: boolean; signal: AbortSignal },
): Promise<Outcome<DeletedAsset>[]> {
  const outcomes: Outcome<DeletedAsset>[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    const seen = await Promise.all(some.map((id) => outcomeOf(() => lookAt(assets, id, options))));
    const removable = some.filter((_id, at) => seen[at]?.ok);
    const removed = await assets.remove(removable, options);
    const removal = new Map(removable.map((id, at) => [id, removed[at]]));
    outcomes.push(...some.map((id, at) => outcomeAfter(seen[at], removal.get(id))));
  }
  return outcomes;
}

function outcomeAfter(
  seen: Outcome<ProviderAsset> | undefined,
  removed: Outcome<void> | undefined,
): Outcome<DeletedAsset> {
  if (seen && !seen.ok) return seen;
  if (!seen || !removed) return failed(new Error('the provider gave fewer outcomes than assets'));
  return removed.ok ? { ok: true, value: deletedAsset(seen.value) } : removed;
}

/** The asset, once it is known that nobody else holds it. */
async function lookAt(
  assets: Assets,
  id: string,
  { force, signal }: { force: boolean; signal: AbortSignal },
): Promise<ProviderAsset> {
  const asset = await assets.get(id, { signal });
  if (!force) refuseIfHeld(id, await assets.referrers(id, { unprotectedOnly: true, signal }));
  return asset;
}

/** Others hold the asset. The provider would delete it, and they would lose it without notice. */
function refuseIfHeld(assetId: string, referrers: readonly Referrer[]): void {
  const held = referrers.filter(({ blocksDeletion }) => !blocksDeletion).map(({ words }) => words);
  if (held.length === 0) return;
  const message = `Asset ${assetId} is part of ${held.join(', ')}; take it out, or delete it by force`;
  throw failure('BlockedByReferences', message);
}

/** Deletes all that match. What they are is read just before. @throws InvalidInput where the provider cannot do it */
export async function deleteMatching(
  { assets }: MediaProvider,
  filter: AssetFilter,
  { matching, signal }: { matching: AsyncIterable<{ items: ProviderAsset[] }>; signal: AbortSignal },
): Promise<DeletedAsset[]> {
  if (!assets.removeMatching) throw new InvalidInput('filter: this provider deletes assets by their ids only');
  if (!filter.filter && !filter.metadataQuery) {
    throw new InvalidInput('filter: say which assets are to be deleted, by filter or metadataQuery');
  }
  const deleted: DeletedAsset[] = [];
  for await (const { items } of matching) deleted.push(...items.map(deletedAsset));
  if (deleted.length > 0) await assets.removeMatching(filter, { signal });
  return deleted;
}

const deletedAsset = ({ id, filename, metadata }: ProviderAsset): DeletedAsset => {
  const lifecycle = readTag(metadata)?.key;
  return { id, deleted: true, ...(filename !== undefined && { filename }), ...(lifecycle && { lifecycle }) };
};

/** The same for one that was not deleted. */
export const notDeleted = (id: string, error: unknown): DeletedAsset => ({
  ...{ id, deleted: false },
  error: { type: failureType(error) ?? 'Error', message: (error as Error).message },
});
