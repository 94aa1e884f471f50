import fc from 'fast-check';
import { CLEANUP_POLICIES, type CleanupPolicy } from '../../src/contracts/cleanup-policy';

/** Phases in which something can go wrong. */
export const STRUCK_PHASES = ['creating', 'processing', 'branching', 'cleaning'] as const;
export type StruckPhase = (typeof STRUCK_PHASES)[number];

/** What the provider or the network does to one call. */
export const FAULTS = [
  'drop-before',
  'drop-after',
  'late',
  'too-late',
  'stuck',
  'twice',
  'rate-limited',
  'unavailable-before',
  'unavailable-after',
  'garbled',
  'refused',
  'unauthorized',
] as const;
/** The worker dies at a call: before its effect, after it but before the answer, or after the answer; or is restarted. */
export const DEATHS = ['kill-before', 'kill-during', 'kill-after', 'restart'] as const;
/** What people do to a lifecycle. */
export const STOPS = ['cancel', 'force-delete', 'native-cancel', 'terminate'] as const;

export type FaultKind = (typeof FAULTS)[number];
export type DeathKind = (typeof DEATHS)[number];
export type StopKind = (typeof STOPS)[number];
export type Happening = FaultKind | DeathKind | StopKind;
export const HAPPENINGS: readonly Happening[] = [...FAULTS, ...DEATHS, ...STOPS];

/** Something happens at the `nth` call (from 0) that the lifecycle makes in a phase. */
export interface Strike {
  phase: StruckPhase;
  nth: number;
  what: Happening;
  /** Milliseconds between the call and a stop. */
  delayMs: number;
  /** Overrides the input's policy in a `cancel`. */
  cleanup?: CleanupPolicy;
}

export const isStop = (what: Happening): what is StopKind => (STOPS as readonly string[]).includes(what);
export const isDeath = (what: Happening): what is DeathKind => (DEATHS as readonly string[]).includes(what);
/** After these the lifecycle fails, unless it is over already. */
export const isFinal = (what: Happening): boolean => what === 'refused' || what === 'unauthorized';

export const policy = fc.constantFrom(...CLEANUP_POLICIES);

export const strike: fc.Arbitrary<Strike> = fc.record(
  {
    phase: fc.constantFrom(...STRUCK_PHASES),
    nth: fc.oneof(
      { arbitrary: fc.nat({ max: 2 }), weight: 4 },
      { arbitrary: fc.integer({ min: 3, max: 8 }), weight: 1 },
    ),
    what: fc.oneof(
      { arbitrary: fc.constantFrom(...FAULTS), weight: 12 },
      { arbitrary: fc.constantFrom(...STOPS), weight: 6 },
      { arbitrary: fc.constantFrom(...DEATHS), weight: 3 },
    ),
    delayMs: fc.nat({ max: 300 }),
    cleanup: policy,
  },
  { requiredKeys: ['phase', 'nth', 'what', 'delayMs'] },
);
