import { ViSystem } from '../../../support/system/vi-system';
import { until } from '../../../support/until';

jest.setTimeout(240_000);
let system: ViSystem;

beforeAll(async () => {
  system = await ViSystem.start();
});
beforeEach(() => system.control.reset());
afterAll(() => system?.close());

const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `${at}.jpg`);

describe.each(['Reached', 'FailedReach'] as const)('where a session with failed files ends as %s', (ended) => {
  test('each file that failed has an outcome with its code, and the others become assets', async () => {
    await system.control.set({ finishedWithErrors: ended });
    await system.control.failFile({ filename: '1.jpg', code: 'EBADSIZE' });
    await system.control.failFile({ filename: '2.jpg', code: 'ENOQUOTA' });
    await system.control.failFile({ filename: '3.jpg', code: 'EUNKNOWN' });
    const batchId = `codes-${ended}`;
    const status = await system.completeBatch(batchId, await system.pictures(batchId, names(6)));
    expect(status).toMatchObject({ outcome: 'failed', counts: { by: { completed: 4, failed: 2 } } });
    const { outcomes } = await system.reportOf(batchId);
    expect(outcomes[1]?.error).toMatchObject({
      type: 'ProviderRejected',
      message: expect.stringContaining('EBADSIZE'),
    });
    expect(outcomes[2]?.error).toMatchObject({ type: 'QuotaExhausted', message: expect.stringContaining('ENOQUOTA') });
    const { assets, sessions } = await system.control.state();
    const sessionOf = (filename: string) => assets.find((asset) => asset.filename === filename)?.sessionId;
    const first = sessionOf('0.jpg');
    expect(outcomes[1]?.receipt?.entries).toMatchObject([{ resource: 'upload-session', id: first, result: 'deleted' }]);
    expect(sessions).toHaveLength(2); // what may pass was sent again
    expect(sessionOf('3.jpg')).not.toBe(first);
    expect(outcomes[3]?.receipt?.entries).toMatchObject([
      { id: first, because: expect.stringContaining('EUNKNOWN') as string },
    ]);
  });
});

test('files whose URLs have expired go into another session', async () => {
  await system.control.set({ uploadUrlLifeMs: 100 });
  const folder = await system.pictures('expired', names(20));
  await system.startBatch('expired', folder);
  await until(async () => (await system.control.state()).sessions.length > 0);
  await system.control.set({ uploadUrlLifeMs: 3_600_000 });
  expect(await system.lifecycles.batches.result('expired')).toMatchObject({ counts: { by: { completed: 20 } } });
  expect((await system.control.state()).assets).toHaveLength(20);
  expect(await system.openSessions()).toEqual([]);
});

test.each(['before', 'after'] as const)(
  'when the answer to the session is lost %s its effect, each file comes of one session, once',
  async (drop) => {
    const route = 'POST /assetSources/managed/datature/default/assetIngestionSessions';
    await system.control.addFault({ route, drop, times: 1 });
    const status = await system.completeBatch(`lost-${drop}`, await system.pictures(`lost-${drop}`, names(20)));
    expect(status).toMatchObject({ counts: { by: { completed: 20 } } });
    const { assets, sessions } = await system.control.state();
    expect([assets.length, sessions.length]).toEqual([20, 1]);
  },
);
