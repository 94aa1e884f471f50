import type { DeclaredTraits } from '../providers/provider-declaration';

/** Fewer would cost as many steps for less. */
const LEAST_IN_GROUP = 100;
/** Its outcomes fit into one small file, and a worker that dies repeats little. */
const MOST_IN_GROUP = 500;

/**
 * Items of a full group: whole requests of the provider for states, and no more than may be under way.
 * @param inFlight items that may be under way; any number if absent.
 */
export function itemsPerGroup(
  { handlesPerWatch }: Pick<DeclaredTraits, 'handlesPerWatch'>,
  inFlight = MOST_IN_GROUP,
): number {
  const whole = handlesPerWatch * Math.ceil(LEAST_IN_GROUP / handlesPerWatch);
  return Math.min(inFlight, whole, MOST_IN_GROUP);
}
