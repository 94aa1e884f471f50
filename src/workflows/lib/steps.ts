import { proxyActivities, type ActivityInterfaceFor, type ActivityOptions } from '@temporalio/workflow';
import type {
  Activities,
  HandleRef,
  ProviderRef,
  SubmitSourceInput,
  UntilAssetReadyInput,
} from '../../contracts/activities';
import type { AcceptedInput } from '../../contracts/lifecycle-input';
import { durationMs } from '../../contracts/duration';
import type { LifecycleStatus } from '../../contracts/lifecycle-status';
import { nameOfSource } from '../../contracts/source-name';
import { lastOf } from '../../contracts/values/text';
import {
  cleanup,
  fileTransfer,
  heldWait,
  lastLook,
  objectTransfer,
  providerCall,
  sourceWait,
} from './activity-options';
import { isOutOfTime } from './step-failures';

/** The activities of a lifecycle, each with the options of its kind and a summary that names the asset. */
export interface Steps extends Omit<Activities, 'submitSource' | 'untilAssetReady' | 'untilBranchReady'> {
  /** @param fileQueue task queue of the workers that have the file; without it any worker submits. */
  submitSource(input: SubmitSourceInput, fileQueue?: string): ReturnType<Activities['submitSource']>;
  /** @param withinMs what is left of the input's deadline. */
  untilAssetReady(asset: UntilAssetReadyInput, withinMs: number): ReturnType<Activities['untilAssetReady']>;
  /** @param within the branch's own deadline, such as `6h`. */
  untilBranchReady(made: HandleRef, within: string): Promise<void>;
}

/** Temporal keeps 400 bytes of a summary. */
export const SUMMARY_CHARACTERS = 100;

/** @param status of the lifecycle; each summary names the asset that it holds by then. */
export function stepsOf(input: AcceptedInput, status: LifecycleStatus): Steps {
  const { provider, place, source, filename } = input;
  const name = lastOf(filename ?? nameOfSource(source), SUMMARY_CHARACTERS);
  const summary = (): string => [name, status.asset?.id ?? status.ingestion?.id].filter(Boolean).join(' · ');
  const scheduled = (options: ActivityOptions): ActivityInterfaceFor<Activities> =>
    proxyActivities<Activities>({ ...options, summary: summary() });
  const lastLooking = (): ActivityInterfaceFor<Activities> =>
    proxyActivities<Activities>({ ...lastLook(provider), summary: `last look · ${summary()}` });

  const inPlace = <I extends ProviderRef>(step: I): I => (place === undefined ? step : { ...step, place });
  const call = providerCall(provider);
  return {
    findSourceQueue: (file) => scheduled(sourceWait(provider)).findSourceQueue(file),
    submitSource: (submission, fileQueue) =>
      scheduled(submissionOptions(input, fileQueue)).submitSource(inPlace(submission)),
    untilAssetReady: (asset, withinMs) =>
      orLastLook(
        () => scheduled(heldWait(provider, withinMs)).untilAssetReady(inPlace(asset)),
        () => lastLooking().untilAssetReady({ ...inPlace(asset), lastLook: true }),
      ),
    startBranch: (start) => scheduled(call).startBranch(inPlace(start)),
    untilBranchReady: (made, within) =>
      orLastLook(
        () => scheduled(heldWait(provider, durationMs(within) as number)).untilBranchReady(inPlace(made)),
        () => lastLooking().untilBranchReady({ ...inPlace(made), lastLook: true }),
      ),
    storeRecords: (ready) => scheduled(call).storeRecords(inPlace(ready)),
    releaseAsset: (asset) => scheduled(call).releaseAsset(inPlace(asset)),
    removeResources: (removal) => scheduled(cleanup(provider)).removeResources(inPlace(removal)),
  };
}

/** Files have the queue of their folder, objects a queue of their own, since either may take hours to send. */
function submissionOptions({ provider, source }: AcceptedInput, fileQueue: string | undefined): ActivityOptions {
  if (fileQueue !== undefined) return fileTransfer(provider, fileQueue);
  return source.type === 's3' ? objectTransfer(provider) : providerCall(provider);
}

/** Looks once more when the deadline of a wait has passed, because no worker may have run until then. */
async function orLastLook<T>(wait: () => Promise<T>, look: () => Promise<T>): Promise<T> {
  try {
    return await wait();
  } catch (error) {
    if (!isOutOfTime(error)) throw error;
    return look();
  }
}
