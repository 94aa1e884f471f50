import fc from 'fast-check';
import type { CleanupPolicy } from '../../src/contracts/cleanup-policy';
import { policy, strike, type Strike } from '../schedules/strikes';

/** What a dataset has when lifecycles start there; at most one of them a schedule. */
export const DATASET_SHAPES = [
  /** Three lifecycles start together, and share a session. What happens to calls happens to any of them, a stop to the first. */
  'session-shared',
  /** Others have an asset of that name with other content. */
  'name-taken',
  /** The same, and the input says to overwrite it. */
  'name-taken-told',
  /** Others have an asset of that name with the same content. */
  'same-content',
  /** Two keys start together with one name and two contents. */
  'one-name-twice',
] as const;

/** How the provider behaves meanwhile; any of them go together. */
export const DATASET_SURROUNDINGS = [
  /** The provider ends the session while its files are processed. */
  'session-failed',
  /** The file fails once with a code that is worth another try. */
  'file-failed',
  /** The file is damaged, as the provider sees it. */
  'file-refused',
  /** A session with failed files ends as `FailedReach`. */
  'ends-failed',
  /** Assets are listed only once their session has ended. */
  'listed-late',
  /** Content can be compared with nothing. */
  'unknown-hash',
  /** Asked for again, a session does not tell its files. */
  'forgets-files',
  /** Every answer takes more than a second. */
  'slow-dataset',
] as const;

export type DatasetShape = (typeof DATASET_SHAPES)[number];
export type DatasetSurrounding = (typeof DATASET_SURROUNDINGS)[number];
export type DatasetSituation = DatasetShape | DatasetSurrounding;
export const DATASET_SITUATIONS: readonly DatasetSituation[] = [...DATASET_SHAPES, ...DATASET_SURROUNDINGS];

/** Lifecycles in a dataset, and everything that happens to them. */
export interface DatasetSchedule {
  /** `parts`: the file goes up in parts. */
  source: 'file' | 'parts';
  shape?: DatasetShape;
  around: DatasetSurrounding[];
  onCancel: CleanupPolicy;
  onFailure: CleanupPolicy;
  strikes: Strike[];
}

/** A lifecycle at a dataset takes no branches. */
const struck: fc.Arbitrary<Strike> = strike.map((one) =>
  one.phase === 'branching' ? { ...one, phase: 'processing' } : one,
);

/** Without bias, since each seed draws just one. */
export const datasetSchedules: fc.Arbitrary<DatasetSchedule> = fc.noBias(
  fc
    .record({
      source: fc.constantFrom<DatasetSchedule['source']>('file', 'file', 'parts'),
      shape: fc.option(fc.constantFrom(...DATASET_SHAPES), { nil: undefined, freq: 3 }),
      around: fc.uniqueArray(fc.constantFrom(...DATASET_SURROUNDINGS), { maxLength: 2, size: 'max' }),
      onCancel: policy,
      onFailure: policy,
      strikes: fc.array(struck, { minLength: 1, maxLength: 3, size: 'max' }),
    })
    .map(({ shape, ...schedule }) => ({ ...schedule, ...(shape ? { shape } : {}) })),
);

export const datasetScheduleOf = (seed: number): DatasetSchedule => sampled(datasetSchedules, seed);

/** One seed of three draws a schedule for a dataset. */
export const isForDataset = (seed: number): boolean => sampled(fc.nat({ max: 2 }), seed) === 0;

function sampled<T>(of: fc.Arbitrary<T>, seed: number): T {
  const [one] = fc.sample(of, { seed, numRuns: 1 });
  if (one === undefined) throw new Error('nothing was drawn');
  return one;
}
