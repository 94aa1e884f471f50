import { isForBatch } from '../../chaos/batches/schedule';
import { explore } from '../../chaos/explorer';
import { SAMPLES } from '../support/system/system';
import { testTools } from '../support/system/test-tools';

jest.setTimeout(900_000);

/** A batch takes longer than a lifecycle. */
const BATCHES = 6;

test('keeps every promise under a hundred fixed schedules', async () => {
  const seeds = Array.from({ length: 200 }, (_, n) => n + 1);
  const others = seeds.filter((seed) => !isForBatch(seed));
  const { runs, violations } = await explore({
    seeds: [...seeds.filter(isForBatch).slice(0, BATCHES), ...others.slice(0, 100 - BATCHES)],
    lanes: 10,
    samples: SAMPLES,
    environment: { ...process.env, TEMPORAL_CLI_PATH: testTools().temporalCli },
    shrinkMs: 0,
    onProgress: () => {},
  });
  expect(violations).toEqual([]);
  expect(runs).toBe(100);
});
