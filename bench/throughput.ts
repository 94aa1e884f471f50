import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { LifecycleClient } from '../src/client/lifecycle-client';
import { DEFAULT_PROVIDER } from '../src/providers/registry';
import type { BenchSystem } from './system/bench-system';
import { median, type Figure } from './figures';

const RUNS = 150;
const ROUNDS = 4;
const IN_FLIGHT = 50;
/** Embeds an image by a task to wait for, as the bare chain does: both sides have the same five activities. */
const MODEL = 'marengo3.5';
const BARE_QUEUE = 'bench-bare-chain';

/** Lifecycles a second against the bare chain of the same activities, in alternating rounds on one system. */
export async function benchThroughput(system: BenchSystem): Promise<Figure[]> {
  await system.control.setProcessing({ baseMs: 0, msPerMegabyte: 0 });
  const worker = await system.startWorker({
    ASSET_LIFECYCLE_POLL_INTERVAL_MIN: '50ms',
    ASSET_LIFECYCLE_POLL_REQUESTS_PER_MINUTE: '60000',
  });
  const connection = await NativeConnection.connect({ address: system.temporal.address });
  const bare = await Worker.create({
    connection,
    namespace: system.temporal.namespace,
    taskQueue: BARE_QUEUE,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: path.join(__dirname, 'bare-chain.workflow.js'),
      logger: new DefaultLogger('ERROR'),
    }),
  });
  const running = bare.run();
  const { address, namespace } = system.temporal;
  const lifecycles = await LifecycleClient.connect({ temporal: { client: system.client, address, namespace } });
  const file = path.resolve(__dirname, '../../samples/portrait-1.jpg');
  const rates: Record<'lifecycle' | 'bare', number[]> = { lifecycle: [], bare: [] };
  try {
    for (let round = 0; round <= ROUNDS; round++) {
      const order = ['bare', 'lifecycle'] as const;
      for (const kind of round % 2 === 0 ? order : order.toReversed()) {
        const rate = await ratePerSecond(async (run) => {
          const key = `${kind}-${round}-${run}`;
          if (kind === 'bare') {
            const start = {
              taskQueue: BARE_QUEUE,
              workflowId: key,
              args: [{ provider: DEFAULT_PROVIDER, key, path: file }],
            };
            await system.client.workflow.execute('bareChain', start);
          } else {
            const source = { type: 'file' as const, path: file };
            const { workflowId } = await lifecycles.start({
              key,
              source,
              filename: `${key}.jpg`,
              branch: { type: 'embed', model: MODEL },
            });
            await system.client.workflow.getHandle(workflowId).result();
          }
        });
        if (round > 0) rates[kind].push(rate); // the first round warms up
      }
    }
  } finally {
    bare.shutdown();
    await running;
    await connection.close();
    await worker.stop();
  }
  const ratio = median(rates.lifecycle) / median(rates.bare);
  const each = `${median(rates.lifecycle).toFixed(1)}/s against ${median(rates.bare).toFixed(1)}/s`;
  return [
    {
      name: 'lifecycles a second / bare chain',
      value: ratio,
      unit: '×',
      goal: '>= 0.85',
      ok: ratio >= 0.85,
      note: each,
    },
  ];
}

async function ratePerSecond(run: (index: number) => Promise<void>): Promise<number> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < RUNS) await run(next++);
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return RUNS / ((performance.now() - started) / 1000);
}
