import { DEFAULT_PROVIDER } from '../src/providers/registry';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import type { EmulatorControl } from '../emulator/twelvelabs/control-client';
import type { LifecycleClient } from '../src/client/lifecycle-client';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../src/contracts/ids';
import { tagFields } from '../src/contracts/resource';
import type { Before } from './checks/evidence';
import { ownAssets, ownEntities } from './checks/objects';
import type { Schedule } from './schedules/schedule';
import type { Places, Somebody } from './somebody';
import type { Moment } from './striker';

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
    const { source, branch, shape } = this.schedule;
    if (source === 'asset')
      before.assetId = await somebody.upload(file, shape === 'old-tags' ? await this.oldTag() : {});
    else before.contentSha256 = await sha256Of(path.join(samples, file));
    if (branch === 'entity-existing') {
      before.isMember = shape === 'member-before';
      const other = await somebody.upload('portrait-1.jpg');
      before.entityId = await somebody.makeEntity(places.collectionId, other);
      if (before.isMember) await somebody.join(this.entity, before.assetId as string);
    }
    if (shape === 'entry-existed') before.entryId = await somebody.index(before.assetId as string, places.indexId);
    if (before.assetId) await this.hold(before.assetId);
    if (shape === 'replaced-file') await this.runEarlier();
  }

  get input() {
    const { source, branch, onCancel, onFailure } = this.schedule;
    const { collectionId, indexId } = this.places;
    const { assetId, entityId } = this.before;
    const file = { type: 'file', path: this.schedule.shape === 'replaced-file' ? this.replaced : this.file };
    const sources = {
      file,
      parts: file,
      url: { type: 'url', url: `${this.stage.filesUrl}/${this.file}` },
      asset: { type: 'asset', assetId },
    };
    const branches = {
      none: { type: 'none' },
      embed: { type: 'embed' },
      entity: { type: 'entity', collectionId, name: 'somebody' },
      'entity-existing': { type: 'entity', collectionId, entityId },
      index: { type: 'index', indexId },
    };
    const upload = source === 'parts' ? { method: 'multipart', concurrency: 2 } : {};
    const cleanup = { onCancel, onFailure };
    return { key: this.key, source: sources[source], upload, branch: branches[branch], cleanup };
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
  private async runEarlier(): Promise<void> {
    const { client, temporal, samples, files } = this.stage;
    await mkdir(files, { recursive: true });
    await this.place(this.isImage ? 'portrait-3.jpg' : 'clip.mp4');
    const handle = await temporal.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: this.workflowId,
      args: [{ ...this.input, branch: { type: 'index', indexId: UNKNOWN_ID }, cleanup: { onFailure: 'keep' } }],
    });
    const { asset, outcome } = await client.result(this.key);
    if (outcome !== 'failed' || !asset)
      throw new Error(`the earlier run is ${outcome}, not failed with its asset kept`);
    this.earlierRuns.push(handle.firstExecutionRunId);
    this.before.earlierAssetId = asset.id;
    await this.place(this.file);
    this.before.contentSha256 = await sha256Of(path.join(samples, this.file));
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
    return this.schedule.branch.startsWith('entity') || this.schedule.shape === 'in-others-entity';
  }

  private get file(): string {
    if (this.schedule.shape === 'replaced-file' && this.isImage) return 'portrait-1.jpg';
    return this.isImage ? 'portrait-2.png' : 'city.mp4';
  }
}

const UNKNOWN_ID = 'f'.repeat(24);
const LONG_AGO = new Date('2026-01-01T00:00:00Z');

const sha256Of = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
