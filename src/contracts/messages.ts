import type { EarlierRun } from './activities';
import { EARLIER_MEMO } from './ids';
import type { KeyBranch, UploadStatus } from './lifecycle-status';
import { CLEANUP_POLICIES, type CleanupPolicy } from './cleanup-policy';
import { firstOf } from './values/text';

/** Payload of the `cancel` signal; `cleanup` overrides the input's `cleanup.onCancel`. */
export interface CancelRequest {
  reason?: string;
  cleanup?: CleanupPolicy;
}

/** Payload of the `forceDelete` signal: removes everything, including adopted objects and all that refers to the asset. */
export interface ForceDeleteRequest {
  reason?: string;
}

/** Payload of a group's signals `cancelItem` and `forceDeleteItem`: the item's number in its batch, and how it is to end. */
export interface ItemStopRequest extends CancelRequest {
  item: number;
}

/** Payload of the `uploadProgress` signal. A long upload sends it at most twice. */
export interface UploadProgress {
  sentBytes: number;
  totalBytes: number;
}

const LONGEST_REASON = 1000;

/** Reads the valid fields of a payload and ignores the rest: a typing mistake must not make a stop fail. */
export function readStopRequest(payload: unknown): CancelRequest {
  if (typeof payload !== 'object' || payload === null) return {};
  const { reason, cleanup } = payload as Record<string, unknown>;
  return {
    reason: typeof reason === 'string' ? firstOf(reason, LONGEST_REASON) : undefined,
    cleanup: CLEANUP_POLICIES.find((policy) => policy === cleanup),
  };
}

/** A payload that names no item is nobody's. */
export function readItemStop(payload: unknown): Partial<ItemStopRequest> {
  const { item } = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<string, unknown>;
  return { ...readStopRequest(payload), item: Number.isInteger(item) ? (item as number) : undefined };
}

export function readUploadProgress(payload: unknown): UploadProgress | undefined {
  const { sentBytes, totalBytes } = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<
    string,
    unknown
  >;
  return typeof sentBytes === 'number' && typeof totalBytes === 'number' ? { sentBytes, totalBytes } : undefined;
}

/** Reads the facts about the key's earlier run from the memo. A raw start may have written anything there. */
export function readEarlierRun(memo: Record<string, unknown> | undefined): EarlierRun | undefined {
  const told = memo?.[EARLIER_MEMO];
  if (typeof told !== 'object' || told === null) return undefined;
  const { assetId, startedAt, branches, keepsAsset } = told as Record<string, unknown>;
  const isTime = typeof startedAt === 'string' && Number.isFinite(Date.parse(startedAt));
  return {
    assetId: typeof assetId === 'string' ? assetId : undefined,
    startedAt: isTime ? startedAt : undefined,
    branches: Array.isArray(branches) ? branches.filter(isKeyBranch) : undefined,
    keepsAsset: keepsAsset === true ? true : undefined,
  };
}

const isKeyBranch = (value: unknown): value is KeyBranch =>
  typeof value === 'object' && value !== null && 'type' in value && 'status' in value && 'input' in value;

export const uploadStatusOf = ({ sentBytes, totalBytes }: UploadProgress): UploadStatus => ({
  sentBytes,
  totalBytes,
  percent: totalBytes > 0 ? Math.floor((100 * sentBytes) / totalBytes) : 100,
});
