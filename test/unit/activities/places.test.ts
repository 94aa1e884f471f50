import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import { claimPlace } from '../../../src/activities/ownership/key-place';
import { createFindMade } from '../../../src/activities/sweep/find-made';
import { createHeldWaits } from '../../../src/activities/held-waits';
import type { Handle } from '../../../src/contracts/branches/handle';
import type { ReceiptEntry } from '../../../src/contracts/lifecycle-status';
import { createFolderMarkStore } from '../../../src/storage/results/folder-mark-store';
import { activityEnvironment, dependencies } from '../../support/activity-dependencies';
import { PlacedProvider } from '../../support/memory/placed-provider';
import { MemoryProvider } from '../../support/memory-provider';

const remove = async (provider: PlacedProvider | MemoryProvider, place?: string): Promise<ReceiptEntry[]> => {
  const activity = createRemoveResources(dependencies({ provider }));
  const resource = { kind: 'asset', id: 'a', adopted: false } as const;
  const input = { provider: 'twelvelabs', place, resources: [resource], policy: 'delete' } as const;
  return (await activityEnvironment().run(() => activity(input))) as ReceiptEntry[];
};

test('an asset ends in its own place, and not its namesake in another', async () => {
  const provider = new PlacedProvider('one', 'other');
  for (const place of ['one', 'other']) provider.memory(place).addAsset({ id: 'a', status: 'ready' });
  expect(await remove(provider, 'one')).toMatchObject([{ id: 'a', result: 'deleted' }]);
  expect([...provider.memory('one').held.keys()]).toEqual([]);
  expect([...provider.memory('other').held.keys()]).toEqual(['a']);
});

test('a place has to be named where there are places, and nowhere else', async () => {
  const refused = { type: 'InvalidRequest' };
  await expect(remove(new PlacedProvider('one'))).rejects.toMatchObject(refused);
  await expect(remove(new MemoryProvider(), 'one')).rejects.toMatchObject(refused);
});

test('who waits for an asset names its place', async () => {
  const waited: Handle[] = [];
  const watcher = {
    until: async (handle: Handle) => {
      waited.push(handle);
      return { handle, state: 'ready', asset: new MemoryProvider().addAsset({ id: 'a', status: 'ready' }) } as const;
    },
  };
  const { untilAssetReady } = createHeldWaits(dependencies({ provider: new PlacedProvider('one'), watcher }));
  await activityEnvironment().run(() => untilAssetReady({ provider: 'twelvelabs', place: 'one', assetId: 'a' }));
  expect(waited).toMatchObject([{ kind: 'asset', id: 'a', in: 'one' }]);
});

describe('the place of a key', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-marks-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const deps = () => {
    const results = { namesOf: async () => [], has: async () => false, remove: async () => false };
    const write = () => Promise.reject(new Error('nothing is stored'));
    const provider = Object.assign(new PlacedProvider('one', 'other'), { name: 'datature-vi' });
    return dependencies({ provider, results: { ...results, write }, marks: createFolderMarkStore(folder) });
  };
  const claim = (place: string, key = 'k') => claimPlace(deps(), { provider: 'datature-vi', place, key });

  test('is that of its first run, for raw starts as well; nothing was made where it is refused', async () => {
    await claim('one');
    await claim('one');
    await claim('other', 'another key');
    await expect(claim('other')).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringMatching(/^key: "k" is used with the datasetId "one", not "other"; give another key/),
      details: [{ nothingMade: true }],
    });
  });

  test.each(['force-delete', 'delete'] as const)('is given free by force alone: %s', async (policy) => {
    await claim('one');
    const tag = { key: 'k', workflowId: 'w', runId: 'r', onCancel: 'delete', onFailure: 'keep' } as const;
    const resource = { kind: 'asset', id: 'a', adopted: false, tag } as const;
    const remove = createRemoveResources(deps());
    const removal = { provider: 'datature-vi', place: 'one', resources: [resource], policy } as const;
    await activityEnvironment().run(async () => remove(removal));
    if (policy === 'force-delete') await claim('other');
    else await expect(claim('other')).rejects.toMatchObject({ type: 'InvalidRequest' });
  });

  test('is given free by the deletion of a closed key there, and by none elsewhere', async () => {
    await claim('one');
    const findMade = createFindMade(deps());
    const where = { provider: 'datature-vi', place: 'one' };
    const input = { ...where, key: 'k', workflowId: 'w' };
    await activityEnvironment().run(async () => findMade({ ...input, place: 'other' }));
    await expect(claim('other')).rejects.toMatchObject({ type: 'InvalidRequest' });
    await activityEnvironment().run(async () => findMade(input));
    await claim('other');
  });
});
