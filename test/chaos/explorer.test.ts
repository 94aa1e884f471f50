import { explore } from '../../chaos/explorer';
import { SAMPLES } from '../support/system/system';
import { testTools } from '../support/system/test-tools';

jest.setTimeout(900_000);

test('keeps every promise under a hundred fixed schedules', async () => {
  const { runs, violations } = await explore({
    seeds: Array.from({ length: 100 }, (_, n) => n + 1),
    lanes: 10,
    samples: SAMPLES,
    environment: { ...process.env, TEMPORAL_CLI_PATH: testTools().temporalCli },
    shrinkMs: 0,
    onProgress: () => {},
  });
  expect(violations).toEqual([]);
  expect(runs).toBe(100);
});
