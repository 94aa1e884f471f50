import { defineQuery, defineSignal } from '@temporalio/workflow';
import {
  CANCEL_SIGNAL,
  FORCE_DELETE_SIGNAL,
  STATUS_QUERY,
  UPLOAD_PROGRESS_SIGNAL,
  type ProviderName,
} from '../../contracts/ids';
import type { LifecycleStatus, LifecycleTimings } from '../../contracts/lifecycle-status';

export const cancelSignal = defineSignal<[unknown?]>(CANCEL_SIGNAL);
export const forceDeleteSignal = defineSignal<[unknown?]>(FORCE_DELETE_SIGNAL);
export const uploadProgressSignal = defineSignal<[unknown?]>(UPLOAD_PROGRESS_SIGNAL);
export const statusQuery = defineQuery<LifecycleStatus>(STATUS_QUERY);

/** With every field in the order that people read them, in Temporal Web and on the command line. */
export const startingStatus = (key: string, provider: ProviderName, startedAt: string): LifecycleStatus => ({
  key,
  provider,
  phase: 'pending',
  outcome: undefined,
  error: undefined,
  source: undefined,
  ingestion: undefined,
  asset: undefined,
  upload: undefined,
  branch: undefined,
  receipt: undefined,
  reason: undefined,
  timings: { startedAt },
});

export function noteClosed(timings: LifecycleTimings): void {
  timings.closedAt = new Date().toISOString();
  timings.elapsedSec = (Date.parse(timings.closedAt) - Date.parse(timings.startedAt)) / 1000;
}
