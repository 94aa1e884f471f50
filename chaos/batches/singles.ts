import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { LifecycleClient } from '../../src/client/lifecycle-client';
import type { ProviderFields } from '../../src/contracts/lifecycle-input';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import type { LifecycleInput } from '../../src/providers/registry';
import type { PlaceState, SingleRun, Wanted } from './evidence';
import { completedAt } from './histories';
import type { BatchPlace } from './place';

const BOUND_MS = 180_000;
const LOOK_EVERY_MS = 50;

/** Lifecycles of their own of keys that a batch has too. */
export class Singles {
  readonly facts: SingleRun[] = [];
  private readonly open: Promise<void>[] = [];
  private readonly started = new Set<string>();
  private next = 0;

  constructor(
    private readonly client: LifecycleClient,
    private readonly temporal: Client,
    private readonly wanted: readonly Wanted[],
    private readonly stage: { each: ProviderFields; place: Pick<BatchPlace, 'state'> },
  ) {}

  /** Starts one, of the next sound source. @returns its key */
  async start(): Promise<string> {
    const { sound } = this;
    return this.startOf(sound[this.next++ % sound.length] as Wanted);
  }

  /** Starts one of a key that had none, as soon as its item has made an asset; none if that comes only after the end. */
  async startMeanwhile(ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      const made = new Set((await this.madeByItems()).map(({ key }) => key));
      const one = this.sound.find(({ key }) => made.has(key) && !this.started.has(key));
      if (one) {
        await this.startOf(one);
        return;
      }
      await delay(LOOK_EVERY_MS);
    }
  }

  private async madeByItems(): Promise<PlaceState['assets']> {
    const { assets } = await this.stage.place.state();
    return assets.filter(({ workflowId = '' }) => workflowId.startsWith('asset-group:'));
  }

  private get sound(): Wanted[] {
    return this.wanted.filter(({ damaged }) => !damaged);
  }

  private async startOf({ path, key }: Wanted): Promise<string> {
    const made = (await this.madeByItems()).filter((one) => one.key === key);
    const madeBefore = made.flatMap(({ runId }) => runId ?? []);
    this.started.add(key);
    const startedAt = Date.now();
    const input = { ...this.stage.each, source: { type: 'file', path } } as LifecycleInput;
    const { workflowId, runId } = await this.client.start(input);
    const status = Promise.race([this.client.result(key), delay(BOUND_MS, undefined, { ref: false })]);
    this.open.push(this.note({ key, workflowId, runId, startedAt, madeBefore }, status));
    return key;
  }

  /** Starts one, and waits for its end. */
  async complete(): Promise<void> {
    await this.start();
    await this.ended();
  }

  async ended(): Promise<void> {
    await Promise.all(this.open);
  }

  private async note(
    run: Pick<SingleRun, 'key' | 'workflowId' | 'runId' | 'startedAt' | 'madeBefore'>,
    ended: Promise<LifecycleStatus | undefined | void>,
  ): Promise<void> {
    const status = (await ended.catch(() => undefined)) ?? undefined;
    const { status: closed, closeTime } = await this.temporal.workflow.getHandle(run.workflowId, run.runId).describe();
    const cameToAssetAt = await completedAt(this.temporal, run, 'submitSource');
    this.facts.push({ ...run, cameToAssetAt, status, closedAs: closed.name, closedAt: closeTime?.getTime() });
  }
}
