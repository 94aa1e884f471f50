import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { startEmulator, type Emulator } from '../../emulator/twelvelabs/start-emulator';
import type { TemporalServer } from '../../src/stack/temporal-server';
import { addSearchAttributes } from '../../src/temporal/namespace/search-attributes';
import { cli, type CliResult } from '../support/cli';
import { operatorRefusingProxy } from '../support/servers/operator-refusing-proxy';
import { startTestTemporal } from '../support/system/temporal';

jest.setTimeout(60_000);
const ALL = [
  ...['AssetKey', 'AssetId', 'AssetProvider', 'AssetPhase', 'AssetBranch', 'AssetBatch', 'AssetOutcome'],
  ...['AssetBytes', 'AssetReadyAt'],
];

let temporal: TemporalServer;
let connection: Connection;
let emulator: Emulator;
beforeAll(async () => {
  [temporal, emulator] = await Promise.all([startTestTemporal(), startEmulator()]);
  connection = await Connection.connect({ address: temporal.address });
});
afterAll(async () => {
  await connection?.close();
  await emulator?.close();
  await temporal?.close();
});

const call = (namespace: string, args: string[], address = temporal.address): Promise<CliResult> =>
  cli(args, {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    TWELVELABS_BASE_URL: emulator.url,
    TWELVE_LABS_API_KEY: 'tlk_TEST',
  });

async function newNamespace(namespace: string, retention: '3 days' | '2 hours' = '3 days'): Promise<string> {
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs(retention),
  });
  const isKnown = (): Promise<boolean> =>
    connection.workflowService.countWorkflowExecutions({ namespace }).then(
      () => true,
      () => false,
    );
  while (!(await isKnown())) await new Promise((resolve) => setTimeout(resolve, 50));
  return namespace;
}

const scheduleIn = (namespace: string) =>
  new Client({ connection, namespace }).schedule.getHandle('orphan-sweep:twelvelabs').describe();

test('setup --check says what is missing and changes nothing, setup adds it, and then nothing is missing', async () => {
  const namespace = await newNamespace('fresh');
  for (const round of ['first', 'second']) {
    const check = await call(namespace, ['setup', '--check', '--json']);
    expect([round, check.code, JSON.parse(check.stdout)]).toEqual([
      round,
      1,
      expect.objectContaining({
        searchAttributes: expect.objectContaining({ state: 'missing', missing: ALL }),
        schedule: { scheduleId: 'orphan-sweep:twelvelabs', state: 'missing' },
      }),
    ]);
  }
  const done = await call(namespace, ['setup']);
  expect(done).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('search attributes: added') });
  expect(await call(namespace, ['setup', '--check'])).toMatchObject({
    code: 0,
    stdout: 'search attributes: all there\nschedule orphan-sweep:twelvelabs: there\n',
  });
});

test('where the operator service is refused, setup prints the commands and still creates the Schedule', async () => {
  const namespace = await newNamespace('as-on-cloud');
  const proxy = await operatorRefusingProxy(temporal.address);
  try {
    const { code, stdout, stderr } = await call(namespace, ['setup'], proxy.address);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toContain('could not be added: Request unauthorized.');
    const names = '--name AssetKey --type Keyword --name AssetId --type Keyword';
    expect(stdout).toContain(
      `temporal operator search-attribute create --address ${proxy.address} --namespace ${namespace} ${names}`,
    );
    expect(stdout).toContain(`tcld namespace search-attributes add --namespace ${namespace} --search-attribute`);
    expect((await scheduleIn(namespace)).action).toMatchObject({ workflowType: 'orphanSweep' });

    await addSearchAttributes(connection, namespace); // as a person would by that command
    expect(await call(namespace, ['setup', '--check'], proxy.address)).toMatchObject({ code: 0 });
  } finally {
    await proxy.close();
  }
});

test('a worker refuses to start in a namespace without the search attributes, and prints the commands', async () => {
  const namespace = await newNamespace('unprepared');
  const { code, stderr } = await call(namespace, ['worker']);
  expect(code).toBe(2);
  expect(stderr).toContain(`error: namespace "${namespace}" lacks search attributes (${ALL.join(', ')})`);
  expect(stderr).toContain(
    `temporal operator search-attribute create --address ${temporal.address} --namespace ${namespace} --name AssetKey`,
  );
  expect(stderr).not.toMatch(/^ {4}at /m);
});

test('a search attribute of another type is told of, by setup and by a worker', async () => {
  const namespace = await newNamespace('mistyped');
  const searchAttributes = { AssetBytes: 2 }; // Keyword
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  const setup = await call(namespace, ['setup']);
  const says = 'search attribute AssetBytes is of type Keyword, and must be Int';
  expect(setup).toMatchObject({ code: 1, stdout: expect.stringContaining(says) });
  expect(await call(namespace, ['worker'])).toMatchObject({ code: 2, stderr: expect.stringContaining(says) });
});

test('a retention shorter than the service assumes is told of', async () => {
  const namespace = await newNamespace('forgetful', '2 hours');
  const { code, stdout } = await call(namespace, ['setup']);
  expect(code).toBe(0);
  expect(stdout).toContain('retention: closed runs are kept for 2 h, less than 24 h');
  const long = await newNamespace('remembering');
  expect((await call(long, ['setup'])).stdout).not.toContain('retention');
  expect((await call(long, ['setup', '--grace', '7d'])).stdout).toContain('kept for 3 d, less than 7.1 d');
});
