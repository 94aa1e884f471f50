import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { file, image, plain, video, type Scenario } from './recording';

/** Every branch, and every kind of source; nobody stops them. */
export const branchScenarios: Record<string, Scenario> = {
  none: plain('none', () => ({ source: image })),
  file: plain('file', () => ({ source: image, filename: 'named.png' })),
  embed: plain('embed', () => ({ source: video, branch: { type: 'embed' } })),
  'embed-image': plain('embed-image', () => ({ source: image, branch: { type: 'embed' } })),
  entity: plain('entity', ({ collectionId }) => ({ source: image, branch: { type: 'entity', collectionId } })),
  'entity-existing': async (recording) => {
    const { collectionId } = recording;
    const first = await recording.start('entity-first', { source: image, branch: { type: 'entity', collectionId } });
    const { branch } = (await first.result()) as LifecycleStatus;
    return recording.start('entity-second', {
      source: file('portrait-1.jpg'),
      branch: { type: 'entity', collectionId, entityId: branch?.id },
    });
  },
  index: plain('index', ({ indexId }) => ({ source: video, branch: { type: 'index', indexId } })),
  list: plain('list', ({ indexId }) => ({ source: video, branch: [{ type: 'embed' }, { type: 'index', indexId }] })),
  'list-one-fails': plain('list-one-fails', () => ({
    source: video,
    branch: [{ type: 'index', indexId: '0'.repeat(24) }, { type: 'embed' }],
  })),
  'branch-added': async (recording) => {
    const { indexId } = recording;
    const first = await recording.start('branch-added', { source: video, branch: { type: 'embed' } });
    const { asset, branch } = (await first.result()) as LifecycleStatus;
    const input = { type: 'embed', model: 'marengo3.0' };
    const { id, result } = branch ?? {};
    const branches = [{ type: 'embed', id, status: 'ready', result, input, runId: first.firstExecutionRunId } as const];
    const earlier = { assetId: asset?.id, startedAt: new Date().toISOString(), branches, keepsAsset: true };
    return recording.start('branch-added', { source: video, branch: { type: 'index', indexId } }, earlier);
  },
  adopted: async (recording) => {
    const { asset } = (await (await recording.start('adopt-1', { source: image })).result()) as LifecycleStatus;
    return recording.start('adopt-2', { source: { type: 'asset', assetId: asset?.id } });
  },
  'surplus-removed': async (recording) => {
    await recording.control.setProcessing({ baseMs: 8000, msPerMegabyte: 0 });
    await recording.control.addFault({ route: 'POST /assets', drop: 'before', lateMs: 4000, times: 1 });
    return recording.start('surplus', { source: image });
  },
  'retried-outcome-unknown': async (recording) => {
    await recording.control.addFault({ route: 'POST /assets', drop: 'after', times: 1 });
    return recording.start('unknown', { source: image });
  },
  'retried-rate-limit': async (recording) => {
    await recording.control.addFault({ route: 'POST /assets', status: 429, headers: { 'retry-after': '1' }, times: 1 });
    return recording.start('limited', { source: image });
  },
};
