import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { openAccount } from '../../src/providers/open-account';
import { loadConfig } from '../../src/config';
import { startWorker } from '../../src/worker';
import { sample, System } from '../support/system/system';
import { until } from '../support/until';

jest.setTimeout(120_000);
let system: System;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  system = await System.start();
});
afterAll(() => system.close());

test('a call that hangs is abandoned after the force time, the process ends with 1, another worker goes on', async () => {
  await system.worker?.stop();
  const hanging = await system.startWorker({ ASSET_LIFECYCLE_SHUTDOWN_GRACE: '1s' });
  await system.control.addFault({ route: 'POST /assets', delayMs: 600_000, times: 1 });
  const handle = await system.start('hanging', { source: sample('portrait-1.jpg') });
  await until(async () => (await handle.describe()).raw.pendingActivities?.some(({ state }) => state === 2));
  await until(async () => (await system.control.counters())['POST /assets'] !== undefined);
  expect(await hanging.stop()).toBe(1);
  expect(hanging.log).toContain('abandoned calls that did not end in time');
  await system.startWorker();
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
});

test('a worker whose workflow bundle is missing tells so, and lets go of its connection', async () => {
  const connection = await NativeConnection.connect({ address: system.temporal.address });
  const config = loadConfig(system.environment);
  const provider = await openAccount(config);
  const close = jest.spyOn(provider, 'close');
  const temporal = { connection, namespace: system.temporal.namespace };
  const starting = startWorker({
    config,
    providers: [provider],
    temporal,
    workflowBundle: '/nowhere/workflow-bundle.js',
  });
  await expect(starting).rejects.toThrow(/ENOENT.*\/nowhere\/workflow-bundle\.js/);
  await connection.close(); // refused while a worker holds it
  expect(close).toHaveBeenCalledTimes(1);
});

test('a worker that is stopped while nothing runs ends with 0', async () => {
  expect(await system.worker?.stop()).toBe(0);
});
