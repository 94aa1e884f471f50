import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { EmulatorControl } from '../emulator/twelvelabs/control-client';
import {
  ASSET_DELETION,
  ASSET_LIFECYCLE,
  lifecycleWorkflowId,
  ORPHAN_SWEEP,
  WORKFLOW_TASK_QUEUE,
} from '../src/contracts/ids';
import { prepareEmulator } from '../src/cli/demo/provider';
import { startLocalStack } from '../src/stack/local-stack';
import { packageRoot, packageVersion } from '../src/stack/package-root';
import { scenarios, type Recording } from './history-scenarios';

/**
 * Records the histories that `test:replay` runs today's workflows against. Files are named by the release that made
 * them and are only added: one that exists is kept, since runs of that release may still be open.
 */
async function main(): Promise<void> {
  const histories = path.join(packageRoot(), 'test/replay/histories');
  const types = [ASSET_LIFECYCLE, ASSET_DELETION, ORPHAN_SWEEP];
  for (const type of types) await mkdir(path.join(histories, type), { recursive: true });
  const recorded = new Set(await readdir(histories, { recursive: true }));
  const state = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-record-'));
  const stack = await startLocalStack({
    environment: {
      ...process.env,
      ASSET_LIFECYCLE_SOURCE_ROOTS: path.join(packageRoot(), 'samples'),
      ASSET_LIFECYCLE_SOURCE_DEADLINE: '2s',
      ASSET_LIFECYCLE_SETTLE_WINDOW: '1s',
      ASSET_LIFECYCLE_POLL_INTERVAL_MIN: '100ms',
      ASSET_LIFECYCLE_POLL_INTERVAL_MAX: '200ms',
    },
    onProgress: (line) => console.error(line),
    onReady: () => {},
    stateFolder: state,
    persistent: false,
    processing: { baseMs: 100, msPerMegabyte: 0 },
  });
  const connection = await Connection.connect({ address: stack.temporal.address });
  const client = new Client({ connection });
  const control = new EmulatorControl(stack.emulator.controlUrl);
  const recording: Recording = {
    control,
    ...(await prepareEmulator(stack.emulator.url)),
    start: (key, input) =>
      client.workflow.start(ASSET_LIFECYCLE, {
        taskQueue: WORKFLOW_TASK_QUEUE,
        workflowId: lifecycleWorkflowId('twelvelabs', key),
        args: [input],
      }),
    startOther: (type, workflowId, input) =>
      client.workflow.start(type, { taskQueue: WORKFLOW_TASK_QUEUE, workflowId, args: [input] }),
  };
  try {
    for (const [name, play] of Object.entries(scenarios)) {
      const type = types.find((one) => name.startsWith(`${one}/`)) ?? ASSET_LIFECYCLE;
      const file = path.join(type, `${packageVersion()}-${name.replace(`${type}/`, '')}.json`);
      if (recorded.has(file)) continue;
      await control.setProcessing({ baseMs: 100, msPerMegabyte: 0 });
      await control.clearFaults();
      const handle: WorkflowHandle = await play(recording);
      await handle.result().catch(() => undefined); // failed and cancelled runs are recorded too
      const json = historyToJSON(await handle.fetchHistory());
      await writeFile(path.join(histories, file), `${JSON.stringify(JSON.parse(json, withoutMachine), null, 1)}\n`);
      console.error(`recorded ${file}`);
    }
  } finally {
    await connection.close();
    await stack.close();
    await rm(state, { recursive: true, force: true });
  }
  await writeManifest(histories);
}

/** Drops what tells of the machine and does not matter to a replay. */
function withoutMachine(name: string, value: unknown): unknown {
  if (name === 'identity') return 'worker';
  if (name === 'stackTrace') return '';
  return typeof value === 'string' ? value.replaceAll(packageRoot(), '') : value;
}

async function writeManifest(histories: string): Promise<void> {
  const names = (await readdir(histories, { recursive: true })).filter((name) => path.dirname(name) !== '.').toSorted();
  const manifest: Record<string, string> = {};
  for (const name of names) {
    const bytes = await readFile(path.join(histories, name));
    manifest[name] = createHash('sha256').update(bytes).digest('hex');
  }
  await writeFile(path.join(histories, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
