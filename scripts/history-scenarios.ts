import type { WorkflowHandle } from '@temporalio/client';
import type { EmulatorControl } from '../emulator/twelvelabs/control-client';
import { CANCEL_SIGNAL, FORCE_DELETE_SIGNAL, STATUS_QUERY } from '../src/contracts/ids';
import type { LifecycleStatus } from '../src/contracts/lifecycle-status';

/** What a scenario plays with. */
export interface Recording {
  control: EmulatorControl;
  collectionId: string;
  indexId: string;
  start(key: string, input: object): Promise<WorkflowHandle>;
  /** Starts a deletion or a sweep. */
  startOther(type: string, workflowId: string, input: object): Promise<WorkflowHandle>;
}

type Scenario = (recording: Recording) => Promise<WorkflowHandle>;

const HOUR_MS = 3_600_000;
/** Relative to the source root, or nowhere, so that no path of this machine is recorded. */
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

/** A lifecycle that was terminated while its asset was processed. */
async function terminated(recording: Recording, key: string): Promise<void> {
  await recording.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  const handle = await recording.start(key, { source: image });
  await untilPhase(handle, 'processing');
  await handle.terminate();
}

/**
 * Every branch, every way to stop in every phase, every kind of failure. A name with a slash says the workflow's type,
 * any other is a lifecycle.
 */
export const scenarios: Record<string, Scenario> = {
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
  'failure-invalid-request': plain('invalid', () => ({ source: file('nowhere.mp4') })),
  'failure-file-unserved': plain('unserved', () => ({ source: file('/nowhere/a.mp4') })),
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
  'failure-quota': async (recording) => {
    const body = { code: 'usage_limit_exceeded', message: 'The plan is used up.' };
    await recording.control.addFault({ route: 'POST /assets', status: 400, body });
    return recording.start('quota', { source: image });
  },
  'failure-branch-processing': async (recording) => {
    const { control, indexId } = recording;
    await control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    const handle = await recording.start('branch-failed', {
      source: video,
      branch: { type: 'index', indexId },
      cleanup: { onFailure: 'force-delete' },
    });
    await untilPhase(handle, 'processing');
    await control.advanceClock(HOUR_MS);
    await untilPhase(handle, 'branching', true);
    const { branch } = await handle.query<LifecycleStatus>(STATUS_QUERY);
    await control.fail(branch?.id ?? '', 'It could not be indexed.');
    return handle;
  },
  'failure-keep': async (recording) => {
    await recording.control.addFault({ route: 'POST /embed-v2/tasks', status: 400 });
    return recording.start('failure-keep', { source: video, branch: { type: 'embed' } });
  },
  'surplus-removed': async (recording) => {
    await recording.control.setProcessing({ baseMs: 8000, msPerMegabyte: 0 });
    await recording.control.addFault({ route: 'POST /assets', drop: 'before', lateMs: 4000, times: 1 });
    return recording.start('surplus', { source: image });
  },
  'assetDeletion/completed': async (recording) => {
    const { indexId } = recording;
    const handle = await recording.start('deleted', { source: video, branch: { type: 'index', indexId } });
    await handle.result();
    return recording.startOther('assetDeletion', 'asset-deletion:twelvelabs:deleted', { key: 'deleted' });
  },
  'assetDeletion/unknown': (recording) =>
    recording.startOther('assetDeletion', 'asset-deletion:twelvelabs:nobody', { key: 'nobody' }),
  'assetDeletion/running': async (recording) => {
    await recording.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    const running = await recording.start('still-running', { source: image });
    await untilPhase(running, 'processing');
    const deletion = await recording.startOther('assetDeletion', 'deletion-of-running', { key: 'still-running' });
    await deletion.result().catch(() => undefined);
    await forceDelete(running);
    return deletion;
  },
  'assetDeletion/leftover': async (recording) => {
    await terminated(recording, 'not-deletable');
    await recording.control.addFault({ route: 'DELETE /assets/{asset_id}', status: 401 });
    return recording.startOther('assetDeletion', 'deletion-leftover', { key: 'not-deletable' });
  },
  'orphanSweep/dry-run': async (recording) => {
    await terminated(recording, 'orphan');
    return recording.startOther('orphanSweep', 'sweep-dry', { grace: '0s', dryRun: true });
  },
  'orphanSweep/leftover': async (recording) => {
    await recording.control.addFault({ route: 'DELETE /assets/{asset_id}', status: 401 });
    return recording.startOther('orphanSweep', 'sweep-leftover', { grace: '0s' });
  },
  'orphanSweep/removed': (recording) => recording.startOther('orphanSweep', 'sweep-removed', { grace: '0s' }),
  'orphanSweep/refused-input': (recording) => recording.startOther('orphanSweep', 'sweep-refused', { grace: 'soon' }),
};

async function untilPhase(handle: WorkflowHandle, phase: LifecycleStatus['phase'], branchRuns = false): Promise<void> {
  for (;;) {
    const status = await handle.query<LifecycleStatus>(STATUS_QUERY);
    if (status.phase === phase && (!branchRuns || status.branch?.status === 'running')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until the pending step has failed at least once and is in its back-off. */
async function untilRetrying(handle: WorkflowHandle): Promise<void> {
  for (;;) {
    const { raw } = await handle.describe();
    if (raw.pendingActivities?.some(({ attempt, lastFailure }) => lastFailure && Number(attempt) > 1)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
