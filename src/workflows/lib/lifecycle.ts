import { CancellationScope, CancelledFailure, upsertMemo, workflowInfo } from '@temporalio/workflow';
import { setHandler } from '@temporalio/workflow';
import type { ReleaseAssetInput } from '../../contracts/activities';
import { failure } from '../../contracts/failures';
import { keyOfWorkflowId, STATUS_MEMO } from '../../contracts/ids';
import type { AcceptedInput } from '../../contracts/lifecycle-input';
import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import type {
  AssetSnapshot,
  LifecycleStatus,
  LifecycleTimings,
  Outcome,
  Phase,
  Receipt,
  ReceiptEntry,
} from '../../contracts/lifecycle-status';
import { readStopRequest, readUploadProgress, uploadStatusOf } from '../../contracts/messages';
import { resultName, type LifecycleTag, type Release, type Resource } from '../../contracts/resource';
import { cleanUp } from './clean-up';
import { cleanUpSingly } from './clean-up-singly';
import { cancelSignal, forceDeleteSignal, startingStatus, statusQuery, uploadProgressSignal } from './messages';
import { stepsOf, type Steps } from './steps';
import {
  describeError,
  endsLifecycle,
  isStop,
  madeNothing,
  mayHaveWritten,
  noteUpload,
  type StopRequest,
} from './stop';
import { Visibility } from './visibility';

const now = (): string => new Date().toISOString();

/** The state of one lifecycle: its status, what it may have made so far, and whether it is still wanted. */
export class Lifecycle {
  readonly status: LifecycleStatus;
  readonly tag: LifecycleTag;
  readonly steps: Steps;
  private readonly made: Resource[] = [];
  private readonly visibility = new Visibility(workflowInfo().typedSearchAttributes);
  /** What ended beside the lifecycle's own asset: surplus assets, upload sessions that were given up. */
  private readonly ended: ReceiptEntry[] = [];
  private isReleased = false;
  private stop: StopRequest | undefined;
  private wanted: CancellationScope | undefined;

  constructor(readonly input: AcceptedInput) {
    const { workflowId, runId, startTime } = workflowInfo();
    const { provider } = this.input;
    const { onCancel, onFailure } = this.input.cleanup;
    const key = this.input.key ?? keyOfWorkflowId(provider, workflowId) ?? workflowId;
    this.tag = { key, workflowId, runId, onCancel, onFailure };
    this.status = startingStatus(key, provider, startTime.toISOString());
    this.steps = stepsOf(this.input, () => this.status);
    setHandler(statusQuery, () => this.status, { description: 'Phase, asset, branch, receipt and error so far.' });
    setHandler(cancelSignal, (request) => this.onCancel(request), { description: 'Stops the lifecycle, cleans up.' });
    setHandler(uploadProgressSignal, (progress) => this.onUploadProgress(progress), {
      description: 'Sent by long uploads, a few times.',
    });
    setHandler(forceDeleteSignal, (request) => this.onForceDelete(request), {
      description: 'Stops the lifecycle and removes everything it touched, by force.',
    });
  }

  /** Marks at the provider what becomes of the asset; runs that began before that was so do not. */
  get keepsLedger(): boolean {
    return (this.input.revision ?? 1) >= 2;
  }

  /** Under which the result store keeps this run's embeddings. */
  get resultName(): string {
    return resultName({ ...this.tag, owner: this.input.owner });
  }

  /** True if this run embeds without a task where the provider does; earlier runs always made a task. */
  get embedsAtOnce(): boolean {
    return (this.input.revision ?? 1) >= 3;
  }

  get asset(): AssetSnapshot {
    if (!this.status.asset) throw new Error('no asset yet: a step was taken before its time');
    return this.status.asset;
  }

  /** Merges what was learnt of the asset. */
  set asset(asset: AssetSnapshot) {
    this.status.asset = { ...this.status.asset, ...asset };
  }

  enter(phase: Phase): void {
    this.status.phase = phase;
    this.status.upload = undefined;
    this.visibility.show(this.status, this.input);
  }

  mark(moment: Exclude<keyof LifecycleTimings, 'elapsedSec'>): void {
    this.status.timings[moment] = now();
  }

  /**
   * Takes a step that may make `resource`. It is registered first, since the step may have its effect though nobody
   * hears of it; it is taken back only when the step says that it made nothing.
   */
  async making<T>(resource: Resource, step: () => Promise<T>): Promise<T> {
    this.made.push(resource);
    try {
      return await step();
    } catch (error) {
      if (madeNothing(error)) this.made.splice(this.made.indexOf(resource), 1);
      if (resource.kind === 'asset') noteUpload(resource, error);
      if (resource.kind === 'entity-membership') resource.unproven = !mayHaveWritten(error);
      throw error;
    }
  }

  /** Runs the story until it ends or somebody stops it; then throws the cancellation. */
  async whileWanted(story: () => Promise<void>): Promise<void> {
    await CancellationScope.cancellable(async () => {
      this.wanted = CancellationScope.current();
      if (this.stop) this.wanted.cancel();
      await story();
    });
    const cancelled = CancellationScope.current().consideredCancelled;
    if (this.stop || cancelled) throw new CancelledFailure('stopped while the last step ended');
  }

  /** What is to be released of the asset; nothing of an adopted one, which was never taken. */
  toRelease(as: Release): ReleaseAssetInput | undefined {
    const { id: assetId, filename, adopted } = this.asset;
    if (adopted || !this.keepsLedger) return undefined;
    const since = this.status.timings.startedAt;
    return { provider: this.input.provider, assetId, as, tag: this.tag, filename, since };
  }

  /** Notes that the asset is released, and what a late or repeated create had made beside it. */
  released(surplus: ReceiptEntry[]): void {
    this.isReleased = true;
    this.noteEnded(surplus);
  }

  /** Puts into the receipt what ended beside the lifecycle's own asset. */
  noteEnded(entries: readonly ReceiptEntry[]): void {
    this.ended.push(...entries);
    if (this.ended.length > 0) this.status.receipt = { policy: 'delete', entries: [...this.ended] };
  }

  /** Lets go of the asset, unless the branch's last step has. */
  async release(): Promise<void> {
    const release = this.isReleased ? undefined : this.toRelease('completed');
    if (release) this.released(await this.steps.releaseAsset(release));
  }

  /** Ends a lifecycle whose story is complete. */
  complete(): LifecycleStatus {
    return this.end('completed');
  }

  /**
   * Cleans up after the story broke off, and ends the lifecycle: returns the status of a run stopped by a signal,
   * throws for a run that failed, was cancelled natively, or left something over.
   */
  async closeAfter(error: unknown): Promise<LifecycleStatus> {
    if (!endsLifecycle(error)) throw error;
    if (isStop(error)) this.stop ??= this.nativeStop();
    else this.failWith(error);
    await CancellationScope.nonCancellable(() => this.cleanUp());
    return this.verdict(error);
  }

  private async cleanUp(): Promise<void> {
    if (this.stop) this.status.timings.stopRequestedAt ??= now();
    let policy: CleanupPolicy;
    let before: Receipt | undefined;
    let forced = false;
    do {
      policy = this.policy();
      this.enter('cleaning');
      const { steps, made } = this;
      const { provider } = this.input;
      before = await (this.keepsLedger
        ? cleanUp({ provider, steps, made, policy, before })
        : cleanUpSingly({ provider, steps, made, policy }));
      forced ||= policy === 'force-delete';
      const strongest = forced ? 'force-delete' : policy; // what was removed by force stays so
      const entries = before.entries;
      const besides = this.ended.filter(
        ({ resource, id }) => !entries.some((one) => one.resource === resource && one.id === id),
      );
      this.status.receipt = { policy: strongest, entries: [...entries, ...besides] };
    } while (policy !== this.policy()); // a forceDelete that came meanwhile asks for more
  }

  private policy(): CleanupPolicy {
    return this.stop?.policy ?? this.input.cleanup.onFailure;
  }

  private verdict(error: unknown): LifecycleStatus {
    const leftover = this.status.receipt?.entries.find((entry) => entry.result === 'leftover');
    if (leftover && !this.status.error) {
      const message = `Cleanup could not finish: ${leftover.resource} ${leftover.id ?? ''} is left over: ${leftover.because}`;
      this.status.error = { type: leftover.errorType ?? 'Unexpected', message };
    }
    if (this.status.error && (leftover || !this.stop)) {
      const { type, message } = this.status.error;
      const status = this.end('failed');
      const known = type === 'Unexpected' ? 'ProviderRejected' : type;
      throw failure(known, message, { details: status, cause: error });
    }
    const status = this.end(this.stop?.outcome ?? 'failed');
    if (!this.stop?.native) return status;
    upsertMemo({ [STATUS_MEMO]: status }); // a run closed as Canceled has no result
    throw new CancelledFailure('cancelled natively; the receipt is in the memo');
  }

  private end(outcome: Outcome): LifecycleStatus {
    const { timings } = this.status;
    this.status.outcome = outcome;
    timings.closedAt = now();
    timings.elapsedSec = (Date.parse(timings.closedAt) - Date.parse(timings.startedAt)) / 1000;
    this.enter(outcome);
    return this.status;
  }

  private failWith(error: unknown): void {
    this.status.error = describeError(error);
    const { phase, asset, branch } = this.status;
    if (this.status.error.type === 'ProcessingFailed' && phase === 'processing' && asset) asset.status = 'failed';
    if (phase === 'branching' && branch && branch.status !== 'ready') branch.status = 'failed';
  }

  private onCancel(payload: unknown): void {
    const { reason, cleanup = this.input.cleanup.onCancel } = readStopRequest(payload);
    this.requestStop({ outcome: 'cancelled', policy: cleanup, reason, native: false });
  }

  private onForceDelete(payload: unknown): void {
    const { reason } = readStopRequest(payload);
    this.requestStop({ outcome: 'deleted', policy: 'force-delete', reason, native: false });
  }

  private onUploadProgress(payload: unknown): void {
    const progress = readUploadProgress(payload);
    if (!progress || this.status.phase !== 'creating') return;
    this.status.upload = uploadStatusOf(progress);
    this.visibility.show(this.status, this.input);
  }

  private nativeStop(): StopRequest {
    return { outcome: 'cancelled', policy: this.input.cleanup.onCancel, native: true };
  }

  /** The first request counts, but a forceDelete may still follow a cancel. */
  private requestStop(request: StopRequest): void {
    if (this.stop && request.outcome !== 'deleted') return;
    this.stop = { ...request, native: this.stop?.native ?? false };
    this.status.reason = request.reason ?? this.status.reason;
    this.status.timings.stopRequestedAt ??= now();
    this.wanted?.cancel();
  }
}
