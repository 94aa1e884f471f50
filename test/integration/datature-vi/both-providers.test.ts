import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../../../src/contracts/ids';
import { DatatureViControl } from '../../../emulator/datature-vi/control-client';
import { startDatatureViEmulator, type DatatureViEmulator } from '../../../emulator/datature-vi/start-emulator';
import { ORGANIZATION, SECRET_KEY } from '../../support/servers/vi-emulator';
import { sample, System } from '../../support/system/system';

jest.setTimeout(120_000);
let system: System;
let datasets: DatatureViEmulator;

beforeAll(async () => {
  datasets = await startDatatureViEmulator({ processing: { baseMs: 300, msPerMegabyte: 0 } });
  system = await System.start();
  await system.worker?.stop();
  await system.startWorker({
    DATATURE_VI_API_ENDPOINT: datasets.origin,
    DATATURE_VI_SECRET_KEY: SECRET_KEY,
    DATATURE_VI_ORGANIZATION_ID: ORGANIZATION,
  });
});
afterAll(async () => {
  await system?.close();
  await datasets?.close();
});

/** One input for both, but for the fields that only one of them has. */
const INPUT = {
  source: sample('portrait-1.jpg'),
  filename: 'both.jpg',
  metadata: { project: 'demo', season: 2, draft: false },
  upload: { method: 'auto', concurrency: 2 },
  branch: { type: 'none' },
  preflight: true,
  cleanup: { onCancel: 'delete', onFailure: 'keep' },
  deadlines: { ready: '10m' },
};

const PROVIDERS = [
  { provider: 'twelvelabs', fields: {} },
  { provider: 'datature-vi', fields: { datasetId: 'demo' } },
];

async function complete(provider: string, key: string, input: object): Promise<LifecycleStatus> {
  const handle = await system.client.workflow.start(ASSET_LIFECYCLE, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: lifecycleWorkflowId(provider, key),
    args: [{ key, provider, ...input }],
  });
  return (await handle.result()) as LifecycleStatus;
}

test('one worker serves both, and says so', () => {
  expect(system.worker?.log).toContain(
    `TwelveLabs at ${new URL(system.emulator.url).host}, Datature Vi at ${new URL(datasets.origin).host}`,
  );
});

test('one input completes at both providers under one key, and gives a status of one shape', async () => {
  const statuses = await Promise.all(
    PROVIDERS.map(({ provider, fields }) => complete(provider, 'both', { ...INPUT, ...fields })),
  );
  for (const [index, status] of statuses.entries()) {
    expect(status).toMatchObject({
      key: 'both',
      provider: PROVIDERS[index]?.provider,
      phase: 'completed',
      outcome: 'completed',
      asset: { status: 'ready', filename: 'both.jpg', fileType: 'image/jpeg', widthPixels: 512, heightPixels: 512 },
      timings: { startedAt: expect.any(String), readyAt: expect.any(String), elapsedSec: expect.any(Number) },
    });
  }
  const { assets } = await new DatatureViControl(datasets.controlUrl).state();
  expect(assets).toMatchObject([{ filename: 'both.jpg', customMetadata: INPUT.metadata }]);
  expect(await system.assetsOf('both')).toMatchObject([{ user_metadata: INPUT.metadata }]);
});
