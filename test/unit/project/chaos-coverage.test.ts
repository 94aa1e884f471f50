import { DATASET_SITUATIONS, datasetScheduleOf, isForDataset } from '../../../chaos/datasets/schedule';
import { Coverage } from '../../../chaos/schedules/coverage';
import { SHAPES, SURROUNDINGS } from '../../../chaos/schedules/situations';
import { scheduleOf } from '../../../chaos/schedules/draw-schedule';

test('every situation counts in a phase only where something happened there while it was there', () => {
  const coverage = new Coverage();
  const phases = [
    { phase: 'creating', from: 0 },
    { phase: 'branching', from: 100 },
  ] as const;
  coverage.add({ struck: [{ what: 'twice', at: 150 }], phases: [...phases], situations: ['retention'] });
  const reached = ['branching × twice', 'branching × retention'];
  expect(coverage.missing).toHaveLength(coverage.total - reached.length);
  for (const pair of reached) expect(coverage.missing).not.toContain(pair);
});

test('the schedules of a thousand seeds draw every situation', () => {
  const drawn = Array.from({ length: 1000 }, (_, seed) => scheduleOf(seed));
  const seen = new Set(drawn.flatMap(({ shape, around }) => [...around, ...(shape ? [shape] : [])]));
  expect([...seen].toSorted()).toEqual([...SHAPES, ...SURROUNDINGS].toSorted());
});

test('about one seed of three is for a dataset, and those of a thousand draw every situation there', () => {
  const seeds = Array.from({ length: 1000 }, (_, seed) => seed).filter(isForDataset);
  expect(seeds.length).toBeGreaterThan(250);
  expect(seeds.length).toBeLessThan(420);
  const drawn = seeds.map((seed) => datasetScheduleOf(seed));
  const seen = new Set(drawn.flatMap(({ shape, around }) => [...around, ...(shape ? [shape] : [])]));
  expect([...seen].toSorted()).toEqual([...DATASET_SITUATIONS].toSorted());
  expect(drawn.some(({ strikes }) => strikes.some(({ phase }) => phase === 'branching'))).toBe(false);
});
