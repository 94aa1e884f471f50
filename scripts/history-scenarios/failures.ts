import { STATUS_QUERY } from '../../src/contracts/ids';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { file, HOUR_MS, image, plain, untilPhase, video, type Scenario } from './recording';

/** Every kind of failure. */
export const failureScenarios: Record<string, Scenario> = {
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
};
