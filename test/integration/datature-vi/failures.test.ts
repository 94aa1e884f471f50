import { WorkflowFailedError } from '@temporalio/client';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import { ViSystem } from '../../support/system/vi-system';

jest.setTimeout(120_000);
const OPEN = 'POST /assetSources/managed/datature/default/assetIngestionSessions';
let system: ViSystem;

beforeAll(async () => {
  system = await ViSystem.start();
});
beforeEach(() => system.control.reset());
afterAll(() => system?.close());

async function failedStatus(key: string, input: object): Promise<LifecycleStatus> {
  const handle = await system.start(key, input);
  const error = await handle.result().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowFailedError)) throw new Error(`${key} did not fail`);
  return (error.cause as { details?: LifecycleStatus[] }).details?.[0] as LifecycleStatus;
}

describe.each(['Reached', 'FailedReach'] as const)('where a session with failed files ends as %s', (ended) => {
  beforeEach(() => system.control.set({ finishedWithErrors: ended }));

  test('a file that failed with a code that may pass is sent again in a new session', async () => {
    await system.control.failFile({ filename: 'again.jpg', code: 'EUNKNOWN', times: 2 });
    const status = await system.complete('again', { source: await system.picture('again.jpg') });
    const { assets, sessions } = await system.control.state();
    expect(status).toMatchObject({ outcome: 'completed', asset: { id: assets[0]?.assetId } });
    expect(sessions).toHaveLength(3);
    expect(status.ingestion?.id).toBe(assets[0]?.sessionId);
    const others = sessions.filter(({ sessionId }) => sessionId !== status.ingestion?.id);
    expect(status.receipt?.entries.filter(({ resource }) => resource === 'upload-session')).toEqual(
      others.map(({ sessionId }) =>
        expect.objectContaining({ id: sessionId, because: expect.stringContaining('EUNKNOWN') as string }),
      ),
    );
  });

  test('one that fails so too often fails its lifecycle, which tells of every session', async () => {
    await system.control.failFile({ filename: 'never.jpg', code: 'EUNKNOWN', times: 9 });
    const status = await failedStatus('never', { source: await system.picture('never.jpg') });
    expect(status.error).toMatchObject({
      type: 'UploadExpired',
      message: expect.stringContaining('EUNKNOWN') as string,
    });
    expect(status.receipt?.entries.filter(({ resource }) => resource === 'upload-session')).toHaveLength(3);
    expect(await system.control.state()).toMatchObject({ assets: [], sessions: { length: 3 } });
  });

  test.each([
    ['EBADMIME', 'ProviderRejected'],
    ['ENOQUOTA', 'QuotaExhausted'],
    ['EPROJECT', 'ProcessingFailed'],
    ['EALREADY', 'AssetExists'],
  ] as const)('a final code fails with its type at once: %s', async (code, type) => {
    const filename = `${code}.jpg`;
    await system.control.failFile({ filename, code });
    const status = await failedStatus(code, { source: await system.picture(filename) });
    expect(status).toMatchObject({ outcome: 'failed', error: { type } });
    expect(status.error?.message).toContain(code);
    expect(status.receipt?.entries).toMatchObject([{ resource: 'upload-session', result: 'deleted' }]);
    expect((await system.control.state()).sessions).toHaveLength(1);
  });

  test('of files that share a session each has its own end', async () => {
    await system.control.failFile({ filename: 'bad.jpg', code: 'EBADSIZE' });
    const sources = await Promise.all(['good.jpg', 'bad.jpg', 'fine.jpg'].map((name) => system.picture(name)));
    const ends = await Promise.allSettled(sources.map((source, at) => system.complete(`shared ${at}`, { source })));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const { assets, sessions } = await system.control.state();
    expect(assets.map(({ filename }) => filename).toSorted()).toEqual(['fine.jpg', 'good.jpg']);
    expect(sessions).toMatchObject([{ ended }]);
  });
});

test.each(['before', 'after'] as const)(
  'when the answer to the session is lost %s its effect, the file goes up in one session, and one asset comes of it',
  async (drop) => {
    await system.control.addFault({ route: OPEN, drop, times: 1 });
    const status = await system.complete('lost', { source: await system.picture('lost.jpg') });
    expect(status.outcome).toBe('completed');
    const { assets, sessions } = await system.control.state();
    expect(assets).toHaveLength(1);
    expect(sessions).toHaveLength(1);
  },
);

test('a session that comes late after its answer was lost is the one that is used', async () => {
  await system.control.addFault({ route: OPEN, drop: 'before', lateMs: 1200, times: 1 });
  const status = await system.complete('late', { source: await system.picture('late.jpg') });
  expect(status.outcome).toBe('completed');
  expect((await system.control.state()).sessions).toHaveLength(1);
});
