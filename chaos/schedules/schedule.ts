import fc from 'fast-check';
import { CLEANUP_POLICIES, type CleanupPolicy } from '../../src/contracts/cleanup-policy';
import { situations, type Situations } from './situations';

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

/** `parts`: a file that goes up in parts. */
export type SourceKind = 'file' | 'parts' | 'url' | 'asset';
export type BranchKind = 'none' | 'embed' | 'entity' | 'entity-existing' | 'index';

/** One lifecycle and everything that happens to it. */
export interface Schedule extends Situations {
  source: SourceKind;
  branch: BranchKind;
  onCancel: CleanupPolicy;
  onFailure: CleanupPolicy;
  strikes: Strike[];
}

export const isStop = (what: Happening): what is StopKind => (STOPS as readonly string[]).includes(what);
export const isDeath = (what: Happening): what is DeathKind => (DEATHS as readonly string[]).includes(what);
/** After these the lifecycle fails, unless it is over already. */
export const isFinal = (what: Happening): boolean => what === 'refused' || what === 'unauthorized';

const policy = fc.constantFrom(...CLEANUP_POLICIES);

const strike: fc.Arbitrary<Strike> = fc.record(
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

const story: fc.Arbitrary<Omit<Schedule, keyof Situations>> = fc.record({
  source: fc.constantFrom<SourceKind>('file', 'parts', 'parts', 'url', 'asset'),
  branch: fc.constantFrom<BranchKind>('none', 'embed', 'entity', 'entity-existing', 'index'),
  onCancel: policy,
  onFailure: policy,
  strikes: fc.array(strike, { minLength: 1, maxLength: 3, size: 'max' }),
});

const drawn: fc.Arbitrary<Schedule> = fc
  .tuple(story, situations)
  .map(([what, where]) => withCleaning(withShape({ ...what, ...where })));

/** Draws schedules; smaller ones have fewer strikes, earlier. Without bias, since each seed draws just one. */
export const schedules: fc.Arbitrary<Schedule> = fc.noBias(drawn);

/** Some shapes need a source or a branch of their own. */
function withShape(schedule: Schedule): Schedule {
  const { branch, source } = schedule;
  switch (schedule.shape) {
    case 'indexed-by-others':
      return { ...schedule, branch: branch.startsWith('entity') ? 'none' : branch };
    case 'in-others-entity':
      return { ...schedule, branch: branch.startsWith('entity') ? branch : 'none' };
    case 'entity-joined':
      return { ...schedule, branch: 'entity' };
    case 'entry-existed':
      return { ...schedule, branch: 'index', source: 'asset' };
    case 'member-before':
      return { ...schedule, branch: 'entity-existing', source: 'asset' };
    case 'old-tags':
      return { ...schedule, source: 'asset' };
    case 'replaced-file':
      return { ...schedule, source: source === 'parts' ? 'parts' : 'file' };
    default:
      return schedule;
  }
}

/** What is to happen while the lifecycle cleans up needs a reason for it to clean up. */
function withCleaning(schedule: Schedule): Schedule {
  const { strikes } = schedule;
  const stops = strikes.some(({ what, phase }) => phase !== 'cleaning' && (isStop(what) || isFinal(what)));
  if (stops || !strikes.some(({ phase }) => phase === 'cleaning')) return schedule;
  const cancel: Strike = { phase: 'processing', nth: 0, what: 'cancel', delayMs: 0 };
  return { ...schedule, strikes: [cancel, ...strikes] };
}

/** The schedule of a seed; the same for ever. */
export function scheduleOf(seed: number): Schedule {
  const [schedule] = fc.sample(schedules, { seed, numRuns: 1 });
  if (!schedule) throw new Error('nothing was drawn');
  return schedule;
}
