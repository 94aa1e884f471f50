import { DEFAULT_PROVIDER } from '../src/providers/registry';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import type { EmulatorControl } from '../emulator/twelvelabs/control-client';
import type { LifecycleClient } from '../src/client/lifecycle-client';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../src/contracts/ids';
import type { LifecycleStatus } from '../src/contracts/lifecycle-status';
import type { LifecycleInput } from '../src/providers/registry';
import { tagFields } from '../src/contracts/resource';
import type { Before } from './checks/evidence';
import { ownAssets, ownEntities } from './checks/objects';
import { branchInput, UNKNOWN_ID } from './scene-inputs';
import type { BranchKind } from './schedules/branches';
import { isLaterStart, replacesFile } from './schedules/later-starts';
import { isOfImage, type Schedule } from './schedules/schedule';
import type { Places, Somebody } from './somebody';
import type { Moment } from './strikers/striker';

/** What a scene is made with. */
export interface Stage {
  somebody: Somebody;
  control: EmulatorControl;
  client: LifecycleClient;
  temporal: Client;
  /** Id of the namespace. */
  owner: string;
  /** Serves the samples. */
  filesUrl: string;
  samples: string;
  /** A folder of the lane's own that its worker serves as well. */
  files: string;
}

/** Everything around one lifecycle: what there was before, what it is given, and what others do meanwhile. */
export class Scene {
  readonly before: Before = {};
  readonly workflowId: string;
  /** Runs of the key that ended before. */
  readonly earlierRuns: string[] = [];

  constructor(
    private readonly stage: Stage,
    readonly schedule: Schedule,
    readonly key: string,
    private readonly places: Places,
  ) {
    this.workflowId = lifecycleWorkflowId(DEFAULT_PROVIDER, key);
  }

  /** Makes what existed before. */
  async prepare(): Promise<void> {
    const { before, places, file } = this;
    const { somebody, samples } = this.stage;
    const { source, branches, earlier, shape } = this.schedule;
    if (source === 'asset')
      before.assetId = await somebody.upload(file, shape === 'old-tags' ? await this.oldTag() : {});
    else before.contentSha256 = await sha256Of(path.join(samples, file));
    if ([...branches, ...(earlier?.branches ?? [])].includes('entity-existing')) {
      before.isMember = shape === 'member-before';
      const other = await somebody.upload('portrait-1.jpg');
      before.entityId = await somebody.makeEntity(places.collectionId, other);
      if (before.isMember) await somebody.join(this.entity, before.assetId as string);
    }
    if (shape === 'entry-existed') before.entryId = await somebody.index(before.assetId as string, places.indexId);
    if (before.assetId) await this.hold(before.assetId);
    if (shape === 'replaced-file') await this.failEarlier();
    else if (replacesFile(shape)) await this.placeOlder();
  }

  /** The input of a run of the key with these branches. */
  input(branches: readonly BranchKind[]): LifecycleInput {
    const { source, onCancel, onFailure, shape } = this.schedule;
    const file = { type: 'file', path: replacesFile(shape) ? this.replaced : this.file } as const;
    const sources = {
      file,
      parts: file,
      url: { type: 'url', url: `${this.stage.filesUrl}/${this.file}` },
      asset: { type: 'asset', assetId: this.before.assetId ?? '' },
    } as const;
    const upload = source === 'parts' ? ({ method: 'multipart', concurrency: 2 } as const) : {};
    const list = branches.map((kind) => branchInput(kind, this.places, this.before));
    const [only = { type: 'none' } as const] = list;
    const cleanup = { onCancel, onFailure };
    return { key: this.key, source: sources[source], upload, branch: list.length > 1 ? list : only, cleanup };
  }

  /** Starts a run of the key that has had none before, as a client in another language would. */
  async startFirst(branches: readonly BranchKind[]): Promise<string> {
    return this.startRaw(branches, 'REJECT_DUPLICATE');
  }

  /** Starts the run that the schedule is of, after an earlier one if there was one. @returns its run id */
  async startLast(earlier: LifecycleStatus | undefined): Promise<string> {
    const { client } = this.stage;
    const { branches, shape } = this.schedule;
    if (!isLaterStart(shape)) return this.startRaw(branches, 'ALLOW_DUPLICATE');
    if (replacesFile(shape)) await this.placeNewer(earlier?.asset?.id);
    const input = this.input(branches);
    switch (shape) {
      case 'branch-added-raw':
        return this.startRaw(branches, 'ALLOW_DUPLICATE');
      case 'again':
      case 'again-changed':
        return (await client.start(input, { again: true })).runId;
      case 'retried':
        if (earlier?.outcome !== 'failed') break; // it was stopped
        return (await client.retry(this.key, { branch: input.branch })).runId;
    }
    return (await client.start(input)).runId;
  }

  private async startRaw(
    branches: readonly BranchKind[],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE' | 'REJECT_DUPLICATE',
  ): Promise<string> {
    const { firstExecutionRunId } = await this.stage.temporal.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: this.workflowId,
      workflowIdReusePolicy,
      args: [this.input(branches)],
    });
    return firstExecutionRunId;
  }

  /** What others do once the lifecycle has come so far. Where it has gone on meanwhile, they come too late. */
  async othersAct(moment: Moment): Promise<void> {
    const { control, somebody } = this.stage;
    const { shape } = this.schedule;
    const state = await control.state();
    const about = { key: this.key, before: this.before };
    try {
      if (moment === 'branching' && !this.before.assetId) {
        const [own] = ownAssets(state, about);
        if (own?.status === 'ready') await this.hold(own._id);
      }
      const [entity] = ownEntities(state, about);
      if (moment === 'entity-made' && shape === 'entity-joined' && entity) {
        const { collectionId } = this.places;
        await somebody.join({ collectionId, entityId: entity._id }, await somebody.upload('portrait-1.jpg'));
        this.before.joinedEntityId = entity._id;
      }
    } catch {
      // it was gone already
    }
  }

  private async hold(assetId: string): Promise<void> {
    const { somebody } = this.stage;
    const { othersIndexId, othersCollectionId } = this.places;
    const { shape } = this.schedule;
    if (shape === 'indexed-by-others') this.before.othersEntry = await somebody.index(assetId, othersIndexId);
    if (shape === 'in-others-entity')
      this.before.othersEntityId = await somebody.makeEntity(othersCollectionId, assetId);
  }

  /** The tag of a lifecycle of another key that was terminated, and that would have deleted its asset. */
  private async oldTag(): Promise<Record<string, string>> {
    const key = `${this.key} of old`;
    const workflowId = lifecycleWorkflowId(DEFAULT_PROVIDER, key);
    const handle = await this.stage.temporal.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId,
      args: [{ key, source: { type: 'file', path: path.join(this.stage.files, 'comes later.mp4') } }],
    });
    await handle.terminate('by the schedule');
    const { owner } = this.stage;
    const runId = handle.firstExecutionRunId;
    return tagFields({ key, workflowId, runId, owner, onCancel: 'delete', onFailure: 'delete' });
  }

  /** A run of the key that fails and keeps its asset; then the file is replaced, and looks no younger. */
  private async failEarlier(): Promise<void> {
    const { client, temporal } = this.stage;
    await this.placeOlder();
    const handle = await temporal.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: this.workflowId,
      args: [{ ...this.input([]), branch: { type: 'index', indexId: UNKNOWN_ID }, cleanup: { onFailure: 'keep' } }],
    });
    const { asset, outcome } = await client.result(this.key);
    if (outcome !== 'failed' || !asset)
      throw new Error(`the earlier run is ${outcome}, not failed with its asset kept`);
    this.earlierRuns.push(handle.firstExecutionRunId);
    await this.placeNewer(asset.id);
  }

  private async placeOlder(): Promise<void> {
    await mkdir(this.stage.files, { recursive: true });
    await this.place(this.isImage ? 'portrait-3.jpg' : 'clip.mp4');
    this.before.contentSha256 = await sha256Of(this.replaced);
  }

  private async placeNewer(earlierAssetId: string | undefined): Promise<void> {
    this.before.earlierAssetId = earlierAssetId;
    await this.place(this.file);
    this.before.contentSha256 = await sha256Of(this.replaced);
  }

  private async place(sample: string): Promise<void> {
    await copyFile(path.join(this.stage.samples, sample), this.replaced);
    await utimes(this.replaced, LONG_AGO, LONG_AGO);
  }

  private get replaced(): string {
    return path.join(this.stage.files, this.isImage ? 'replaced.jpg' : 'replaced.mp4');
  }

  private get entity(): { collectionId: string; entityId: string } {
    return { collectionId: this.places.collectionId, entityId: this.before.entityId as string };
  }

  /** Entities are made of images; everything else is tried with a film. */
  private get isImage(): boolean {
    return isOfImage(this.schedule);
  }

  private get file(): string {
    if (replacesFile(this.schedule.shape) && this.isImage) return 'portrait-1.jpg';
    return this.isImage ? 'portrait-2.png' : 'city.mp4';
  }
}

const LONG_AGO = new Date('2026-01-01T00:00:00Z');

const sha256Of = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
