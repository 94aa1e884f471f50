import path from 'node:path';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../src/contracts/ids';
import { DEFAULT_PROVIDER } from '../src/providers/registry';
import type { BenchSystem } from './system/bench-system';
import type { Figure } from './figures';

/** Events and bytes of an `embed` lifecycle whose waits last a second and an hour on the emulator's clock. */
export async function benchHistory(system: BenchSystem): Promise<Figure[]> {
  const worker = await system.startWorker({ ASSET_LIFECYCLE_POLL_INTERVAL_MAX: '1s' });
  try {
    const second = await embed(system, 'history-second', 1000);
    const hour = await embed(system, 'history-hour', 3_600_000);
    const events: Figure = {
      name: 'events of an embed lifecycle, waits of an hour',
      value: hour.events,
      unit: '',
      goal: '<= 40, as with a second',
      ok: hour.events <= 40 && hour.events === second.events,
      note: `${second.events} with waits of a second`,
    };
    const kilobytes = hour.bytes / 1024;
    const bytes: Figure = {
      name: 'its history',
      value: kilobytes,
      unit: 'KB',
      goal: '<= 24, as with a second',
      ok: kilobytes <= 24,
      note: `${(second.bytes / 1024).toFixed(1)} KB with waits of a second`,
    };
    return [events, bytes];
  } finally {
    await worker.stop();
  }
}

async function embed(system: BenchSystem, key: string, waitMs: number): Promise<{ events: number; bytes: number }> {
  await system.control.setProcessing({ baseMs: waitMs, msPerMegabyte: 0 });
  const handle = await system.client.workflow.start(ASSET_LIFECYCLE, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: lifecycleWorkflowId(DEFAULT_PROVIDER, key),
    args: [
      {
        source: { type: 'file', path: path.resolve(__dirname, '../../samples/clip.mp4') },
        branch: { type: 'embed' },
      },
    ],
  });
  for (const waiting of ['processing', 'branching']) {
    await untilRunning(async () => {
      const { phase, branch } = await handle.query<{ phase: string; branch?: { status: string } }>('status');
      return phase === waiting && (waiting === 'processing' || branch?.status === 'running');
    });
    await system.control.advanceClock(waitMs);
  }
  await handle.result();
  const { historySize = 0, historyLength } = await handle.describe();
  return { events: historyLength, bytes: historySize };
}

async function untilRunning(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}
