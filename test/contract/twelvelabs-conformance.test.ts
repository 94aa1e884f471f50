import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FailureType } from '../../src/contracts/failures';
import { createTwelveLabsProvider } from '../../src/providers/twelvelabs/twelvelabs-provider';
import { ProviderApi } from '../support/servers/provider-api';
import type { Harness } from './conformance/harness';
import { describeProvider } from './provider-conformance';

const SAMPLES = path.resolve(__dirname, '../../samples');
const CHUNK_BYTES = 64 * 1024;
const PART_URL_LIFE_MS = 60_000;

const SUBMIT = 'POST /assets';

const ANSWERS: Partial<Record<FailureType, { status: number; code: string }>> = {
  ProviderAuth: { status: 401, code: 'api_key_invalid' },
  QuotaExhausted: { status: 403, code: 'usage_limit_exceeded' },
  PayloadTooLarge: { status: 413, code: 'video_filesize_too_large' },
  RateLimited: { status: 429, code: 'too_many_requests' },
};

async function start(): Promise<Harness> {
  let arrived: (() => void) | undefined;
  const api = await ProviderApi.start({
    uploads: { chunkBytes: CHUNK_BYTES, partUrlLifeMs: PART_URL_LIFE_MS },
    hooks: {
      arrived: ({ route }) => {
        if (route !== SUBMIT) return undefined;
        arrived?.();
        arrived = undefined;
        return undefined;
      },
    },
  });
  const { control } = api;
  const provider = createTwelveLabsProvider({
    apiKey: 'tlk_CONFORMANCE',
    baseUrl: api.emulator.url,
    requestTimeoutMs: 5000,
  });
  const collection = async (): Promise<string> =>
    String((await api.call('POST', '/entity-collections', { name: 'c' })).body._id);
  const portrait = {
    ...{ filename: 'portrait-1.jpg', fileType: 'image/jpeg' },
    content: await readFile(path.join(SAMPLES, 'portrait-1.jpg')),
  };
  return {
    provider,
    media: { filename: 'clip.mp4', fileType: 'video/mp4', content: await readFile(path.join(SAMPLES, 'clip.mp4')) },
    partsSizeBytes: 5 * CHUNK_BYTES + 1,
    fields: { enableHls: false, enableThumbnail: false },
    settle: async () => void (await control.advanceClock(600_000)),
    impossible: { source: 'object', noUrlBecause: 'its key has a "?"', method: 'direct' },
    unknown: { assetId: '0'.repeat(24), sessionId: '0'.repeat(24) },
    cause: async (type) => {
      // A fault would strike whichever of several requests arrives first.
      if (type === 'ProviderRejected') return { changes: { filename: `${'too-long-'.repeat(30)}.mp4` } };
      const route = SUBMIT;
      if (type === 'OutcomeUnknown') {
        await control.addFault({ route, drop: 'after', times: 1 });
        return {};
      }
      const { status, code } = ANSWERS[type] ?? { status: 500, code: 'internal_error' };
      const headers: Record<string, string> = type === 'RateLimited' ? { 'retry-after': '0' } : {};
      await control.addFault({ route, status, headers, body: { code, message: `a fault: ${type}` }, times: 1 });
      return {};
    },
    failNextReadOf: async () => {
      const body = { code: 'service_unavailable', message: 'a fault' };
      await control.addFault({ route: 'GET /assets/{asset_id}', status: 503, body, times: 1 });
    },
    whenSubmitArrives: (run) => {
      arrived = run;
    },
    branches: [
      {
        ...{ type: 'embed', effect: 'free' },
        branch: async () => ({ type: 'embed', model: 'marengo3.0', scopes: ['clip', 'asset'] }),
        embeddings: async ({ id }) => {
          const { body } = await api.call('GET', `/embed-v2/tasks/${id}`);
          return (body.data ?? []).map(({ embedding }) => (Array.isArray(embedding) ? embedding.map(Number) : []));
        },
      },
      {
        type: 'index',
        effect: 'create',
        branch: async () => ({ type: 'index', indexId: await api.index('films'), enableVideoStream: false }),
      },
      {
        type: 'entity',
        effect: 'create',
        media: portrait,
        branch: async () => ({ type: 'entity', collectionId: await collection() }),
      },
      {
        type: 'entity',
        effect: 'join',
        media: portrait,
        joined: ({ collectionId, entityId }) => ({ in: String(collectionId), id: String(entityId) }),
        branch: async () => {
          const collectionId = await collection();
          const asset = await api.upload('portrait-2.png');
          const made = { name: 'Ada', asset_ids: [asset] };
          const entity = await api.call('POST', `/entity-collections/${collectionId}/entities`, made);
          return { type: 'entity', collectionId, entityId: String(entity.body._id) };
        },
      },
    ],
    sha256Of: async (assetId) => (await control.state()).assets.find(({ _id }) => _id === assetId)?.sha256,
    expireUrls: async () => void (await control.advanceClock(PART_URL_LIFE_MS + 1)),
    failSession: ({ sessionId }) => control.fail(sessionId, 'the store lost it'),
    close: async () => {
      await provider.close();
      await api.close();
    },
  };
}

describeProvider('TwelveLabs and its emulator', start, {
  routes: ['url', 'whole', 'parts'],
  marksAssets: true,
  failures: ['ProviderRejected', 'ProviderAuth', 'QuotaExhausted', 'PayloadTooLarge', 'OutcomeUnknown', 'RateLimited'],
  branches: [
    { type: 'embed', effect: 'free' },
    { type: 'index', effect: 'create' },
    { type: 'entity', effect: 'create' },
    { type: 'entity', effect: 'join' },
  ],
});
