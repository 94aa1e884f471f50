import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import { createHeldWaits } from '../../../src/activities/held-waits';
import type { Handle } from '../../../src/contracts/branches/handle';
import type { ReceiptEntry } from '../../../src/contracts/lifecycle-status';
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
