import { explore, type Exploration, type ExplorerOptions } from '../../chaos/explorer';
import { SAMPLES } from '../support/system';
import { testTools } from '../support/test-tools';

jest.setTimeout(900_000);

const run = (options: Pick<ExplorerOptions, 'seeds'> & Partial<ExplorerOptions>): Promise<Exploration> =>
  explore({
    lanes: 10,
    samples: SAMPLES,
    environment: { ...process.env, TEMPORAL_CLI_PATH: testTools().temporalCli },
    shrinkMs: 0,
    onProgress: () => {},
    ...options,
  });

test('keeps every promise under a hundred fixed schedules', async () => {
  const { runs, violations } = await run({ seeds: Array.from({ length: 100 }, (_, n) => n + 1) });
  expect(violations).toEqual([]);
  expect(runs).toBe(100);
});

/** Each seed's schedule meets the promise that the guard keeps. */
test.each([
  { sabotage: 'blind', seed: 57, broken: 'one asset per key' },
  { sabotage: 'reversed-cleanup', seed: 100480, broken: 'nothing is left that was to be deleted' },
  { sabotage: 'vanished-are-orphans', seed: 26077, broken: 'what vanished is only reported' },
  { sabotage: 'shared-result-names', seed: 41719, broken: 'its stored result is gone' },
  { sabotage: 'blind-to-entities', seed: 314, broken: 'what others have is left alone' },
  { sabotage: 'blind-to-adopters', seed: 12165, broken: 'an adopted asset belongs to its adopter' },
  { sabotage: 'keys-in-queries', seed: 846, broken: 'the sweep has not ended' },
] as const)('notices when a guard is taken out: $sabotage', async ({ sabotage, seed, broken }) => {
  const { violations } = await run({ sabotage, seeds: [seed], lanes: 1, sweepBoundMs: 10_000 });
  expect(violations.flatMap(({ words }) => words)).toContainEqual(expect.stringContaining(broken));
});
