import { DATASET, PROVIDER, ViSystem } from '../../support/system/vi-system';

jest.setTimeout(120_000);
let system: ViSystem;

beforeAll(async () => {
  system = await ViSystem.start();
});
beforeEach(() => system.control.reset());
afterAll(() => system?.close());

test('a file becomes an asset, in one session, and the run tells both', async () => {
  const source = await system.picture('whole.jpg');
  const status = await system.complete('whole', { source, metadata: { project: 'demo' } });
  const { assets, sessions } = await system.control.state();
  expect(assets).toMatchObject([{ filename: 'whole.jpg', customMetadata: { project: 'demo' } }]);
  expect(sessions).toMatchObject([{ ended: 'Reached', datasetId: DATASET }]);
  expect(status).toMatchObject({
    provider: PROVIDER,
    outcome: 'completed',
    asset: { id: assets[0]?.assetId, status: 'ready', filename: 'whole.jpg', fileType: 'image/jpeg' },
    ingestion: { id: sessions[0]?.sessionId, in: DATASET },
  });
});
