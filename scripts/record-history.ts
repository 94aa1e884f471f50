import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { EmulatorControl } from '../emulator/twelvelabs/control-client';
import {
  ASSET_BATCH,
  ASSET_BATCH_DELETION,
  ASSET_DELETION,
  ASSET_GROUP,
  ASSET_LIFECYCLE,
  EARLIER_MEMO,
  lifecycleWorkflowId,
  ORPHAN_SWEEP,
  WORKFLOW_TASK_QUEUE,
} from '../src/contracts/ids';
import { prepareEmulator } from '../src/cli/demo/provider';
import { startLocalStack } from '../src/stack/local-stack';
import { packageRoot, packageVersion } from '../src/stack/package-root';
import { DEFAULT_PROVIDER } from '../src/providers/registry';
import type { Recording } from './history-scenarios/recording';
import { scenarios } from './history-scenarios/scenarios';
import { serveMedia } from './media-server';

/**
 * Records the histories that `test:replay` runs today's workflows against. Files are named by the release that made
 * them. Until 1.0.0 each release replaces those of the one before; from then on they are only added, because runs of
 * earlier releases may still be open. Arguments: the workflow types whose histories are recorded; the others stay.
 */
async function main(): Promise<void> {
  const histories = path.join(packageRoot(), 'test/replay/histories');
  const types = [ASSET_LIFECYCLE, ASSET_DELETION, ORPHAN_SWEEP, ASSET_BATCH, ASSET_GROUP, ASSET_BATCH_DELETION];
  const only = process.argv.slice(2);
  const replaces = packageVersion().startsWith('0.') && only.length === 0;
  const kept = new Set(packageVersion().startsWith('0.') ? [] : await readdir(histories, { recursive: true }));
  const state = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-record-'));
  const recorded = path.join(state, 'histories');
  for (const type of types) await mkdir(path.join(recorded, type), { recursive: true });
  const samples = path.join(packageRoot(), 'samples');
  const media = await serveMedia(samples);
  Object.assign(process.env, s3At(media.url)); // the S3 client reads the environment itself
  const stack = await startLocalStack({
    environment: {
      ...process.env,
      ASSET_LIFECYCLE_SOURCE_ROOTS: samples,
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
    provider: DEFAULT_PROVIDER,
    mediaUrl: media.url,
    control,
    ...(await prepareEmulator(stack.emulator.url)),
    start: (key, input, earlier) =>
      client.workflow.start(ASSET_LIFECYCLE, {
        taskQueue: WORKFLOW_TASK_QUEUE,
        workflowId: lifecycleWorkflowId(DEFAULT_PROVIDER, key),
        args: [input],
        memo: earlier && { [EARLIER_MEMO]: earlier },
      }),
    startOther: (type, workflowId, input) =>
      client.workflow.start(type, { taskQueue: WORKFLOW_TASK_QUEUE, workflowId, args: [input] }),
  };
  try {
    for (const [name, play] of Object.entries(scenarios)) {
      const type = types.find((one) => name.startsWith(`${one}/`)) ?? ASSET_LIFECYCLE;
      if (only.length > 0 && !only.includes(type)) continue;
      const file = path.join(type, `${packageVersion()}-${name.replace(`${type}/`, '')}.json`);
      if (kept.has(file)) continue;
      await control.setProcessing({ baseMs: 100, msPerMegabyte: 0 });
      await control.clearFaults();
      await control.setUploads({ chunkBytes: null });
      const handle: WorkflowHandle = await play(recording);
      await handle.result().catch(() => undefined); // failed and cancelled runs are recorded too
      const json = historyToJSON(await handle.fetchHistory());
      await writeFile(path.join(recorded, file), `${JSON.stringify(JSON.parse(json, withoutMachine), null, 1)}\n`);
      console.error(`recorded ${file}`);
    }
    if (replaces) await rm(histories, { recursive: true, force: true });
    await cp(recorded, histories, { recursive: true });
  } finally {
    await connection.close();
    await stack.close();
    await media.close();
    await rm(state, { recursive: true, force: true });
  }
  await writeManifest(histories);
}

/** Settings of the S3 client, which would otherwise be those of this machine. The credentials are made up. */
const s3At = (url: string) => ({
  ASSET_LIFECYCLE_S3_FORCE_PATH_STYLE: 'true',
  AWS_ENDPOINT_URL_S3: url,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'recorded',
  AWS_SECRET_ACCESS_KEY: 'recorded',
  AWS_SESSION_TOKEN: '',
  AWS_PROFILE: '',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
});

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
