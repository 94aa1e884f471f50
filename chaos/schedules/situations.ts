import fc from 'fast-check';
import { LATER_STARTS } from './later-starts';

/** What a lifecycle starts from, or what others do with its things; at most one of them a schedule. */
export const SHAPES = [
  /** Others index the asset: once it is ready, or before an adopted one is adopted. */
  'indexed-by-others',
  /** Others put the asset into an entity of theirs. */
  'in-others-entity',
  /** Others add an asset of theirs to the entity that the lifecycle has made. */
  'entity-joined',
  /** The adopted asset has an entry in the very index already. */
  'entry-existed',
  /** The adopted asset is in the very entity already. */
  'member-before',
  /** The adopted asset carries the tag of a lifecycle that was terminated; a sweep runs while the adopter is open. */
  'old-tags',
  /** An earlier run of the key kept its asset, and the file was replaced since. */
  'replaced-file',
  ...LATER_STARTS,
] as const;

/** What goes on around a lifecycle; any of them go together. */
export const SURROUNDINGS = [
  /** Temporal forgets the run before the sweep. */
  'retention',
  /** A sweep with an hour's grace comes first, and one with two seconds' finishes the job. */
  'grace',
  /** Another namespace has a lifecycle of the same key, on the same account and result store. */
  'shared-account',
  /** Every answer takes more than a second. */
  'slow-provider',
  /** Every change of an asset's metadata is refused with 401, as with a key that has expired. */
  'key-expired',
  /** Every change of an asset's metadata is refused with 400. */
  'mark-refused',
  /** The key holds characters that mean something in a query. */
  'awkward-key',
  /** A sweep runs while a lifecycle is taking its branches. */
  'sweep-meanwhile',
] as const;

/** What a schedule's branches make of it. */
const OF_BRANCHES = ['branch-list', 'two-models', 'one-of-list-fails'] as const;

export type Shape = (typeof SHAPES)[number];
export type Surrounding = (typeof SURROUNDINGS)[number];
export type Situation = Shape | Surrounding | (typeof OF_BRANCHES)[number];
export const SITUATIONS: readonly Situation[] = [...SHAPES, ...SURROUNDINGS, ...OF_BRANCHES];

/** Ends of keys. Each has broken a query, a URL or a file name somewhere. */
export const AWKWARD_ENDS = ['\\', '?', "'", '"', "' OR 'a' = 'a", '%', 'a b/ü?v=1#x', '`*`\\\\', '${1}?'] as const;

export interface Situations {
  shape?: Shape;
  around: Surrounding[];
  /** Added to the key. */
  keyEnd?: string;
}

export const situations: fc.Arbitrary<Situations> = fc
  .record({
    shape: fc.oneof(
      { arbitrary: fc.constant(undefined), weight: SHAPES.length - LATER_STARTS.length },
      { arbitrary: fc.constantFrom(...SHAPES), weight: SHAPES.length },
    ),
    around: fc.uniqueArray(fc.constantFrom(...SURROUNDINGS), { maxLength: 2, size: 'max' }),
    end: fc.constantFrom(...AWKWARD_ENDS),
  })
  .map(({ shape, around, end }) => ({
    ...(shape ? { shape } : {}),
    around,
    ...(around.includes('awkward-key') ? { keyEnd: end } : {}),
  }));

export const isAround = ({ around }: Situations, ...some: Surrounding[]): boolean =>
  some.some((one) => around.includes(one));
