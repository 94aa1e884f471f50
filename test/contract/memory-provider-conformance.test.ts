import { failure } from '../../src/contracts/failures';
import { MemoryProvider } from '../support/memory-provider';
import type { FaultyCall, Harness } from './conformance/harness';
import { describeProvider } from './provider-conformance';

const CALLS: Record<FaultyCall, string> = {
  submit: 'intake.submit of one',
  get: `watch ${'0'.repeat(24)}`,
};

async function start(): Promise<Harness> {
  const provider = new MemoryProvider();
  provider.entities.set('someone', { in: 'c', name: 'Ada', metadata: {}, assetIds: ['x'] });
  return {
    provider,
    media: { filename: 'a.mp4', fileType: 'video/mp4', content: Buffer.alloc(50, 'abc') },
    partsSizeBytes: 250,
    fields: {},
    settle: async () => {
      for (const asset of provider.held.values()) asset.status = 'ready';
    },
    failNext: async (call, type) =>
      provider.failNext(CALLS[call], failure(type, `${call}: ${type}`), type === 'OutcomeUnknown' ? 'after' : 'before'),
    whenSubmitArrives: (run) => provider.onNext('intake.submit of one', run),
    failures: [
      'ProviderRejected',
      'ProviderAuth',
      'QuotaExhausted',
      'PayloadTooLarge',
      'RateLimited',
      'OutcomeUnknown',
    ],
    branches: [
      { type: 'embed', effect: 'free', branch: async () => ({ type: 'embed' }) },
      { type: 'index', effect: 'create', branch: async () => ({ type: 'index', indexId: 'films' }) },
      { type: 'entity', effect: 'create', branch: async () => ({ type: 'entity', collectionId: 'c' }) },
      {
        type: 'entity',
        effect: 'join',
        branch: async () => ({ type: 'entity', collectionId: 'c', entityId: 'someone' }),
      },
    ],
    failSession: async ({ sessionId }) => {
      const session = provider.sessions.get(sessionId);
      if (session) session.state = 'failed';
    },
    close: () => provider.close(),
  };
}

describeProvider('in memory', start, [
  { type: 'embed', effect: 'free' },
  { type: 'index', effect: 'create' },
  { type: 'entity', effect: 'create' },
  { type: 'entity', effect: 'join' },
]);
