import { ApplicationFailure } from '@temporalio/common';
import { last } from '../../../../src/cli/follow';
import { exitCodeOf } from '../../../../src/cli/exit';
import { BatchItems } from '../../../../src/client/batches/batch-items';
import { ClientStore } from '../../../../src/client/batches/client-store';
import { deleteItem } from '../../../../src/client/batches/steer-items';
import { LifecycleClient } from '../../../../src/client/lifecycle-client';
import { groupWorkflowId, lifecycleWorkflowId } from '../../../../src/contracts/ids';
import type { ItemOutcome } from '../../../../src/contracts/batch/item-outcome';
import type { LifecycleStatus } from '../../../../src/contracts/lifecycle-status';
import { createItemOutcomes } from '../../../../src/storage/batches/item-outcomes';
import { createKeyClaims } from '../../../../src/storage/batches/key-claims';
import type { SharedFiles } from '../../../../src/storage/batches/shared-files';
import { OWNER } from '../../../support/activity-dependencies';
import { KnownRuns, type KnownRun } from '../../../support/batches/known-runs';
import { memoryFiles } from '../../../support/batches/memory-files';

const key = '/media/a.mp4';
const ofKey = { owner: OWNER, provider: 'twelvelabs', key };
const workflowId = lifecycleWorkflowId('twelvelabs', key);
const group = groupWorkflowId('b', 0);

let temporal: KnownRuns;
let files: SharedFiles;
let client: LifecycleClient;
let items: BatchItems;
beforeEach(async () => {
  temporal = new KnownRuns();
  files = memoryFiles();
  const openStore = async () => ({ files, close: () => {} });
  client = await LifecycleClient.connect({
    temporal: { client: temporal.client, address: 'a', namespace: 'n' },
    openStore,
  });
  items = new BatchItems(temporal.calls, new ClientStore(temporal.calls, openStore));
});

/** An item of the key that claimed it at ten o'clock, in a group that is open. */
async function itemUnderWay(): Promise<void> {
  temporal.runs.push({ workflowId: group, runId: 'g', status: 'RUNNING' });
  const claims = createKeyClaims(files, { now: () => '2026-01-01T10:00:00Z' });
  await claims.claim(ofKey, { workflowId: group, runId: 'g', batchId: 'b', item: 0 });
  await nowIs({ phase: 'processing' });
}

const nowIs = (changes: Partial<ItemOutcome>): Promise<void> =>
  createItemOutcomes(files, { owner: OWNER, batchId: 'b' }).write({ from: 0, end: 1 }, [
    { item: 0, key, phase: 'processing', of: 'start', ...changes },
  ]);

const completes = (): Promise<void> => nowIs({ phase: 'completed', outcome: 'completed' });

const RUNNING: KnownRun = { workflowId, runId: 'single', status: 'RUNNING' };

/** A single start of the key that failed a minute after the claim. */
function failedRun(type: string, closedAt = '2026-01-01T10:01:00Z'): KnownRun {
  const status = { key, provider: 'twelvelabs', phase: 'failed', outcome: 'failed', error: { type, message: 'no' } };
  const failure = ApplicationFailure.create({ type, details: [{ ...status, timings: { startedAt: '' } }] });
  return { workflowId, runId: 'single', status: 'FAILED', closedAt, failure };
}

async function watched(): Promise<string[]> {
  const phases: string[] = [];
  for await (const { phase } of client.watch(key)) phases.push(phase);
  return phases;
}

describe('a single start of a key at which an item is at work', () => {
  beforeEach(itemUnderWay);

  test('hides the item neither while it is open nor once it was refused', async () => {
    temporal.runs.push({ ...RUNNING });
    expect(await client.status(key)).toMatchObject({ phase: 'processing', batch: { batchId: 'b', item: 0 } });
    temporal.runs.pop();
    temporal.runs.push(failedRun('KeyInUse'));
    expect(await client.status(key)).toMatchObject({ phase: 'processing', batch: { batchId: 'b' } });
    await completes();
    expect(await client.status(key)).toMatchObject({ outcome: 'completed', batch: { batchId: 'b' } });
    expect(await client.result(key)).toMatchObject({ outcome: 'completed', batch: { batchId: 'b' } });
    expect(await watched()).toEqual(['completed']);
  });

  test('leaves force to the group', async () => {
    temporal.runs.push(failedRun('KeyInUse'));
    await completes();
    expect(await client.forceDelete(key)).toMatchObject({ by: 'assetGroup', workflowId: group });
    expect(temporal.signals).toEqual([{ workflowId: group, name: 'forceDeleteItem' }]);
  });

  test('is the key’s last, if it failed for another reason after the item had ended', async () => {
    await completes();
    temporal.runs.push(failedRun('SourceUnreadable'));
    expect(await client.status(key)).toMatchObject({ outcome: 'failed', error: { type: 'SourceUnreadable' } });
  });

  test('has the key once the item has ended', async () => {
    await completes();
    const status = { key, phase: 'creating', timings: { startedAt: '' } };
    temporal.runs.push({ ...RUNNING, result: status });
    expect(await client.status(key)).toEqual(status);
  });

  test('is told of while the store cannot be read', async () => {
    const status = { key, phase: 'creating', timings: { startedAt: '' } };
    temporal.runs.push({ ...RUNNING, result: status });
    files.list = () => Promise.reject(new Error('no store'));
    expect(await client.status(key)).toEqual(status);
  });
});

test.each([
  ['watch', watched],
  ['wait for the end', async () => [(await client.result(key)).phase]],
])(
  'a %s of an item goes on with the lifecycle that takes the key over',
  async (_what, followed) => {
    await itemUnderWay();
    const result = { key, phase: 'cancelled', outcome: 'cancelled', timings: { startedAt: '' } };
    let looks = 0;
    temporal.onDescribe = async (id) => {
      if (id !== workflowId || (looks += 1) !== 3) return;
      await nowIs({ phase: 'failed', outcome: 'failed' });
      temporal.runs.push({ workflowId, runId: 'later', status: 'COMPLETED', closedAt: '2026-01-01T11:00:00Z', result });
    };
    expect((await followed()).at(-1)).toBe('cancelled');
  },
  10_000,
);

test.each([
  ['wait for the end', async () => [(await client.result(key)).phase]],
  ['watch', watched],
])('a %s of a run that finds its key in use goes on with the item', async (_what, followed) => {
  const run = { ...failedRun('KeyInUse'), status: 'RUNNING', result: { key, phase: 'creating', timings: {} } };
  temporal.runs.push(run);
  let looks = 0;
  temporal.onDescribe = async (id) => {
    if (id !== workflowId || (looks += 1) !== 2) return;
    run.status = 'FAILED';
    await itemUnderWay();
    await completes();
  };
  expect((await followed()).at(-1)).toBe('completed');
});

test('a watch that ends without an outcome gives the status, or says so in one line', async () => {
  let status = { key, phase: 'completed', outcome: 'completed' } as LifecycleStatus;
  const broken = {
    watch: async function* () {
      yield { key, phase: 'creating' } as LifecycleStatus;
    },
    status: async () => status,
  } as unknown as LifecycleClient;
  expect(await last(broken, key, () => {})).toBe(status);
  status = { key, phase: 'creating' } as LifecycleStatus;
  const error = await last(broken, key, () => {}).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ message: `the watch of "${key}" ended in the phase creating; watch it again` });
  expect(exitCodeOf(error)).toBe(1);
});

describe('force on an item that has lost its key to a lifecycle', () => {
  beforeEach(itemUnderWay);

  const forced = async () => {
    const item = await items.find(key);
    if (!item) throw new Error('the item has its key');
    return deleteItem(temporal.calls, items, item, {});
  };
  const keyIsTakenOver = async (): Promise<void> => {
    const claims = createKeyClaims(files);
    const holder = await claims.holderOf(ofKey);
    if (holder) await claims.takeOver(holder, { workflowId, runId: 'later' });
  };

  test('ends with what became of the item', async () => {
    const deletion = await forced();
    await nowIs({ phase: 'cancelled', outcome: 'cancelled' });
    await keyIsTakenOver();
    expect(await deletion.result()).toMatchObject({ outcome: 'cancelled', batch: { batchId: 'b' } });
  });

  test('ends when its group does', async () => {
    const deletion = await forced();
    await keyIsTakenOver();
    temporal.find(group).status = 'TERMINATED';
    expect(await deletion.result()).toMatchObject({ outcome: 'failed', batch: { batchId: 'b' } });
    expect(temporal.started).toEqual([]);
  });

  test('goes on while it is at work, and ends once it is deleted', async () => {
    const deletion = await forced();
    expect(await deletion.status()).toMatchObject({ phase: 'processing' });
    await nowIs({ phase: 'deleted', outcome: 'deleted' });
    expect(await deletion.result()).toMatchObject({ outcome: 'deleted' });
  });
});
