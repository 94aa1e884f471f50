import { createHash } from 'node:crypto';
import type { Branch } from '../../src/contracts/branches/branch';
import { failure, type FailureType } from '../../src/contracts/failures';
import type { Traits } from '../../src/providers/media-provider';
import { withGatheredIntake } from '../../src/providers/shared/gather-submissions';
import { PARTS_LIMIT_BYTES } from '../support/memory/intake';
import { pendingProvider } from '../support/memory/pending-provider';
import { plainProvider } from '../support/memory/plain-provider';
import { MemoryProvider } from '../support/memory-provider';
import { sourceOf, submissionOf, type Cause, type Harness, type Offers } from './conformance/harness';
import { describeProvider } from './provider-conformance';

const filename = 'a.mp4';
const VECTORS = [
  [0.6, 0.8],
  [1, 0],
  [0.8, 0.6],
];

/** Why a submission fails: all but what the connection does follows from the state of the provider or the item. */
async function causeAt(provider: MemoryProvider, type: FailureType): Promise<Cause> {
  switch (type) {
    case 'ProviderRejected':
      return { changes: { filename: '' } };
    case 'PayloadTooLarge': {
      const bytes = sourceOf(filename, Buffer.alloc(PARTS_LIMIT_BYTES + 1));
      return { changes: { content: { route: 'parts', bytes } } };
    }
    case 'ProviderAuth':
      provider.keyRevoked = true;
      return { end: () => (provider.keyRevoked = false) };
    case 'QuotaExhausted':
      provider.assetsLeft = 0;
      return { end: () => (provider.assetsLeft = 100) };
    case 'RateLimited':
      provider.callsLeft = 0;
      return { end: () => (provider.callsLeft = 1000) };
    default: {
      const when = type === 'OutcomeUnknown' ? 'after' : 'before';
      provider.failNext('intake.submit of one', failure(type, 'the connection broke'), when);
      return {};
    }
  }
}

function harnessOf(provider: MemoryProvider): Harness {
  provider.entities.set('someone', { in: 'c', name: 'Ada', metadata: {}, assetIds: ['x'] });
  provider.vectors = VECTORS;
  return {
    provider,
    media: { filename, fileType: 'video/mp4', content: Buffer.alloc(53, 'abc') },
    partsSizeBytes: 250,
    fields: {},
    impossible: { source: 'object', noUrlBecause: 'its key has a "?"', method: 'direct' },
    unknown: { assetId: 'asset-none', sessionId: 'session-none' },
    settle: async () => {
      for (const asset of provider.held.values()) asset.status = 'ready';
    },
    cause: (type) => causeAt(provider, type),
    failNextReadOf: async (assetId) =>
      provider.failNext(`watch ${assetId}`, failure('ProviderUnavailable', 'no answer')),
    whenSubmitArrives: (run) => provider.onNext('intake.submit of one', run),
    branches: [
      { type: 'embed', effect: 'free', branch: async () => ({ type: 'embed' }), embeddings: async () => VECTORS },
      { type: 'index', effect: 'create', branch: async () => ({ type: 'index', indexId: 'films' }) },
      { type: 'entity', effect: 'create', branch: async () => ({ type: 'entity', collectionId: 'c' }) },
      {
        ...{ type: 'entity', effect: 'join' },
        branch: async () => ({ type: 'entity', collectionId: 'c', entityId: 'someone' }),
        joined: ({ collectionId, entityId }: Branch) => ({ in: String(collectionId), id: String(entityId) }),
      },
    ],
    sha256Of: async (assetId) => {
      const bytes = provider.contents.get(assetId);
      return bytes && createHash('sha256').update(bytes).digest('hex');
    },
    failSession: async ({ sessionId }) => {
      const session = provider.sessions.get(sessionId);
      if (session) session.state = 'failed';
    },
    expireUrls: async ({ sessionId }) => provider.sessions.get(sessionId)?.urls.clear(),
    close: () => provider.close(),
  };
}

function plainHarness(traits: Partial<Traits>): Harness {
  const memory = new MemoryProvider({ itemsPerSubmission: 3, assetsPerPage: 20, marksAssets: false, ...traits });
  const { provider, failSession } = plainProvider(memory);
  return {
    ...harnessOf(memory),
    ...{ provider, branches: [], impossible: { source: 'url', method: 'auto' } },
    failSession: async ({ sessionId }) => failSession(sessionId),
  };
}

/** Assets are known only after a wait, and a name is given once. */
function pendingHarness(traits: Partial<Traits>): Harness {
  const memory = new MemoryProvider({ itemsPerSubmission: 30, marksAssets: false, uniqueNames: true, ...traits });
  return { ...harnessOf(memory), provider: pendingProvider(memory), branches: [] };
}

/** As a worker composes a provider: submissions of several callers share a request. */
const gathered = (harness: Harness): Harness => ({ ...harness, provider: withGatheredIntake(harness.provider) });

const full: Offers = {
  routes: ['url', 'whole', 'parts'],
  marksAssets: true,
  failures: [
    'ProviderRejected',
    'ProviderAuth',
    'QuotaExhausted',
    'PayloadTooLarge',
    'RateLimited',
    'ProviderUnavailable',
    'OutcomeUnknown',
  ],
  branches: [
    { type: 'embed', effect: 'free' },
    { type: 'index', effect: 'create' },
    { type: 'entity', effect: 'create' },
    { type: 'entity', effect: 'join' },
  ],
};
const plain: Offers = { ...full, routes: ['parts'], branches: [], marksAssets: false };
const pending: Offers = { ...full, routes: ['whole'], branches: [], marksAssets: false };

describeProvider('in memory', async () => harnessOf(new MemoryProvider()), full);
describeProvider('in memory, gathering', async () => gathered(harnessOf(new MemoryProvider({ gatherMs: 2 }))), full);
describeProvider('in memory, plain', async () => plainHarness({}), plain);
describeProvider('in memory, plain, gathering', async () => gathered(plainHarness({ gatherMs: 2 })), plain);
describeProvider('in memory, pending', async () => pendingHarness({}), pending);
describeProvider('in memory, pending, gathering', async () => gathered(pendingHarness({ gatherMs: 2 })), pending);

test('where the suite runs with gathering, callers indeed share a request', async () => {
  const memory = new MemoryProvider({ gatherMs: 2 });
  const harness = gathered(harnessOf(memory));
  await Promise.all(['a', 'b', 'c'].map((key) => harness.provider.intake.submit([submissionOf(harness, key)])));
  expect(memory.calls.filter((call) => call === 'intake.submit')).toHaveLength(1);
  expect(memory.held.size).toBe(3);
});
