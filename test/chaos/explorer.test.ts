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

/** Schedules that meet the broken promise: a create whose answer is lost, and a failure once there is an index entry. */
test.each([
  { sabotage: 'blind', seed: 2766, broken: 'one asset per key' },
  { sabotage: 'reversed-cleanup', seed: 232, broken: 'nothing is left that was to be deleted' },
] as const)('notices a worker with $sabotage', async ({ sabotage, seed, broken }) => {
  const { violations } = await run({ sabotage, seed, runs: 1, lanes: 1 });
  expect(violations.flatMap(({ words }) => words)).toContainEqual(expect.stringContaining(broken));
});
