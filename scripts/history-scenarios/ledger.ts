import type { WorkflowHandle } from '@temporalio/client';
import { ASSET_DELETION, deletionWorkflowId, ORPHAN_SWEEP } from '../../src/contracts/ids';
import { forceDelete, HOUR_MS, image, untilPhase, video, type Recording, type Scenario } from './recording';

/** A lifecycle that was terminated while its asset was processed. */
async function terminated(recording: Recording, key: string): Promise<void> {
  await recording.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  const handle = await recording.start(key, { source: image });
  await untilPhase(handle, 'processing');
  await handle.terminate();
}

const startDeletion = (recording: Recording, key: string): Promise<WorkflowHandle> =>
  recording.startOther(ASSET_DELETION, deletionWorkflowId(recording.provider, key), { key });

/** Deletions and sweeps; a name with a slash says the type of the workflow. */
export const ledgerScenarios: Record<string, Scenario> = {
  'assetDeletion/completed': async (recording) => {
    const { indexId } = recording;
    const handle = await recording.start('deleted', { source: video, branch: { type: 'index', indexId } });
    await handle.result();
    return startDeletion(recording, 'deleted');
  },
  'assetDeletion/unknown': (recording) => startDeletion(recording, 'nobody'),
  'assetDeletion/running': async (recording) => {
    await recording.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    const running = await recording.start('still-running', { source: image });
    await untilPhase(running, 'processing');
    const deletion = await recording.startOther(ASSET_DELETION, 'deletion-of-running', { key: 'still-running' });
    await deletion.result().catch(() => undefined);
    await forceDelete(running);
    return deletion;
  },
  'assetDeletion/leftover': async (recording) => {
    await terminated(recording, 'not-deletable');
    await recording.control.addFault({ route: 'DELETE /assets/{asset_id}', status: 401 });
    return recording.startOther(ASSET_DELETION, 'deletion-leftover', { key: 'not-deletable' });
  },
  'orphanSweep/dry-run': async (recording) => {
    await terminated(recording, 'orphan');
    return recording.startOther(ORPHAN_SWEEP, 'sweep-dry', { grace: '0s', dryRun: true });
  },
  'orphanSweep/leftover': async (recording) => {
    await recording.control.addFault({ route: 'DELETE /assets/{asset_id}', status: 401 });
    return recording.startOther(ORPHAN_SWEEP, 'sweep-leftover', { grace: '0s' });
  },
  'orphanSweep/removed': (recording) => recording.startOther(ORPHAN_SWEEP, 'sweep-removed', { grace: '0s' }),
  'orphanSweep/refused-input': (recording) => recording.startOther(ORPHAN_SWEEP, 'sweep-refused', { grace: 'soon' }),
};
