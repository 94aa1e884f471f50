import { providerAssets } from '../../../src/client/assets/provider-assets';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import { createTwelveLabsProvider } from '../../../src/providers/twelvelabs/twelvelabs-provider';
import { readableText, secretsIn } from '../../../chaos/checks/secrets';
import { API_KEY, sample, System, untilStatus } from '../../support/system/system';

jest.setTimeout(120_000);
let system: System;
beforeAll(async () => {
  system = await System.start({ profile: 'seeds', processing: { baseMs: 1000, msPerMegabyte: 0 } });
});
afterAll(() => system.close());

/** All that Temporal keeps of a run, and what the worker has written. */
async function keptOf(workflowId: string): Promise<string> {
  const handle = system.client.workflow.getHandle(workflowId);
  const { raw } = await handle.describe();
  return readableText([await handle.fetchHistory(), raw]) + (system.worker?.log ?? '');
}

const asked = { enableHls: true, enableThumbnail: true };

test('the URLs and technical metadata of an asset stay out of history, memo, status and log', async () => {
  const handle = await system.start('with-urls', { source: sample('clip.mp4'), ...asked, branch: { type: 'embed' } });
  const seen = await untilStatus(handle, ({ asset }) => asset !== undefined);
  expect(['processing', 'ready']).toContain(seen.asset?.status); // at the provider it waits at first
  const status = (await handle.result()) as LifecycleStatus;
  expect(status.outcome).toBe('completed');
  const assetId = status.asset?.id ?? '';

  const { url } = system.emulator;
  const provider = createTwelveLabsProvider({ apiKey: API_KEY, baseUrl: url, requestTimeoutMs: 10_000 });
  const asset = await providerAssets(async () => provider).get(assetId);
  await provider.close();
  const urls = [asset.url, asset.stream?.manifestUrl, asset.thumbnail?.url];
  expect(urls.map((one) => secretsIn(one ?? ''))).toEqual(urls.map(() => ['a presigned URL'])); // there is something to find
  expect(asset.technicalMetadata).toHaveProperty('video_codec');

  const adopting = await system.start('adopting', { source: { type: 'asset', assetId } });
  expect(((await adopting.result()) as LifecycleStatus).outcome).toBe('completed');
  for (const workflowId of [handle.workflowId, adopting.workflowId]) {
    const kept = await keptOf(workflowId);
    expect(kept).toContain(assetId);
    expect(secretsIn(kept)).toEqual([]);
    expect(kept).not.toMatch(/_emulator\/media|manifest\.m3u8|thumbnail\.jpg|url_expires_at|urlExpiresAt|video_codec/);
  }
});

test('a failure repeats the provider’s words without the signature of a URL in them', async () => {
  const handle = await system.start('failing', { source: sample('city.mp4'), ...asked });
  const { asset } = await untilStatus(handle, (status) => status.asset !== undefined);
  const words = 'cannot read https://media.example/original.mp4?signature=0123456789abcdef0123456789abcdef';
  await system.control.fail(asset?.id ?? '', words);
  await expect(handle.result()).rejects.toBeDefined();
  const kept = await keptOf(handle.workflowId);
  expect(kept).toContain('cannot read https://media.example/original.mp4');
  expect(secretsIn(kept)).toEqual([]);
});
