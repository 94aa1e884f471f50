import fc from 'fast-check';
import { alwaysFails, branchLists, makesEntities, type BranchKind } from './branches';
import { isLaterStart } from './later-starts';
import type { EarlierRun, Schedule } from './schedule';
import { strike, type Strike } from './strikes';

export const earlierRuns: fc.Arbitrary<EarlierRun> = fc.record({
  branches: branchLists,
  strikes: fc.oneof(
    { arbitrary: fc.constant<Strike[]>([]), weight: 3 },
    { arbitrary: fc.array(strike, { minLength: 1, maxLength: 1, size: 'max' }), weight: 2 },
  ),
  sweep: fc.boolean(),
});

/** The branches of both runs, so that the one before can end as its shape wants it and the later has something to do. */
export function withKeyRuns(schedule: Schedule, drawn: EarlierRun): Schedule {
  const { shape } = schedule;
  if (!isLaterStart(shape)) return schedule;
  const ofImage = makesEntities([...drawn.branches, ...schedule.branches]);
  const able = drawn.branches.filter((kind) => !alwaysFails(kind, { ofImage }));
  if (shape === 'retried') {
    const before = able.slice(0, 1);
    const branches = schedule.branches.filter((kind) => !alwaysFails(kind, { ofImage }));
    return {
      ...schedule,
      branches: branches.length > 0 ? branches : ['embed'],
      earlier: { ...drawn, branches: [...before, 'index-unknown'] },
    };
  }
  const adds = schedule.branches.some((kind) => !able.includes(kind));
  if (adds || shape === 'again' || shape === 'again-changed') {
    return { ...schedule, earlier: { ...drawn, branches: able } };
  }
  const spare = SPARE.find((kind) => !able.includes(kind)) ?? 'embed';
  const before = able.filter((kind) => kind !== spare);
  return { ...schedule, branches: [spare], earlier: { ...drawn, branches: before } };
}

const SPARE: readonly BranchKind[] = ['embed', 'embed-newer'];

/** The earlier of two runs as a schedule of its own. */
export const scheduleOfEarlier = (schedule: Schedule, { branches, strikes }: Omit<EarlierRun, 'sweep'>): Schedule => ({
  ...schedule,
  shape: undefined,
  earlier: undefined,
  branches,
  strikes,
});
