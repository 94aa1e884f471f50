import fc from 'fast-check';
import { branchLists, makesEntities } from './branches';
import { earlierRuns, withKeyRuns } from './key-runs';
import { replacesFile } from './later-starts';
import type { Schedule, SourceKind } from './schedule';
import { situations, type Situations } from './situations';
import { isFinal, isStop, policy, strike, type Strike } from './strikes';

const story: fc.Arbitrary<Omit<Schedule, keyof Situations | 'earlier'>> = fc.record({
  source: fc.constantFrom<SourceKind>('file', 'parts', 'parts', 'url', 'asset'),
  branches: branchLists,
  onCancel: policy,
  onFailure: policy,
  strikes: fc.array(strike, { minLength: 1, maxLength: 3, size: 'max' }),
});

const drawn: fc.Arbitrary<Schedule> = fc
  .tuple(story, situations, earlierRuns)
  .map(([what, where, earlier]) => withCleaning(withKeyRuns(withShape({ ...what, ...where }), earlier)));

/** Draws schedules; smaller ones have fewer strikes, earlier. Without bias, since each seed draws just one. */
export const schedules: fc.Arbitrary<Schedule> = fc.noBias(drawn);

/** Some shapes need a source or a branch of their own. */
function withShape(schedule: Schedule): Schedule {
  const { branches, source, shape } = schedule;
  const others = branches.filter((kind) => !kind.startsWith('entity'));
  switch (shape) {
    case 'indexed-by-others':
      return { ...schedule, branches: others };
    case 'in-others-entity':
      return { ...schedule, branches: makesEntities(branches) ? branches : [] };
    case 'entity-joined':
      return { ...schedule, branches: branches.includes('entity') ? branches : ['entity'] };
    case 'entry-existed':
      return { ...schedule, branches: others.includes('index') ? others : ['index'], source: 'asset' };
    case 'member-before':
      return { ...schedule, branches: ['entity-existing'], source: 'asset' };
    case 'old-tags':
      return { ...schedule, source: 'asset' };
    case 'replaced-file':
      return { ...schedule, source: source === 'parts' ? 'parts' : 'file' };
    default:
      return replacesFile(shape) ? { ...schedule, source: source === 'parts' ? 'parts' : 'file' } : schedule;
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
