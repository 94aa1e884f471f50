import type { WorkflowHandle } from '@temporalio/client';
import { cancel, HOUR_MS, plain, untilRetrying, video, type Recording, type Scenario } from './recording';

const inParts = { method: 'multipart', concurrency: 2 };
/** Of the sample: several parts. */
const PART_BYTES = 100_000;
const REPORT = 'POST /assets/multipart-uploads/{upload_id}';

/** Starts an upload in parts none of which can be reported, and waits until its first attempt has failed. */
async function interrupted(recording: Recording, key: string): Promise<WorkflowHandle> {
  const { control } = recording;
  await control.setUploads({ chunkBytes: PART_BYTES });
  await control.addFault({ route: REPORT, status: 503 });
  const handle = await recording.start(key, { source: video, upload: inParts });
  await untilRetrying(handle);
  return handle;
}

/** Every way that bytes go up. */
export const uploadScenarios: Record<string, Scenario> = {
  'upload-direct': plain('upload-direct', () => ({ source: video, upload: { method: 'direct' } })),
  'upload-parts': async (recording) => {
    await recording.control.setUploads({ chunkBytes: PART_BYTES });
    return recording.start('upload-parts', { source: video, upload: inParts });
  },
  'upload-resumed': async (recording) => {
    const handle = await interrupted(recording, 'upload-resumed');
    await recording.control.clearFaults();
    return handle;
  },
  'upload-cancelled': async (recording) => {
    const handle = await interrupted(recording, 'upload-cancelled');
    await cancel(handle);
    return handle;
  },
  'upload-expired': async (recording) => {
    const handle = await interrupted(recording, 'upload-expired');
    await recording.control.clearFaults();
    await recording.control.advanceClock(48 * HOUR_MS);
    return handle;
  },
  url: plain('url', ({ mediaUrl }) => ({ source: { type: 'url', url: `${mediaUrl}/portrait-2.png` } })),
  s3: plain('s3', () => ({ source: { type: 's3', bucket: 'samples', key: 'portrait-2.png' } })),
};
