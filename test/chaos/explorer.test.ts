import { explore, type Exploration, type ExplorerOptions } from '../../chaos/explorer';
import { SAMPLES } from '../support/system';
import { testTools } from '../support/test-tools';

jest.setTimeout(900_000);

const run = (options: Partial<ExplorerOptions>): Promise<Exploration> =>
  explore({
    seed: 1,
    runs: 100,
    lanes: 10,
    samples: SAMPLES,
    environment: { ...process.env, TEMPORAL_CLI_PATH: testTools().temporalCli },
    shrinkMs: 0,
    onProgress: () => {},
    ...options,
  });

test('keeps every promise under a hundred fixed schedules', async () => {
  const { runs, violations } = await run({});
  expect(violations).toEqual([]);
  expect(runs).toBe(100);
});

/** Seeds from which a broken promise is met within a few schedules. */
test.each([
  { sabotage: 'blind', seed: 1, broken: 'one asset per key' },
  { sabotage: 'reversed-cleanup', seed: 1, broken: 'nothing is left that was to be deleted' },
] as const)('notices a worker with $sabotage', async ({ sabotage, seed, broken }) => {
  const { violations } = await run({ sabotage, seed, runs: 60, lanes: 6, stopAtFirst: true });
  expect(violations.flatMap(({ words }) => words)).toContainEqual(expect.stringContaining(broken));
});
