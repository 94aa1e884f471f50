import type { EarlierRun } from './activities';
import { EARLIER_MEMO } from './ids';
import type { UploadStatus } from './lifecycle-status';
import { CLEANUP_POLICIES, type CleanupPolicy } from './cleanup-policy';
import { firstOf } from './values/text';

/** Payload of the `cancel` signal; `cleanup` overrides the input's `cleanup.onCancel`. */
export interface CancelRequest {
  reason?: string;
  cleanup?: CleanupPolicy;
}

/** Payload of the `forceDelete` signal: removes everything, also what refers to the asset and what was adopted. */
export interface ForceDeleteRequest {
  reason?: string;
}

/** Payload of the `uploadProgress` signal, which an upload of many seconds sends at most twice. */
export interface UploadProgress {
  sentBytes: number;
  totalBytes: number;
}

const LONGEST_REASON = 1000;

/** Takes what is right of a payload: a person in a hurry may have typed it, and a stop must not fail for it. */
export function readStopRequest(payload: unknown): CancelRequest {
  if (typeof payload !== 'object' || payload === null) return {};
  const { reason, cleanup } = payload as Record<string, unknown>;
  return {
    reason: typeof reason === 'string' ? firstOf(reason, LONGEST_REASON) : undefined,
    cleanup: CLEANUP_POLICIES.find((policy) => policy === cleanup),
  };
}

export function readUploadProgress(payload: unknown): UploadProgress | undefined {
  const { sentBytes, totalBytes } = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<
    string,
    unknown
  >;
  return typeof sentBytes === 'number' && typeof totalBytes === 'number' ? { sentBytes, totalBytes } : undefined;
}

/** What the memo tells of the run that the key had before; a raw start may have put anything there. */
export function readEarlierRun(memo: Record<string, unknown> | undefined): EarlierRun | undefined {
  const told = memo?.[EARLIER_MEMO];
  if (typeof told !== 'object' || told === null) return undefined;
  const { assetId, startedAt } = told as Record<string, unknown>;
  const isTime = typeof startedAt === 'string' && Number.isFinite(Date.parse(startedAt));
  return { assetId: typeof assetId === 'string' ? assetId : undefined, startedAt: isTime ? startedAt : undefined };
}

export const uploadStatusOf = ({ sentBytes, totalBytes }: UploadProgress): UploadStatus => ({
  sentBytes,
  totalBytes,
  percent: totalBytes > 0 ? Math.floor((100 * sentBytes) / totalBytes) : 100,
});
