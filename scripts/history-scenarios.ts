import type { WorkflowHandle } from '@temporalio/client';
import type { EmulatorControl } from '../emulator/control-client';
import { CANCEL_SIGNAL, FORCE_DELETE_SIGNAL, STATUS_QUERY } from '../src/contracts/ids';
import type { LifecycleStatus } from '../src/contracts/lifecycle-status';

/** What a scenario plays with. */
export interface Recording {
  control: EmulatorControl;
  collectionId: string;
  indexId: string;
  start(key: string, input: object): Promise<WorkflowHandle>;
}

type Scenario = (recording: Recording) => Promise<WorkflowHandle>;

const HOUR_MS = 3_600_000;
/** Relative to the source root, so that no path of this machine is recorded. */
const file = (path: string) => ({ type: 'file', path });
const video = file('clip.mp4');
const image = file('portrait-2.png');

const plain =
  (key: string, input: (recording: Recording) => object): Scenario =>
  (recording) =>
    recording.start(key, input(recording));

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

const cancel = (handle: WorkflowHandle) => handle.signal(CANCEL_SIGNAL, { reason: 'recorded' });
const forceDelete = (handle: WorkflowHandle) => handle.signal(FORCE_DELETE_SIGNAL);
const natively = (handle: WorkflowHandle) => handle.cancel();

/** Every branch, every way to stop in every phase, every kind of failure. */
export const scenarios: Record<string, Scenario> = {
  none: plain('none', () => ({ source: image })),
  embed: plain('embed', () => ({ source: video, branch: { type: 'embed' } })),
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
  adopted: async (recording) => {
    const { asset } = (await (await recording.start('adopt-1', { source: image })).result()) as LifecycleStatus;
    return recording.start('adopt-2', { source: { type: 'asset', assetId: asset?.id } });
  },
  'cancel-creating': async (recording) => {
    await recording.control.addFault({ route: 'POST /assets', status: 503, times: 3 });
    const handle = await recording.start('cancel-creating', { source: image });
    await untilPhase(handle, 'creating');
    await cancel(handle);
    return handle;
  },
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
  'failure-invalid-request': plain('invalid', () => ({ source: { type: 'file', path: '/nowhere/a.mp4' } })),
  'failure-refused-input': plain('refused', () => ({ source: { type: 'ftp' } })),
  'failure-processing': plain('processing-failed', () => ({
    source: file('README.md'),
    cleanup: { onFailure: 'delete' },
  })),
  'failure-provider-rejected': plain('rejected', () => ({
    source: image,
    branch: { type: 'index', indexId: '0'.repeat(24) },
  })),
  'failure-auth-and-leftover': async (recording) => {
    const { control } = recording;
    await control.addFault({ route: 'POST /embed-v2/tasks', status: 401 });
    await control.addFault({ route: 'DELETE /assets/{asset_id}', status: 401 });
    return recording.start('auth', { source: video, branch: { type: 'embed' }, cleanup: { onFailure: 'delete' } });
  },
  'failure-deadline': async (recording) => {
    await recording.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    return recording.start('deadline', { source: image, deadlines: { ready: '2s' } });
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

async function untilPhase(handle: WorkflowHandle, phase: LifecycleStatus['phase'], branchRuns = false): Promise<void> {
  for (;;) {
    const status = await handle.query<LifecycleStatus>(STATUS_QUERY);
    if (status.phase === phase && (!branchRuns || status.branch?.status === 'running')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
