import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import { detailsOfLifecycle } from '../../../src/workflows/lib/details';

const status: LifecycleStatus = {
  ...{ key: 'k', provider: 'datature-vi', phase: 'processing', timings: { startedAt: '2026-01-01T00:00:00Z' } },
  ingestion: { id: 'session-1', in: 'demo' },
};
const input: Parameters<typeof detailsOfLifecycle>[1] = {
  provider: 'datature-vi',
  source: { type: 'file', path: '/media/a.jpg' },
  fields: { datasetId: 'demo', onAssetOverwritten: undefined, enableHls: false },
  cleanup: { onCancel: 'delete', onFailure: 'keep' },
};

test('the page of a run names its provider with its own fields that say something, and its session', () => {
  const lines = detailsOfLifecycle(status, input).split('\n');
  expect(lines).toContain('- provider: `datature-vi`, datasetId `demo`');
  expect(lines).toContain('- session: `session-1`');
});
