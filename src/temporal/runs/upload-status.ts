import type { WorkflowExecutionDescription } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { LifecycleStatus, UploadStatus } from '../../contracts/lifecycle-status';
import { uploadStatusOf } from '../../contracts/messages';

/** Adds the progress of the upload to a status. It is read from the heartbeat, which costs no event. */
export function withUpload(status: LifecycleStatus, { raw }: WorkflowExecutionDescription): LifecycleStatus {
  if (status.phase !== 'creating') return status;
  const upload = (raw.pendingActivities ?? []).map(uploadOf).find((one) => one !== undefined);
  return upload ? { ...status, upload } : status;
}

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

function uploadOf({ heartbeatDetails }: PendingActivity): UploadStatus | undefined {
  const [payload] = heartbeatDetails?.payloads ?? [];
  const details: unknown = payload && defaultPayloadConverter.fromPayload(payload);
  const {
    sentBytes,
    totalBytes,
    sinceBytes = 0,
    startedAt,
    at,
  } = (details ?? {}) as Record<string, number | undefined>;
  if (sentBytes === undefined || totalBytes === undefined) return undefined;
  const status = uploadStatusOf({ sentBytes, totalBytes });
  const seconds = ((at ?? 0) - (startedAt ?? 0)) / 1000;
  if (!(seconds > 0) || sentBytes <= sinceBytes) return status;
  const bytesPerSec = Math.round((sentBytes - sinceBytes) / seconds);
  return { ...status, bytesPerSec, secondsLeft: Math.ceil((totalBytes - sentBytes) / bytesPerSec) };
}
