import type { ListedItem } from '../contracts/batch/listed-items';
import type { DeclaredTraits, ProviderDeclaration } from '../providers/provider-declaration';

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

/** Of an item, what says how it goes to the provider. */
export type ItemToGroup = Pick<ListedItem, 'source' | 'sizeBytes' | 'filename'>;

/** Whether the item is a group of its own, since it is submitted by itself or in parts, and would keep others waiting. */
export function goesByItself(item: ItemToGroup, declared: Pick<ProviderDeclaration, 'goesAlone' | 'route'>): boolean {
  return declared.goesAlone?.(item) === true || goesInParts(item, declared);
}

/** Whether the item goes up in parts; not if that cannot be told before it is handed in. @throws as `route` does */
export function goesInParts(
  { source, sizeBytes, filename }: ItemToGroup,
  { route }: Pick<ProviderDeclaration, 'route'>,
  method: Parameters<ProviderDeclaration['route']>[0]['method'] = 'auto',
): boolean {
  if (source.type === 'asset' || source.type === 'url' || sizeBytes === undefined) return false;
  const kind = source.type === 's3' ? 'object' : 'file';
  return route({ filename, source: kind, sizeBytes, method, field: 'source' }) === 'parts';
}
