import type { WorkflowHandle } from '@temporalio/client';
import type { LifecycleClient } from '../../src/client/lifecycle-client';
import type { FailureType } from '../../src/contracts/failures';
import { sample, System, untilStatus } from '../support/system/system';

jest.setTimeout(120_000);
const HOUR_MS = 3_600_000;
let system: System;
let client: LifecycleClient;
beforeAll(async () => {
  system = await System.start();
  client = system.lifecycles;
});
afterAll(() => system.close());
afterEach(async () => {
  await system.control.clearFaults();
  await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
});

const video = sample('clip.mp4');
const requests = async (route: string): Promise<number> => (await system.control.counters())[route]?.requests ?? 0;

async function failing(handle: WorkflowHandle, key: string, type: FailureType, words: string) {
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type, message: expect.stringContaining(words) },
  });
  return client.status(key);
}

test.each<[string, FailureType, string, object]>([
  [
    'a rejected request',
    'ProviderRejected',
    'POST /assets',
    { status: 400, body: { code: 'parameter_invalid', message: 'No such thing.' } },
  ],
  [
    'an exhausted quota',
    'QuotaExhausted',
    'POST /embed-v2/tasks',
    { status: 400, body: { error: { code: 'usage_limit_exceeded', message: 'The plan is used up.' } } },
  ],
  [
    'a revoked key',
    'ProviderAuth',
    'POST /embed-v2/tasks',
    { status: 401, body: { code: 'api_key_invalid', message: 'The key was revoked.' } },
  ],
])(
  '%s ends the run in one attempt, with the provider’s own words and its cleanup',
  async (what, type, route, fault) => {
    const before = await requests(route);
    await system.control.addFault({ route, ...fault });
    const key = `final ${what}`;
    const { body } = fault as { body: { message?: string; error?: { message: string } } };
    const words = body.error?.message ?? body.message ?? '';
    const branch = { type: 'embed' };
    const handle = await system.start(key, { source: video, branch, cleanup: { onFailure: 'delete' } });
    const status = await failing(handle, key, type, words);
    expect((await requests(route)) - before).toBe(1);
    expect(status).toMatchObject({ outcome: 'failed', error: { type }, receipt: { policy: 'delete' } });
    const { assets } = await system.control.state();
    expect(assets.filter((asset) => asset.user_metadata?.asset_lifecycle_key === key)).toEqual([]);
  },
);

test('an asset that fails at the provider ends the run with the provider’s own words, and is cleaned up', async () => {
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  const handle = await system.start('failed asset', { source: video, cleanup: { onFailure: 'delete' } });
  const { asset } = await untilStatus(handle, ({ phase }) => phase === 'processing');
  await system.control.fail(asset?.id ?? '', 'The codec is not supported.');
  const status = await failing(handle, 'failed asset', 'ProcessingFailed', 'The codec is not supported.');
  expect(status.receipt?.entries).toMatchObject([{ id: asset?.id, result: 'deleted' }]);
});

test('a key that is revoked while an asset is waited for ends the wait, and what cleanup cannot do is named', async () => {
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  const handle = await system.start('revoked', { source: video, cleanup: { onFailure: 'delete' } });
  const { asset } = await untilStatus(handle, ({ phase }) => phase === 'processing');
  const body = { code: 'api_key_invalid', message: 'The key was revoked.' };
  for (const route of ['GET /assets', 'GET /assets/{asset_id}', 'DELETE /assets/{asset_id}']) {
    await system.control.addFault({ route, status: 401, body });
  }
  const status = await failing(handle, 'revoked', 'ProviderAuth', 'The key was revoked.');
  expect(status.receipt?.entries).toMatchObject([{ id: asset?.id, result: 'leftover', errorType: 'ProviderAuth' }]);
  await system.control.clearFaults();
  expect(await client.sweep({ grace: '0s' })).toMatchObject({ deleted: 1, leftover: 0 });
});
