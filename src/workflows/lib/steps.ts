import { proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Activities, SubmitSourceInput } from '../../contracts/activities';
import { type AcceptedInput } from '../../contracts/lifecycle-input';
import { durationMs } from '../../contracts/duration';
import type { AssetSnapshot, LifecycleStatus } from '../../contracts/lifecycle-status';
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
  transfer,
} from './activity-options';
import { isOutOfTime } from './stop';

/** The activities of a lifecycle, each with the options of its kind and a summary that names the asset. */
export interface Steps extends Omit<Activities, 'submitSource'> {
  /** @param fileQueue task queue of the workers that have the file; without it any worker submits. */
  submitSource(input: SubmitSourceInput, fileQueue?: string): Promise<AssetSnapshot>;
}

/** Objects have a queue of their own since the third revision; a file's is found by its folder. */
function submissionOf({ provider, source, revision = 1 }: AcceptedInput): ActivityOptions {
  if (source.type === 's3') return revision >= 3 ? objectTransfer(provider) : transfer(provider);
  return source.type === 'file' ? transfer(provider) : providerCall(provider);
}

/** Temporal keeps 400 bytes of a summary. */
const SUMMARY_CHARACTERS = 100;

export function stepsOf(input: AcceptedInput, status: () => LifecycleStatus): Steps {
  const { provider, deadlines, source, filename } = input;
  const name = filename ?? nameOfSource(source);
  const summary = (): string => [lastOf(name, SUMMARY_CHARACTERS), status().asset?.id].filter(Boolean).join(' · ');

  const call = providerCall(provider);
  const ready = heldWait(provider, durationMs(deadlines.ready) as number);
  const branchReady = heldWait(provider, durationMs(deadlines.branch) as number);
  const options: Record<keyof Activities, ActivityOptions> = {
    findSourceQueue: sourceWait(provider),
    submitSource: submissionOf(input),
    untilAssetReady: ready,
    ensureEmbedding: call,
    embedAtOnce: call,
    untilEmbeddingReady: branchReady,
    storeEmbedding: call,
    releaseAsset: call,
    ensureEntity: call,
    untilEntityReady: branchReady,
    ensureIndexedAsset: call,
    untilIndexedAssetReady: branchReady,
    removeResources: cleanup(provider),
    removeResource: cleanup(provider),
  };
  const proxied = (name: keyof Activities) => (argument: never, fileQueue?: string) =>
    proxyActivities<Activities>({
      ...(fileQueue === undefined ? options[name] : fileTransfer(provider, fileQueue)),
      summary: summary(),
    })[name](argument);
  /** Gives a wait one last look past its deadline, which may have gone by while no worker ran. */
  const waiting = (name: HeldWaitName) => async (argument: never) => {
    try {
      return await proxied(name)(argument);
    } catch (error) {
      if ((input.revision ?? 1) < 3 || !isOutOfTime(error)) throw error;
      const looking = { ...lastLook(provider), summary: `last look · ${summary()}` };
      return proxyActivities<Activities>(looking)[name]({ ...(argument as object), lastLook: true } as never);
    }
  };
  const names = Object.keys(options) as (keyof Activities)[];
  return Object.fromEntries(
    names.map((step) => [step, isWait(step) ? waiting(step) : proxied(step)]),
  ) as unknown as Steps;
}

const HELD_WAITS = ['untilAssetReady', 'untilEmbeddingReady', 'untilEntityReady', 'untilIndexedAssetReady'] as const;
type HeldWaitName = (typeof HELD_WAITS)[number];

const isWait = (step: keyof Activities): step is HeldWaitName => HELD_WAITS.some((name) => name === step);
