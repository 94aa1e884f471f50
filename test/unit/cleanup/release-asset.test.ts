import { createReleaseAsset } from '../../../src/activities/ownership/release-asset';
import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import { createSubmitSource } from '../../../src/activities/submit-source';
import { failure, type FailureType } from '../../../src/contracts/failures';
import type { ReceiptEntry } from '../../../src/contracts/lifecycle-status';
import { tagFields, type LedgerTag } from '../../../src/contracts/resource';
import { activityEnvironment, dependencies, OWNER } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

const tag: LedgerTag = { key: 'k', workflowId: 'w', runId: 'r1', owner: OWNER, onCancel: 'delete', onFailure: 'keep' };
const since = '2020-01-01T00:00:00.000Z';
const refusal = (type: FailureType) => failure(type, 'PATCH /assets/{id}/user-metadata: no');

let provider: MemoryProvider;
beforeEach(() => {
  provider = new MemoryProvider();
  provider.addAsset({ id: 'a', filename: 'a.mp4', metadata: tagFields(tag) });
});

const release = (): Promise<ReceiptEntry[]> => {
  const activity = createReleaseAsset(dependencies({ provider }));
  const input = { provider: 'twelvelabs', assetId: 'a', as: 'completed', tag, filename: 'a.mp4', since } as const;
  return activityEnvironment().run(() => activity(input));
};
const markOf = (id: string) => provider.held.get(id)?.metadata['asset_lifecycle_released'];

test('the mark says whose it is', async () => {
  expect(await release()).toEqual([]);
  expect(provider.held.get('a')?.metadata).toMatchObject({
    asset_lifecycle_released: 'completed',
    asset_lifecycle_released_by: 'r1',
  });
});

test.each(['ProviderRejected', 'ProviderAuth', 'QuotaExhausted'] as const)(
  'a mark that cannot be set for %s stands in the receipt',
  async (type) => {
    provider.failNext('assets.annotate', refusal(type));
    const [entry, ...rest] = await release();
    expect(entry).toMatchObject({ resource: 'asset', id: 'a', result: 'kept' });
    expect(entry?.because).toContain('PATCH /assets/{id}/user-metadata: no; the next sweep sets it');
    expect(rest).toEqual([]);
  },
);

test('a mark that could be set a moment later is tried again', async () => {
  provider.failNext('assets.annotate', refusal('ProviderUnavailable'));
  await expect(release()).rejects.toMatchObject({ type: 'ProviderUnavailable' });
});

test('a cleanup that keeps says so, too', async () => {
  provider.failNext('assets.annotate', refusal('ProviderRejected'));
  const activity = createRemoveResources(dependencies({ provider }));
  const resource = { kind: 'asset', id: 'a', adopted: false, tag, filename: 'a.mp4', since } as const;
  const input = { provider: 'twelvelabs', resources: [resource], policy: 'keep' } as const;
  const [entry] = (await activityEnvironment().run(() => activity(input))) as ReceiptEntry[];
  expect(entry).toMatchObject({ id: 'a', result: 'kept' });
  expect(entry?.because).toContain('its release mark could not be set');
});

test('the mark is set though surplus assets cannot be looked for', async () => {
  provider.failNext('intake.find', refusal('ProviderRejected'));
  expect(await release()).toEqual([]);
  expect(markOf('a')).toBe('completed');
});

test('it is set before the look for surplus assets is tried again', async () => {
  provider.failNext('intake.find', refusal('ProviderUnavailable'));
  await expect(release()).rejects.toMatchObject({ type: 'ProviderUnavailable' });
  expect(markOf('a')).toBe('completed');
});

test('a surplus asset that somebody indexed is noted as kept, and the lifecycle completes', async () => {
  provider.addAsset({ id: 'b', filename: 'a.mp4', metadata: tagFields(tag) });
  provider.references.set('b', [{ indexId: 'films', indexedAssetId: 'ix' }]);
  expect(await release()).toMatchObject([{ id: 'b', result: 'kept', referrers: ['indexed asset ix in index films'] }]);
  expect(markOf('a')).toBe('completed');
});

describe('adopting an asset', () => {
  const adopt = async () => {
    const adopter = {
      key: 'adopting',
      workflowId: 'adopter',
      runId: 'r2',
      onCancel: 'delete',
      onFailure: 'keep',
    } as const;
    const activity = createSubmitSource(dependencies({ provider }));
    const source = { type: 'asset', assetId: 'a' } as const;
    const upload = { method: 'auto', concurrency: 4 } as const;
    const rest = { metadata: {}, fields: {}, upload, branches: [], preflight: true, tag: adopter, since };
    return activityEnvironment().run(() => activity({ provider: 'twelvelabs', source, ...rest }));
  };

  test('that carries the tag of another lifecycle ends that one’s claim', async () => {
    expect(await adopt()).toMatchObject({ id: 'a', adopted: true });
    expect(provider.held.get('a')?.metadata).toMatchObject({
      ...tagFields(tag),
      asset_lifecycle_released: 'kept',
      asset_lifecycle_released_by: 'r2',
    });
  });

  test('without a tag writes nothing', async () => {
    provider.addAsset({ id: 'a', metadata: { project: 'demo' } });
    await adopt();
    expect(provider.calls).toEqual(['assets.get']);
  });
});
