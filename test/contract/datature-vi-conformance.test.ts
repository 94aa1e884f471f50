import { createHash } from 'node:crypto';
import type { FailureType } from '../../src/contracts/failures';
import { createDatatureViProvider } from '../../src/providers/datature-vi/datature-vi-provider';
import { withGatheredIntake } from '../../src/providers/shared/gather-submissions';
import type { MediaProvider } from '../../src/providers/media-provider';
import { ViStandIn } from '../support/servers/vi-stand-in';
import { sourceOf, type Cause, type Harness, type Offers } from './conformance/harness';
import { describeProvider } from './provider-conformance';

const filename = 'a.png';
const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(640, 'abcdefg')]);
const PARTS_BYTES = 64_001;

const OPEN = 'POST /assetIngestionSessions';

const ANSWERS: Partial<Record<FailureType, number>> = { ProviderAuth: 401, PayloadTooLarge: 413, RateLimited: 429 };

async function harnessOf(wrap: (provider: MediaProvider) => MediaProvider): Promise<Harness> {
  const api = await ViStandIn.start();
  const account = createDatatureViProvider({
    ...{ secretKey: `dtvi_${'x'.repeat(98)}`, organizationId: 'org', endpoint: api.origin, requestTimeoutMs: 5000 },
    ...{ sessionsPer5Minutes: 1_000_000, pageSize: 20 },
  });
  const provider = wrap(account).within?.('demo');
  if (!provider) throw new Error('the account has no places');
  return {
    provider,
    media: { filename, fileType: 'image/png', content: PNG },
    partsSizeBytes: PARTS_BYTES,
    fields: { datasetId: 'demo' },
    impossible: { source: 'url', method: 'auto' },
    unknown: { assetId: 'a999999', sessionId: 's-none/m-none/3' },
    settle: async () => {},
    cause: async (type): Promise<Cause> => {
      if (type === 'ProviderRejected') {
        const bytes = sourceOf(filename, Buffer.from('this is no image at all'));
        return { changes: { content: { route: 'whole', bytes } } };
      }
      api.faults.push({ route: OPEN, status: ANSWERS[type] ?? 500, headers: { 'retry-after': '0' } });
      return {};
    },
    failNextReadOf: async () => void api.faults.push({ route: 'GET /assets/{id}', status: 503 }),
    whenSubmitArrives: (run) => {
      api.arrived = (route) => {
        if (!route.startsWith('PUT /store')) return;
        api.arrived = undefined;
        run();
      };
    },
    branches: [],
    sha256Of: async (assetId) => {
      const content = api.assets.get(assetId)?.content;
      return content && createHash('sha256').update(content).digest('hex');
    },
    failSession: async ({ sessionId }) => {
      const session = api.sessions.get(sessionId.split('/')[0] ?? '');
      if (session) session.cancelled = true;
    },
    expireUrls: async () => {
      api.refusedUrls = api.issuedUrls;
    },
    close: async () => {
      await account.close();
      await api.close();
    },
  };
}

const offers: Offers = {
  routes: ['whole', 'parts'],
  branches: [],
  marksAssets: false,
  failures: ['ProviderRejected', 'ProviderAuth', 'PayloadTooLarge', 'RateLimited'],
};

describeProvider('Datature Vi', () => harnessOf((provider) => provider), offers);
describeProvider('Datature Vi, gathering', () => harnessOf(withGatheredIntake), offers);
