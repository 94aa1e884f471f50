import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import { failure } from '../../../src/contracts/failures';
import type { CleanupPolicy } from '../../../src/contracts/cleanup-policy';
import type { ReceiptEntry } from '../../../src/contracts/lifecycle-status';
import type { ResultResource } from '../../../src/contracts/resource';
import { activityEnvironment, dependencies } from '../../support/activity-dependencies';
import { MemoryProvider } from '../../support/memory-provider';

let stored: Set<string>;
let provider: MemoryProvider;
beforeEach(() => {
  stored = new Set();
  provider = new MemoryProvider();
});

const results = {
  write: async () => ({ uri: '', sha256: '', bytes: 0, count: 0 }),
  has: async (name: string) => stored.has(name),
  remove: async (name: string) => stored.delete(name),
  namesOf: async () => [...stored],
};
const RESULT: ResultResource = { kind: 'result', id: 'r' };
const ASSET = { kind: 'asset', id: 'a', adopted: false } as const;

function cleaning(policy: CleanupPolicy, result = RESULT, host?: string) {
  const kept: { details?: unknown } = {};
  const deps = dependencies({ provider, results: { ...results, host } });
  deps.progress.makeDurable = async (details) => void (kept.details = details);
  const activity = createRemoveResources(deps);
  const run = (attempt = 1): Promise<ReceiptEntry[]> =>
    activityEnvironment({ attempt, heartbeatDetails: kept.details }).run(() =>
      activity({ provider: 'twelvelabs', resources: [result, ASSET], policy }),
    );
  return run;
}

test.each(['keep', 'delete', 'force-delete'] as const)(
  'a result that was never written is in no receipt, under "%s"',
  async (policy) => {
    expect(await cleaning(policy)()).toMatchObject([{ resource: 'asset' }]);
  },
);

test('a stored result is kept or removed as the policy says', async () => {
  stored.add('r');
  expect(await cleaning('keep')()).toMatchObject([
    { resource: 'result', id: 'r', result: 'kept' },
    { resource: 'asset' },
  ]);
  expect(await cleaning('delete')()).toMatchObject([
    { resource: 'result', id: 'r', result: 'deleted' },
    { resource: 'asset' },
  ]);
  expect(stored.size).toBe(0);
});

test('an attempt that begins again still tells of the result that the one before has removed', async () => {
  stored.add('r');
  provider.addAsset({ id: 'a' });
  const run = cleaning('delete');
  provider.failNext('assets.remove', failure('ProviderUnavailable', 'busy'));
  await expect(run()).rejects.toMatchObject({ type: 'ProviderUnavailable' });
  provider.held.clear();
  expect(await run(2)).toMatchObject([
    { resource: 'result', id: 'r', result: 'deleted' },
    { resource: 'asset', result: 'deleted' },
  ]);
});

const ON_ALPHA: ResultResource = { ...RESULT, stored: { uri: 'file:///results/r.ndjson', host: 'alpha' } };

test('a result in the folder of another host is kept, with that host and the file named, and not told of as deleted', async () => {
  expect(await cleaning('force-delete', ON_ALPHA, 'beta')()).toMatchObject([
    {
      resource: 'result',
      result: 'kept',
      because: expect.stringMatching(/the host alpha stored it .* delete file:\/\/\/results\/r\.ndjson there/),
    },
    { resource: 'asset' },
  ]);
  expect(await cleaning('keep', ON_ALPHA, 'beta')()).toMatchObject([{ resource: 'result', result: 'kept' }, {}]);
});

test('a result that another host stored in a folder which both see is removed', async () => {
  stored.add('r');
  expect(await cleaning('delete', ON_ALPHA, 'beta')()).toMatchObject([{ resource: 'result', result: 'deleted' }, {}]);
});

test('a result of this host that is not there any more is in no receipt', async () => {
  expect(await cleaning('delete', ON_ALPHA, 'alpha')()).toMatchObject([{ resource: 'asset' }]);
});
