import { TestWorkflowEnvironment } from '@temporalio/testing';
import { startTemporalServer, type TemporalServer } from '../../src/stack/temporal-server';
import { testTools } from './test-tools';

/** A real dev server with Temporal Web, on free ports and without a database file. */
export async function startTestTemporal(): Promise<TemporalServer> {
  return startTemporalServer({
    environment: { ...process.env, TEMPORAL_CLI_PATH: testTools().temporalCli },
    onProgress: () => {},
  });
}

/** The time-skipping test server; it takes any search attribute. */
export async function createTimeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: testTools().testServer } },
  });
}
