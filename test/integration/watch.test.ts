import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { InterceptingCall } from '@grpc/grpc-js';
import { LifecycleClient } from '../../src/client/lifecycle-client';
import { sample, System, untilStatus } from '../support/system/system';
import { testTools } from '../support/system/test-tools';

jest.setTimeout(120_000);
let system: System;
let client: LifecycleClient;
/** Requests to the Temporal server by method. */
const requests = new Map<string, number>();

beforeAll(async () => {
  system = await System.start({ processing: { baseMs: 3_600_000, msPerMegabyte: 0 } });
  const connection = await Connection.connect({
    address: system.temporal.address,
    interceptors: [
      (options, nextCall) => {
        const method = options.method_definition.path.split('/').at(-1) ?? '';
        requests.set(method, (requests.get(method) ?? 0) + 1);
        return new InterceptingCall(nextCall(options));
      },
    ],
  });
  const { address, namespace } = system.temporal;
  client = await LifecycleClient.connect({
    temporal: { client: new Client({ connection, namespace }), address, namespace },
  });
});
afterAll(async () => {
  await client?.close();
  await system?.close();
});

test('a watch asks the run once a phase, and its history by long poll', async () => {
  const handle = await system.start('watched', { source: sample('clip.mp4'), branch: { type: 'embed' } });
  requests.clear();
  const phases: string[] = [];
  const watching = (async () => {
    for await (const { phase } of client.watch('watched')) if (phases.at(-1) !== phase) phases.push(phase);
  })();
  await untilStatus(handle, ({ phase }) => phase === 'processing');
  await system.control.advanceClock(3_600_000);
  await untilStatus(handle, ({ branch }) => branch?.status === 'running');
  await system.control.advanceClock(3_600_000);
  await watching;
  expect(phases.slice(-3)).toEqual(['processing', 'branching', 'completed']);
  expect(requests.get('QueryWorkflow') ?? 0).toBeLessThanOrEqual(4); // pending, creating, processing, branching
});

test('a reset run is followed into the run that goes on with its work', async () => {
  const handle = await system.start('reset', { source: sample('clip.mp4') });
  await untilStatus(handle, ({ phase }) => phase === 'processing');
  const result = client.result('reset');
  const { runId } = await handle.describe();
  await promisify(execFile)(testTools().temporalCli, [
    ...['workflow', 'reset', '--address', system.temporal.address, '--workflow-id', handle.workflowId],
    ...['--run-id', runId, '--event-id', '4', '--reason', 'a test'],
  ]);
  const again = system.client.workflow.getHandle(handle.workflowId);
  await untilStatus(again, ({ phase }) => phase === 'processing');
  await system.control.advanceClock(3_600_000);
  expect(await result).toMatchObject({ outcome: 'completed' });
});

test('a lifecycle that nobody knows is LifecycleNotFound', async () => {
  await expect(client.result('nobody')).rejects.toMatchObject({ name: 'LifecycleNotFound' });
  await expect(client.watch('nobody').next()).rejects.toMatchObject({ name: 'LifecycleNotFound' });
});
