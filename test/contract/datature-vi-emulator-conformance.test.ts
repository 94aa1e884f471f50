import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { UPLOAD_ROUTE } from '../../emulator/datature-vi/rules/signed-urls';
import type { FailureType } from '../../src/contracts/failures';
import { createDatatureViProvider } from '../../src/providers/datature-vi/datature-vi-provider';
import type { MediaProvider } from '../../src/providers/media-provider';
import { withGatheredIntake } from '../../src/providers/shared/gather-submissions';
import { ORGANIZATION, SECRET_KEY, ViApi } from '../support/servers/vi-emulator';
import { sourceOf, type Cause, type Harness, type Offers } from './conformance/harness';
import { describeProvider } from './provider-conformance';

const SAMPLES = path.resolve(__dirname, '../../samples');
const OPEN = 'POST /assetSources/managed/datature/default/assetIngestionSessions';
const PART_BYTES = 40_000;
const URL_LIFE_MS = 60_000;
/** Copies of a picture, one after the other: a picture still, with parts that differ. */
const COPIES = 3;
const filename = 'a.jpg';

const ANSWERS: Partial<Record<FailureType, number>> = { ProviderAuth: 401, PayloadTooLarge: 413, RateLimited: 429 };

async function harnessOf(wrap: (provider: MediaProvider) => MediaProvider): Promise<Harness> {
  let arrived: (() => void) | undefined;
  const api = await ViApi.start({
    settings: { partBytes: PART_BYTES, uploadUrlLifeMs: URL_LIFE_MS },
    hooks: {
      arrived: ({ route }) => {
        if (route === UPLOAD_ROUTE) {
          arrived?.();
          arrived = undefined;
        }
        return undefined;
      },
    },
  });
  const { control } = api;
  const account = createDatatureViProvider({
    ...{ secretKey: SECRET_KEY, organizationId: ORGANIZATION, endpoint: api.emulator.origin, requestTimeoutMs: 5000 },
    ...{ sessionsPer5Minutes: 1_000_000, pageSize: 20 },
  });
  const provider = wrap(account).within?.('demo');
  if (!provider) throw new Error('the account has no places');
  const content = await readFile(path.join(SAMPLES, 'portrait-1.jpg'));
  return {
    provider,
    media: { filename, fileType: 'image/jpeg', content },
    partsSizeBytes: COPIES * content.byteLength,
    fields: { datasetId: 'demo' },
    impossible: { source: 'url', method: 'auto' },
    unknown: { assetId: 'f'.repeat(24), sessionId: `${'f'.repeat(24)}/${'e'.repeat(24)}/3` },
    settle: async () => {},
    cause: async (type): Promise<Cause> => {
      if (type === 'ProviderRejected') {
        const bytes = sourceOf(filename, Buffer.from('this is no image at all'));
        return { changes: { content: { route: 'whole', bytes } } };
      }
      const headers = { 'retry-after': '0' };
      await control.addFault({ route: OPEN, status: ANSWERS[type] ?? 500, headers, times: 1 });
      return {};
    },
    failNextReadOf: async () =>
      void (await control.addFault({ route: 'GET /assets/{asset_id}', status: 503, times: 1 })),
    whenSubmitArrives: (run) => {
      arrived = run;
    },
    branches: [],
    sha256Of: async (id) => (await control.state()).assets.find(({ assetId }) => assetId === id)?.sha256,
    failSession: ({ sessionId }) => control.fail(sessionId.split('/')[0] ?? '', 'the store lost it'),
    expireUrls: async () => void (await control.advanceClock(URL_LIFE_MS + 1)),
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

describeProvider('Datature Vi, at its emulator', () => harnessOf((provider) => provider), offers);
describeProvider('Datature Vi, at its emulator, gathering', () => harnessOf(withGatheredIntake), offers);
