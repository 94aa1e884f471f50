import type { WorkflowHandle } from '@temporalio/client';
import { CANCEL_SIGNAL } from '../../src/contracts/ids';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import {
  cancel,
  file,
  forceDelete,
  HOUR_MS,
  image,
  natively,
  untilPhase,
  untilRetrying,
  video,
  type Recording,
  type Scenario,
} from './recording';

/** Starts with processing that takes an hour, waits for the phase, then stops the run. */
const stopped =
  (
    key: string,
    phase: LifecycleStatus['phase'],
    input: (recording: Recording) => object,
    stop: (handle: WorkflowHandle) => Promise<unknown>,
  ): Scenario =>
  async (recording) => {
    const { control } = recording;
    await control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    const handle = await recording.start(key, input(recording));
    if (phase === 'branching') {
      await untilPhase(handle, 'processing');
      await control.advanceClock(HOUR_MS);
    }
    await untilPhase(handle, phase, phase === 'branching');
    await stop(handle);
    return handle;
  };

const leftover =
  (key: string, route: string): Scenario =>
  async (recording) => {
    const { control, indexId } = recording;
    await control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    const handle = await recording.start(key, { source: video, branch: { type: 'index', indexId } });
    await untilPhase(handle, 'processing');
    await control.advanceClock(HOUR_MS);
    await untilPhase(handle, 'branching', true);
    await control.addFault({ route, status: 401 });
    await cancel(handle);
    return handle;
  };

/** Every way to stop, in every phase. */
export const stopScenarios: Record<string, Scenario> = {
  'cancel-creating': async (recording) => {
    await recording.control.addFault({ route: 'POST /assets', status: 503, times: 3 });
    const handle = await recording.start('cancel-creating', { source: image });
    await untilPhase(handle, 'creating');
    await cancel(handle);
    return handle;
  },
  'cancel-file-unserved': stopped('unserved-2', 'creating', () => ({ source: file('/nowhere/a.mp4') }), cancel),
  'cancel-processing': stopped('cancel-processing', 'processing', () => ({ source: image }), cancel),
  'cancel-branching-embed': stopped(
    'cancel-embed',
    'branching',
    () => ({ source: video, branch: { type: 'embed' } }),
    cancel,
  ),
  'cancel-branching-entity': stopped(
    'cancel-entity',
    'branching',
    ({ collectionId }) => ({ source: image, branch: { type: 'entity', collectionId, name: 'cancelled' } }),
    cancel,
  ),
  'cancel-branching-index': stopped(
    'cancel-index',
    'branching',
    ({ indexId }) => ({ source: video, branch: { type: 'index', indexId } }),
    cancel,
  ),
  'cancel-branching-list': stopped(
    'cancel-list',
    'branching',
    ({ indexId }) => ({ source: video, branch: [{ type: 'embed' }, { type: 'index', indexId }] }),
    cancel,
  ),
  'cancel-cleaning-then-force-delete': async (recording) => {
    const { control } = recording;
    await control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    const handle = await recording.start('cancel-cleaning', { source: image });
    await untilPhase(handle, 'processing');
    await control.addFault({ route: 'DELETE /assets/{asset_id}', status: 503, times: 2 });
    await cancel(handle);
    await untilPhase(handle, 'cleaning');
    await forceDelete(handle);
    return handle;
  },
  'cancel-keep': stopped(
    'cancel-keep',
    'processing',
    () => ({ source: image }),
    (handle) => handle.signal(CANCEL_SIGNAL, { cleanup: 'keep' }),
  ),
  'force-delete-processing': stopped('force-delete', 'processing', () => ({ source: image }), forceDelete),
  'native-cancel-processing': stopped('native', 'processing', () => ({ source: image }), natively),
  'native-cancel-branching': stopped(
    'native-branching',
    'branching',
    ({ indexId }) => ({ source: video, branch: { type: 'index', indexId } }),
    natively,
  ),
  'cancel-leftover-index': leftover('leftover-index', 'DELETE /indexes/{index_id}/indexed-assets/{indexed_asset_id}'),
  'cancel-back-off': async (recording) => {
    await recording.control.addFault({ route: 'POST /assets', status: 503, times: 20 });
    const handle = await recording.start('cancel-back-off', { source: image });
    await untilRetrying(handle);
    await cancel(handle);
    return handle;
  },
  'force-delete-branching': stopped(
    'force-delete-branching',
    'branching',
    ({ indexId }) => ({ source: video, branch: { type: 'index', indexId } }),
    forceDelete,
  ),
  'native-cancel-creating': async (recording) => {
    await recording.control.addFault({ route: 'POST /assets', status: 503, times: 2 });
    const handle = await recording.start('native-creating', { source: image });
    await untilRetrying(handle);
    await natively(handle);
    return handle;
  },
};
