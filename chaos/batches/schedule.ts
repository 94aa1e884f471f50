import fc from 'fast-check';
import type { CleanupPolicy } from '../../src/contracts/cleanup-policy';
import { FAILURE_MODES } from '../../src/contracts/batch/batch-input';
import type { BranchKind } from '../schedules/branches';
import { isFinal, isStop, policy, STRUCK_PHASES, strike, type Strike, type StruckPhase } from '../schedules/strikes';

/** What people do around a batch beside stopping it. */
export const ACTS = [
  /** Paused, and resumed after a while. */
  'pause',
  'set-in-flight',
  /** One of its open groups is terminated. */
  'terminate-group',
  /** Started once more while it runs. */
  'join',
  /** One of its keys is started as a lifecycle of its own. */
  'single-start',
  /** A sweep that finds everything old enough. */
  'sweep',
] as const;

/** An item that is under way is stopped by its key, and the others go on. */
export const ITEM_STOPS = ['cancel-item', 'force-delete-item'] as const;
export type ActKind = (typeof ACTS)[number] | (typeof ITEM_STOPS)[number];

/** Somebody acts at the `nth` call (from 0) that the batch makes in a phase. */
export interface Act {
  phase: StruckPhase;
  nth: number;
  what: ActKind;
  /** Milliseconds between the call and the act. */
  delayMs: number;
}

/** What goes on around a batch; any of them go together. */
export const BATCH_SURROUNDINGS = [
  /** A second worker runs beside the one that is struck. */
  'two-workers',
  /** Every answer takes more than a second. */
  'slow-answers',
  /** Assets are ready only after seconds. */
  'long-processing',
  /** A key has completed as a lifecycle of its own. */
  'single-before',
  /** A key is started as a lifecycle of its own while the asset of its item is processed. */
  'single-meanwhile',
  /** A key is started as a lifecycle of its own after the batch has closed. */
  'single-after',
  /** The folder or list names a file that can be no item. */
  'stranger',
] as const;
export type BatchSurrounding = (typeof BATCH_SURROUNDINGS)[number];

/** How a batch is started again once it has closed. */
export const BATCH_AGAINS = [
  'started-again',
  /** Retried after the damaged files were replaced by sound ones. */
  'repaired',
  /** Another batch over the same sources. */
  'other-batch',
] as const;
export type BatchAgain = (typeof BATCH_AGAINS)[number];

/** What a schedule's numbers make of it. */
const OF_NUMBERS = [
  'several-groups',
  'many-groups',
  'new-run',
  'damaged-items',
  'fail-after-one',
  'branch-list',
] as const;

export type BatchSituation = BatchSurrounding | BatchAgain | ActKind | (typeof OF_NUMBERS)[number];
export const BATCH_SITUATIONS: readonly BatchSituation[] = [
  ...BATCH_SURROUNDINGS,
  ...BATCH_AGAINS,
  ...ACTS,
  ...ITEM_STOPS,
  ...OF_NUMBERS,
];

/** A batch, and everything that happens to it. */
export interface BatchSchedule {
  /** Into the account of the provider with branches, or into a dataset. */
  into: 'account' | 'dataset';
  items: number;
  groupSize: number;
  inFlight: number;
  from: 'folder' | 'list';
  branches: BranchKind[];
  failureMode: (typeof FAILURE_MODES)[number];
  /** So many of its items can never become assets. */
  damaged: number;
  onCancel: CleanupPolicy;
  onFailure: CleanupPolicy;
  around: BatchSurrounding[];
  again?: BatchAgain;
  strikes: Strike[];
  acts: Act[];
}

/** Films go up for these, and images else. */
export const isOfFilms = ({ branches }: Pick<BatchSchedule, 'branches'>): boolean =>
  branches.some((kind) => kind.startsWith('index'));

const BRANCHES: readonly (readonly BranchKind[])[] = [
  [],
  [],
  ['embed'],
  ['index'],
  ['entity'],
  ['embed', 'index'],
  ['index-unknown', 'embed'],
];

/** Items and how many of them a group has: few and many of both. */
const SIZES = fc.oneof(
  { arbitrary: fc.tuple(fc.integer({ min: 3, max: 8 }), fc.integer({ min: 1, max: 4 })), weight: 5 },
  { arbitrary: fc.tuple(fc.integer({ min: 8, max: 20 }), fc.integer({ min: 1, max: 8 })), weight: 3 },
  { arbitrary: fc.tuple(fc.integer({ min: 20, max: 60 }), fc.integer({ min: 4, max: 30 })), weight: 2 },
);
const MOST_FILMS = 10;

const nthCall = fc.oneof(
  { arbitrary: fc.nat({ max: 3 }), weight: 5 },
  { arbitrary: fc.integer({ min: 4, max: 25 }), weight: 2 },
);
const struck: fc.Arbitrary<Strike> = fc.tuple(strike, nthCall).map(([one, nth]) => ({ ...one, nth }));
const actOf = (...kinds: readonly ActKind[]): fc.Arbitrary<Act> =>
  fc.record({
    phase: fc.constantFrom(...STRUCK_PHASES.filter((phase) => phase !== 'cleaning')),
    nth: nthCall,
    what: fc.constantFrom(...kinds),
    delayMs: fc.nat({ max: 300 }),
  });

/** At a dataset an asset comes with the end of its session, and is not processed after that. */
const DRAWN_TOGETHER = BATCH_SURROUNDINGS.filter((one) => one !== 'single-meanwhile');

const drawn = fc.record({
  into: fc.constantFrom<BatchSchedule['into']>('account', 'account', 'dataset'),
  sizes: SIZES,
  window: fc.constantFrom(1, 2, 5, 1000),
  from: fc.constantFrom<BatchSchedule['from']>('folder', 'list'),
  branches: fc.constantFrom(...BRANCHES),
  failureMode: fc.constantFrom(...FAILURE_MODES, FAILURE_MODES[0]),
  damaged: fc.constantFrom(0, 0, 1, 2),
  onCancel: policy,
  onFailure: policy,
  around: fc.uniqueArray(fc.constantFrom(...DRAWN_TOGETHER), { maxLength: 2, size: 'max' }),
  again: fc.option(fc.constantFrom(...BATCH_AGAINS), { nil: undefined, freq: 2 }),
  strikes: fc.array(struck, { minLength: 1, maxLength: 3, size: 'max' }),
  acts: fc.array(actOf(...ACTS), { maxLength: 2, size: 'max' }),
  /** Drawn last, so that a seed draws the rest as before. */
  meanwhile: fc.constantFrom(true, false, false, false),
  itemStops: fc.oneof(
    { arbitrary: fc.constant([]), weight: 2 },
    fc.array(actOf(...ITEM_STOPS), { minLength: 1, maxLength: 2 }),
  ),
});

/** Draws batches; smaller ones have fewer items and strikes. Without bias, since each seed draws just one. */
export const batchSchedules: fc.Arbitrary<BatchSchedule> = fc.noBias(
  drawn.map(({ sizes: [items, groupSize], window, again, branches: some, meanwhile, itemStops, ...rest }) => {
    const branches = rest.into === 'dataset' ? [] : some;
    const count = isOfFilms({ branches: [...branches] }) ? Math.min(items, MOST_FILMS) : items;
    return {
      ...rest,
      around: meanwhile && rest.into === 'account' ? [...rest.around, 'single-meanwhile'] : rest.around,
      strikes: withCleaning(rest.strikes),
      acts: [...rest.acts, ...itemStops],
      branches: [...branches],
      items: count,
      groupSize: Math.min(groupSize, count),
      inFlight: window * groupSize,
      ...(again ? { again } : {}),
    };
  }),
);

/** What is to happen while items are cleaned up needs a reason for it. */
function withCleaning(strikes: Strike[]): Strike[] {
  const stops = strikes.some(({ what, phase }) => phase !== 'cleaning' && (isStop(what) || isFinal(what)));
  if (stops || !strikes.some(({ phase }) => phase === 'cleaning')) return strikes;
  return [{ phase: 'processing', nth: 0, what: 'cancel', delayMs: 0 }, ...strikes];
}

export const batchScheduleOf = (seed: number): BatchSchedule => sampled(batchSchedules, seed);

/** One seed of four draws a batch; the draw has nothing to do with that for a dataset. */
export const isForBatch = (seed: number): boolean => sampled(fc.nat({ max: 3 }), seed + SHARE_SEED) === 0;

const SHARE_SEED = 1_000_003;

function sampled<T>(of: fc.Arbitrary<T>, seed: number): T {
  const [one] = fc.sample(of, { seed, numRuns: 1 });
  if (one === undefined) throw new Error('nothing was drawn');
  return one;
}
