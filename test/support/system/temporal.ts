import { TestWorkflowEnvironment } from '@temporalio/testing';
import { SEARCH_ATTRIBUTES } from '../../../src/contracts/ids';
import { addSearchAttributes } from '../../../src/temporal/namespace/search-attributes';
import { startTemporalServer, type TemporalServer } from '../../../src/stack/temporal-server';
import { testTools } from './test-tools';

/** A real dev server with Temporal Web, on free ports and without a database file. */
export async function startTestTemporal(): Promise<TemporalServer> {
  return startTemporalServer({
    environment: { ...process.env, TEMPORAL_CLI_PATH: testTools().temporalCli },
    onProgress: () => {},
    // else a closed run is deleted only half a minute after the server was told to
    dynamicConfig: { 'history.transferProcessorEnsureCloseBeforeDelete': 'false' },
  });
}

/** The time-skipping test server, which knows our search attributes. */
export async function createTimeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const server = { executable: { type: 'existing-path', path: testTools().testServer } } as const;
  const env = await started(() => TestWorkflowEnvironment.createTimeSkipping({ server }));
  await addSearchAttributes(env.connection, 'default');
  return env;
}

/**
 * A dev server without Temporal Web, in real time; unlike the test server it does everything a cluster does.
 * @param longHistory events after which it suggests a new run.
 */
export async function createDevEnvironment(longHistory?: number): Promise<TestWorkflowEnvironment> {
  const limit = `limit.historyCount.suggestContinueAsNew=${longHistory}`;
  const server = {
    executable: { type: 'existing-path', path: testTools().temporalCli },
    searchAttributes: Object.values(SEARCH_ATTRIBUTES),
    log: { format: 'pretty', level: 'error' },
    extraArgs: longHistory === undefined ? [] : ['--dynamic-config-value', limit],
  } as const;
  return started(() => TestWorkflowEnvironment.createLocal({ server }));
}

const MOST_STARTS = 4;

/** The SDK gives a server five seconds to come up, which is not enough on a loaded machine. */
async function started<T>(start: () => Promise<T>): Promise<T> {
  for (let starts = 1; ; starts++) {
    try {
      return await start();
    } catch (error) {
      if (starts === MOST_STARTS || !String(error).includes('did not start within')) throw error;
    }
  }
}
