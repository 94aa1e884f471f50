import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { defaultDataConverter, defaultPayloadConverter, TypedSearchAttributes } from '@temporalio/common';
import { LifecycleCalls } from '../../../src/client/lifecycle-calls';
import { startLifecycle } from '../../../src/client/start/start-lifecycle';
import { checkPlace, deleteClosed } from '../../../src/client/stops';
import { SEARCH_ATTRIBUTES } from '../../../src/contracts/ids';
import { acceptInput } from '../../../src/providers/registry';
import { InvalidInput, KeyInUse } from '../../../src/temporal/errors';

const source = { type: 'file', path: '/a.jpg' };
const inputIn = (datasetId: string) => ({ provider: 'datature-vi', datasetId, source });

interface KeyState {
  /** Absent for a key that Temporal does not know. */
  run?: { datasetId: string; status: string; outcome?: string; error?: { type: string } };
  /** When a force-delete of the key ended. */
  deletedAt?: Date;
}

/** A server that knows one run of the key, and keeps what is started. */
function serverWith({ run, deletedAt }: KeyState) {
  const started: { type: string; args: unknown[] }[] = [];
  const describe = async (workflowId: string) => {
    if (workflowId.startsWith('asset-deletion:')) {
      if (!deletedAt) throw new WorkflowNotFoundError('none', workflowId, undefined);
      return { status: { name: 'COMPLETED' }, closeTime: deletedAt };
    }
    if (!run) throw new WorkflowNotFoundError('none', workflowId, undefined);
    const attributes = run.outcome === undefined ? [] : [{ key: SEARCH_ATTRIBUTES.outcome, value: run.outcome }];
    return {
      ...{ workflowId, runId: 'r1', status: { name: run.status }, startTime: new Date(0) },
      ...{ closeTime: new Date(1000), typedSearchAttributes: new TypedSearchAttributes(attributes as never) },
    };
  };
  const result = async () => ({
    ...{ key: 'k', phase: run?.outcome, outcome: run?.outcome, error: run?.error, timings: { startedAt: '' } },
  });
  const payload = defaultPayloadConverter.toPayload(inputIn(run?.datasetId ?? ''));
  const attributes = { workflowExecutionStartedEventAttributes: { input: { payloads: [payload] } } };
  const client = {
    options: { namespace: 'n', loadedDataConverter: defaultDataConverter },
    workflowService: { getWorkflowExecutionHistory: async () => ({ history: { events: [attributes] } }) },
    workflow: {
      getHandle: (workflowId: string) => ({ describe: () => describe(workflowId), result }),
      start: async (type: string, options: { args: unknown[]; workflowIdReusePolicy: string; workflowId: string }) => {
        if (run && options.workflowIdReusePolicy === 'REJECT_DUPLICATE') {
          throw new WorkflowExecutionAlreadyStartedError('there', options.workflowId, type);
        }
        started.push({ type, args: options.args });
        return { firstExecutionRunId: 'r2', workflowId: options.workflowId };
      },
    },
  } as unknown as Client;
  const calls = new LifecycleCalls({ client, address: 'a', namespace: 'n' }, 'datature-vi');
  const start = (datasetId: string) => startLifecycle(client, { ...acceptInput(inputIn(datasetId)), key: 'k' }, {});
  return { started, calls, start };
}

const OPEN = { datasetId: 'd1', status: 'RUNNING' };
const COMPLETED = { datasetId: 'd1', status: 'COMPLETED', outcome: 'completed' };
const FAILED = { datasetId: 'd1', status: 'FAILED', outcome: 'failed' };
const CANCELLED = { datasetId: 'd1', status: 'COMPLETED', outcome: 'cancelled' };

describe('a key that is used with another place', () => {
  test.each([
    ['runs', OPEN],
    ['has completed', COMPLETED],
    ['has failed', FAILED],
    ['was cancelled', CANCELLED],
  ])('is refused, and both are named, where it %s', async (_name, run) => {
    const server = serverWith({ run });
    const refused = server.start('d2');
    await expect(refused).rejects.toThrow(KeyInUse);
    await expect(refused).rejects.toThrow('key: "k" is used with the datasetId "d1", not "d2"; give another key');
    expect(server.started).toEqual([]);
  });

  test('is free again once everything it had was removed by force', async () => {
    const forced = { datasetId: 'd1', status: 'COMPLETED', outcome: 'deleted' };
    expect(await serverWith({ run: forced }).start('d2')).toMatchObject({ joined: false });
    const later = serverWith({ run: COMPLETED, deletedAt: new Date(2000) });
    expect(await later.start('d2')).toMatchObject({ joined: false });
    await expect(serverWith({ run: COMPLETED, deletedAt: new Date(500) }).start('d2')).rejects.toThrow(KeyInUse);
  });
});

test('a run that was refused has used no place', async () => {
  const refused = { ...FAILED, error: { type: 'InvalidRequest' } };
  expect(await serverWith({ run: refused }).start('d2')).toMatchObject({ joined: false });
});

test('a key goes on in its own place', async () => {
  expect(await serverWith({ run: FAILED }).start('d1')).toMatchObject({ joined: false });
  expect(await serverWith({ run: COMPLETED }).start('d1')).toMatchObject({ joined: true });
});

describe('the deletion of a closed key', () => {
  test('takes the place of its last run', async () => {
    const server = serverWith({ run: COMPLETED });
    await deleteClosed(server.calls, 'k', {});
    expect(server.started).toMatchObject([{ type: 'assetDeletion', args: [{ key: 'k', datasetId: 'd1' }] }]);
  });

  test('takes the place that is named, where Temporal does not know the key', async () => {
    const server = serverWith({});
    await expect(deleteClosed(server.calls, 'k', {})).rejects.toThrow(InvalidInput);
    await expect(deleteClosed(server.calls, 'k', {})).rejects.toThrow('datasetId: ');
    await deleteClosed(server.calls, 'k', { datasetId: 'd7' });
    expect(server.started).toMatchObject([{ args: [{ key: 'k', datasetId: 'd7' }] }]);
  });

  test('is refused for another place, also while the lifecycle runs', async () => {
    await expect(checkPlace(serverWith({ run: OPEN }).calls, 'k', { datasetId: 'd2' })).rejects.toThrow(KeyInUse);
    await expect(checkPlace(serverWith({}).calls, 'k', { datasetId: 'a b' })).rejects.toThrow(InvalidInput);
    await checkPlace(serverWith({ run: OPEN }).calls, 'k', { datasetId: 'd1' });
  });
});
