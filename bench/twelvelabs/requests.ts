import path from 'node:path';
import { startEmulator } from '../../emulator/twelvelabs/start-emulator';
import type { Call } from '../../emulator/shared/traffic/call-hooks';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../../src/contracts/ids';
import { DEFAULT_PROVIDER, PROVIDERS } from '../../src/providers/registry';
import type { Figure } from '../figures';
import type { BenchSystem } from '../system/bench-system';

const AT_MOST = 6;
const TASK = 'GET /embed-v2/tasks/{task_id}';

/** Requests that an `embed` lifecycle makes at the provider, apart from asking for states. */
export async function benchRequests(system: BenchSystem): Promise<Figure[]> {
  const calls: Call[] = [];
  const hooks = { arrived: (call: Call) => void calls.push(call) };
  const emulator = await startEmulator({ processing: { baseMs: 1500, msPerMegabyte: 0 }, hooks });
  const worker = await system.startWorker(PROVIDERS[0].emulatorEnvironment(emulator.origin));
  try {
    calls.length = 0; // the worker may have asked who answers
    const handle = await system.client.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: lifecycleWorkflowId(DEFAULT_PROVIDER, 'requests'),
      args: [
        {
          source: { type: 'file', path: path.resolve(__dirname, '../../../samples/clip.mp4') },
          branch: { type: 'embed' },
        },
      ],
    });
    await handle.result();
    const apart = withoutPolls(calls);
    return [
      {
        name: 'requests of an embed lifecycle to the provider, polls apart',
        value: apart.length,
        unit: '',
        goal: `<= ${AT_MOST}`,
        ok: apart.length <= AT_MOST,
        note: `${apart.map(({ route }) => route).join(', ')}; polls: ${calls.length - apart.length}`,
      },
    ];
  } finally {
    await worker.stop();
    await emulator.close();
  }
}

/** A list by ids is a poll, and so is every read of the task but the last, which fetches the embeddings. */
function withoutPolls(calls: readonly Call[]): Call[] {
  const lastRead = calls.findLast(({ route }) => route === TASK);
  return calls.filter((call) => {
    if (call.route === TASK) return call === lastRead;
    if (call.route === 'GET /embed-v2/tasks') return false;
    return !(call.route === 'GET /assets' && call.url.includes('asset_ids='));
  });
}
