import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { LifecycleClient } from '../../src/client/lifecycle-client';
import { groupWorkflowId } from '../../src/contracts/ids';
import type { BatchStriker } from '../strikers/batch-striker';
import type { BatchEvidence } from './evidence';
import type { ActKind, BatchSchedule } from './schedule';
import type { Singles } from './singles';

const PAUSED_MS = 1500;
/** A wider and a narrower window, in groups. */
const WINDOWS = [3, 1];

interface Stage {
  client: LifecycleClient;
  /** A client with the workers' store. The other knows lifecycles of their own only. */
  seesItems: LifecycleClient;
  temporal: Client;
  singles: Singles;
  striker: BatchStriker;
  schedule: BatchSchedule;
  /** Of the items that may be stopped. */
  keys: readonly string[];
  input: Parameters<LifecycleClient['batches']['start']>[0];
  sweepInput: Readonly<Record<string, unknown>>;
}

/** What people do to a batch while it runs. What comes too late is refused, and does nothing. */
export class BatchActs {
  readonly sweeps: BatchEvidence['openSweeps'] = [];
  /** Starts that came too late to join. */
  readonly ownStarts: { batchId: string; runId: string }[] = [];
  /** Of the batch that runs now. */
  input: Stage['input'];
  private windows = 0;

  constructor(private readonly stage: Stage) {
    this.input = stage.input;
  }

  async perform(what: ActKind): Promise<string | undefined> {
    try {
      return await this.act(what);
    } catch (error) {
      return `refused: ${(error as Error).message}`;
    }
  }

  private async act(what: ActKind): Promise<string | undefined> {
    const { client, temporal, singles, striker, schedule } = this.stage;
    const { batches } = client;
    const { batchId } = this.input;
    switch (what) {
      case 'pause':
        await batches.pause(batchId);
        await delay(PAUSED_MS);
        await batches.resume(batchId);
        return undefined;
      case 'set-in-flight':
        await batches.setInFlight(batchId, (WINDOWS[this.windows++ % WINDOWS.length] ?? 1) * schedule.groupSize);
        return undefined;
      case 'terminate-group': {
        const [group] = await this.openGroups();
        if (group) await temporal.workflow.getHandle(group.workflowId).terminate('by the schedule');
        return group?.workflowId;
      }
      case 'join': {
        const { joined, runId } = await batches.start(this.input);
        if (!joined) this.ownStarts.push({ batchId, runId });
        return joined ? 'joined' : 'a start of its own';
      }
      case 'single-start':
        return singles.start();
      case 'cancel-item':
      case 'force-delete-item':
        return this.stopItem(what === 'cancel-item' ? 'cancel' : 'forceDelete');
      case 'sweep':
        await striker.aside(() => this.sweep());
        return undefined;
    }
  }

  /** Stops the first that is under way. @returns its key */
  private async stopItem(what: 'cancel' | 'forceDelete'): Promise<string> {
    const { seesItems: client, keys } = this.stage;
    for (const key of keys) {
      const status = await client.status(key).catch(() => undefined); // not begun yet
      if (status?.batch?.batchId !== this.input.batchId || status.outcome) continue;
      await client[what](key);
      return key;
    }
    return 'none was under way';
  }

  /** What was open before and after it may not be touched. */
  private async sweep(): Promise<void> {
    const { client, sweepInput } = this.stage;
    const before = await this.openGroups();
    const report = await client.sweep({ ...sweepInput, grace: '0s' });
    const still = new Set((await this.openGroups()).map(({ runId }) => runId));
    this.sweeps.push({ report, open: before.filter(({ runId }) => still.has(runId)) });
  }

  private async openGroups(): Promise<{ workflowId: string; runId: string; from: number; end: number }[]> {
    const { temporal, schedule } = this.stage;
    const { items, groupSize } = schedule;
    const open = [];
    for (let from = 0; from < items; from += groupSize) {
      const workflowId = groupWorkflowId(this.input.batchId, from);
      const run = await temporal.workflow
        .getHandle(workflowId)
        .describe()
        .catch(() => undefined); // not started yet
      if (run?.status.name === 'RUNNING') open.push({ workflowId, runId: run.runId, from, end: from + groupSize });
    }
    return open;
  }
}
