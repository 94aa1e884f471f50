import { setHandler, workflowInfo } from '@temporalio/workflow';
import type { ReleaseAssetInput } from '../../../contracts/activities';
import type { Branch } from '../../../contracts/branches/branch';
import type { AcceptedInput } from '../../../contracts/lifecycle-input';
import type {
  AssetSnapshot,
  BranchStatus,
  LifecycleStatus,
  LifecycleTimings,
  Phase,
  ReceiptEntry,
} from '../../../contracts/lifecycle-status';
import { readEarlierRun, readUploadProgress, uploadStatusOf } from '../../../contracts/messages';
import type { LifecycleTag, Release } from '../../../contracts/resource';
import { startingStatus, statusQuery, uploadProgressSignal } from '../status';
import { stepsOf, type Steps } from '../steps';
import { Visibility } from '../visibility';
import { MadeResources } from './made-resources';
import { StopRequests } from './stop-requests';

/** A branch of the run, and its status, which goes on changing. */
export interface ShownBranch {
  branch: Branch;
  status: BranchStatus;
}

/** One lifecycle as its story sees it: the status, the steps it can take, what it made, and who wants it stopped. */
export class Lifecycle {
  readonly status: LifecycleStatus;
  readonly tag: LifecycleTag;
  readonly steps: Steps;
  readonly made = new MadeResources();
  /** What the client told of the run that the key had before. */
  readonly earlier = readEarlierRun(workflowInfo().memo);
  readonly stops: StopRequests;
  private readonly visibility = new Visibility(workflowInfo().typedSearchAttributes);
  private isReleased = false;

  constructor(readonly input: AcceptedInput) {
    const { workflowId, runId, startTime } = workflowInfo();
    const { key, provider, cleanup } = input;
    this.tag = { key, workflowId, runId, onCancel: cleanup.onCancel, onFailure: cleanup.onFailure };
    this.status = startingStatus(key, provider, startTime.toISOString());
    this.steps = stepsOf(input, this.status);
    setHandler(statusQuery, () => this.status, { description: 'Phase, asset, branch, receipt and error so far.' });
    setHandler(uploadProgressSignal, (progress) => this.hearUploadProgress(progress), {
      description: 'Sent by long uploads, a few times.',
    });
    this.stops = new StopRequests(this.status, cleanup.onCancel);
  }

  get asset(): AssetSnapshot {
    if (!this.status.asset) throw new Error('no asset yet: a step was taken before its time');
    return this.status.asset;
  }

  /** Merges the news of the asset into what is known of it. */
  set asset(asset: AssetSnapshot) {
    this.status.asset = { ...this.status.asset, ...asset };
  }

  /** The asset of what was handed in is known from now on. */
  noteReady(asset: AssetSnapshot): void {
    this.asset = asset;
    const made = this.made.asset;
    if (!made) return;
    made.id = asset.id;
    made.pending = undefined;
  }

  /** No asset comes of what was handed in. */
  noteNothingCame(session: ReceiptEntry): void {
    if (this.made.asset) this.made.asset.pending = undefined;
    this.noteEnded([session]);
  }

  /** Shows the branches of this run, and those that the key had of this asset before. */
  noteBranches(runs: readonly ShownBranch[]): void {
    const before = this.earlier?.assetId === this.asset.id ? (this.earlier.branches ?? []) : [];
    this.status.branch = runs[0]?.status;
    if (before.length === 0 && runs.length < 2) return;
    const own = runs.map(({ branch, status }) => Object.assign(status, { input: branch })); // shared: it goes on changing
    this.status.branches = [...before, ...own];
  }

  /** Takes off the list of branches what the receipt says is gone. */
  noteGone(): void {
    const { branches, receipt, asset } = this.status;
    if (!branches || !receipt) return;
    const gone = receipt.entries.flatMap(({ result, id }) => (result === 'deleted' && id !== undefined ? [id] : []));
    this.status.branches = branches.filter((one) => one.status !== 'ready' || !isGone(one, asset?.id, gone));
  }

  enter(phase: Phase): void {
    this.status.phase = phase;
    this.status.upload = undefined;
    this.visibility.show(this.status, this.input);
  }

  mark(moment: Exclude<keyof LifecycleTimings, 'elapsedSec'>): void {
    this.status.timings[moment] = new Date().toISOString();
  }

  /** Lets go of the asset, unless the branch's last step has done so. */
  async release(): Promise<void> {
    const release = this.isReleased ? undefined : this.releaseInput('completed');
    if (release) this.noteRelease(await this.steps.releaseAsset(release));
  }

  /** Input of the asset's release; none for an adopted asset, which the lifecycle never owned. */
  releaseInput(as: Release): ReleaseAssetInput | undefined {
    const { id: assetId, filename, adopted } = this.asset;
    if (adopted) return undefined;
    const since = this.status.timings.startedAt;
    const { provider, place } = this.input;
    return { provider, place, assetId, as, tag: this.tag, filename, since };
  }

  /** @param surplus what a late or repeated create had made beside the asset, and the release removed. */
  noteRelease(surplus: readonly ReceiptEntry[]): void {
    this.isReleased = true;
    this.noteEnded(surplus);
  }

  /** Puts into the receipt what ended beside the lifecycle's own asset. */
  noteEnded(entries: readonly ReceiptEntry[]): void {
    const { ended } = this.made;
    ended.push(...entries);
    if (ended.length > 0) this.status.receipt = { policy: 'delete', entries: [...ended] };
  }

  private hearUploadProgress(payload: unknown): void {
    const progress = readUploadProgress(payload);
    if (!progress || this.status.phase !== 'creating') return;
    this.status.upload = uploadStatusOf(progress);
    this.visibility.show(this.status, this.input);
  }
}

/** With its asset goes all that was made of it. */
function isGone({ id, result }: BranchStatus, assetId: string | undefined, gone: readonly string[]): boolean {
  const file = result && /([^/]+)\.ndjson$/.exec(result.uri)?.[1]; // named as the result
  return gone.some((one) => one === id || one === assetId || (file !== undefined && one.endsWith(`/${file}`)));
}
