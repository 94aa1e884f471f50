import type { ProviderRef } from '../../contracts/activities';
import { failure } from '../../contracts/failures';
import { declarationOf } from '../../providers/registry';
import type { ActivityDependencies } from '../dependencies';

type Keyed = ProviderRef & { key: string };

/**
 * Notes in which place the key is used, before anything is made there; a key means one asset, which is in one place.
 * @throws InvalidRequest if the key is used in another place
 */
export async function claimPlace(
  { marks, owner }: ActivityDependencies,
  { provider, place, key }: Keyed,
): Promise<void> {
  if (place === undefined) return;
  const kept = await marks.placeOfKey({ owner, provider, key }, place);
  if (kept === place) return;
  const { placeField = 'place' } = declarationOf(provider);
  const words = `key: "${key}" is used with the ${placeField} "${kept}", not "${place}"`;
  const remedy = 'give another key, or remove by force what this one has';
  throw failure('InvalidRequest', `${words}; ${remedy}`, { details: { nothingMade: true } });
}

/** Everything that the key has in its place is removed: it may be used in another one. */
export async function freePlace(
  { marks, owner }: ActivityDependencies,
  { provider, place, key }: Keyed,
): Promise<void> {
  if (place !== undefined) await marks.freeKey({ owner, provider, key }, place);
}
