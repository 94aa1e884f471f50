import { WorkflowFailedError } from '@temporalio/client';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import { pictureBytes, ViSystem } from '../../support/system/vi-system';

jest.setTimeout(120_000);
let system: ViSystem;

beforeAll(async () => {
  system = await ViSystem.start();
});
beforeEach(() => system.control.reset());
afterAll(() => system?.close());

/** The status that a failed run closes with. */
async function failedStatus(key: string, input: object): Promise<LifecycleStatus> {
  const handle = await system.start(key, input);
  const error = await handle.result().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowFailedError)) throw new Error(`${key} did not fail`);
  return (error.cause as { details?: LifecycleStatus[] }).details?.[0] as LifecycleStatus;
}

test('a key that is started again with the same content keeps its asset, and nothing is sent again', async () => {
  const source = await system.picture('twice.jpg');
  const first = await system.complete('twice', { source });
  const again = await system.complete('twice', { source });
  expect(again).toMatchObject({ outcome: 'completed', asset: { id: first.asset?.id } });
  const { assets, sessions } = await system.control.state();
  expect([assets.length, sessions.length]).toEqual([1, 1]);
});

test('an asset of that name with the same content is adopted, and a force-delete of the adopter is what removes it', async () => {
  const source = await system.picture('shared.jpg');
  const first = await system.complete('owner', { source });
  const second = await system.complete('adopter', { source });
  expect(second).toMatchObject({ outcome: 'completed', asset: { id: first.asset?.id, adopted: true } });
  expect((await system.control.state()).sessions).toHaveLength(1);
});

test.each([undefined, { earlierKey: true }])(
  'an asset of that name with other content is not overwritten, nor is anything deleted: %j',
  async (same) => {
    const first = await system.complete('taken', { source: await system.picture('taken.jpg', 'before') });
    await system.control.annotate(first.asset?.id ?? '', { cat: 2 });
    const source = await system.picture('taken.jpg', 'after');
    const status = await failedStatus(same ? 'taken' : 'other', { source });
    expect(status).toMatchObject({ outcome: 'failed', error: { type: 'AssetExists' } });
    expect(status.error?.message).toContain(first.asset?.id);
    const { assets, sessions } = await system.control.state();
    expect(assets).toMatchObject([{ assetId: first.asset?.id, annotations: 2 }]);
    expect(sessions).toHaveLength(1);
  },
);

test('a key whose source has another name and content now leaves its asset, and says so', async () => {
  const first = await system.complete('renamed', { source: await system.picture('old.jpg') });
  const status = await failedStatus('renamed', { source: await system.picture('new.jpg') });
  expect(status.error).toMatchObject({ type: 'AssetExists', message: expect.stringContaining('old.jpg') as string });
  expect((await system.control.state()).assets).toMatchObject([{ assetId: first.asset?.id, filename: 'old.jpg' }]);
});

test.each([
  ['KeepLinkedResource', 2],
  ['RemoveLinkedResource', 0],
])('it is overwritten as the input says: %s', async (onAssetOverwritten, annotations) => {
  const first = await system.complete('over', { source: await system.picture('over.jpg', 'before') });
  await system.control.annotate(first.asset?.id ?? '', { cat: 2 });
  const source = await system.picture('over.jpg', 'after');
  const status = await system.complete('over', { source, onAssetOverwritten });
  expect(status).toMatchObject({ outcome: 'completed', asset: { filename: 'over.jpg' } });
  const { assets } = await system.control.state();
  const { byteLength } = await pictureBytes('after');
  expect(assets).toMatchObject([{ assetId: status.asset?.id, annotations, sizeBytes: byteLength }]);
  expect(await system.openSessions()).toEqual([]);
});
