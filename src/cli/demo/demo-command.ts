import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import type { LifecycleStatus } from '../../contracts/lifecycle-status';
import { declarationOf } from '../../providers/registry';
import type { LocalStack } from '../../stack/local-stack';
import { action, untilStopped } from '../context';
import { readyLine } from '../commands/dev';
import { connectClients, demoCases, runCase, type DemoCase, type DemoClients, type DemoOutcome } from './cases';
import { EXIT } from '../exit';
import { changeLines, LiveLine } from '../follow';
import { note, print, printJson, resultOf, tableOf } from '../output';
import { isTerminal, printable } from '../terminal';

export const demoCommand = (): Command =>
  new Command('demo')
    .summary('see it work: server, emulators, worker, and real files through every branch')
    .description(
      'Brings the whole stack up on free ports, takes the sample files through every branch of every provider, and exits.',
    )
    .option('--keep', 'stay up afterwards, for a look at Temporal Web')
    .option('--json', 'print the outcomes as a JSON array only')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle demo --keep')
    .action(
      action(async ({ keep, json }: { keep?: boolean; json?: boolean }) => {
        const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-demo-'));
        try {
          return await demo({ keep: keep === true, json: json === true, folder });
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      }),
    );

async function demo({ keep, json, folder }: { keep: boolean; json: boolean; folder: string }) {
  const { startLocalStack } = await import('../../stack/local-stack.js');
  const { prepareEmulator, serveFolder } = await import('./provider.js');
  const { packageRoot } = await import('../../stack/package-root.js');
  const { connectTo } = await import('../../temporal/connection.js');
  const samples = path.join(packageRoot(), 'samples');
  const stack = await startLocalStack({
    environment: { ...process.env, ASSET_LIFECYCLE_SOURCE_ROOTS: samples },
    onProgress: note,
    onReady: (ready) => note(readyLine(ready)),
    stateFolder: folder,
    persistent: false,
    processing: { baseMs: 1500, msPerMegabyte: 2000 },
  });
  const files = await serveFolder(samples);
  const clients = await connectClients(() => connectTo(stack.temporal));
  try {
    const at = { samples, filesUrl: files.url, datasetId: 'demo', ...(await prepareEmulator(stack.emulator.url)) };
    const outcomes = await runAll(clients, demoCases(at));
    report(outcomes, stack, json);
    if (keep) {
      note('staying up; Ctrl-C stops');
      await Promise.race([untilStopped(), stack.failed]);
    }
    return outcomes.every(({ status }) => status.outcome === 'completed') ? EXIT.done : EXIT.lifecycleFailed;
  } finally {
    await clients.close();
    await files.close();
    await stack.close();
  }
}

/** All at once; a live list on a terminal, a line a change in a pipe. */
async function runAll(clients: DemoClients, cases: DemoCase[]): Promise<DemoOutcome[]> {
  const statuses = new Map<string, Promise<LifecycleStatus>>();
  const results: Promise<DemoOutcome>[] = [];
  const begin = (one: DemoCase, show: (status: LifecycleStatus) => void): Promise<DemoOutcome> => {
    const result = runCase(clients, one, statuses, show);
    statuses.set(
      one.title,
      result.then(({ status }) => status),
    );
    results.push(result);
    return result;
  };
  if (!isTerminal()) {
    for (const one of cases)
      void begin(
        one,
        changeLines((line) => note(`${one.title}: ${line}`)),
      );
    return Promise.all(results);
  }
  const { Listr } = await import('listr2');
  await new Listr(
    cases.map((one) => ({
      title: one.title,
      task: async (_context: unknown, task: { title: string }): Promise<void> => {
        const line = new LiveLine((text) => (task.title = printable(`${one.title}: ${text}`)));
        await begin(one, (status) => line.show(status)).finally(() => line.stop());
      },
    })),
    { concurrent: true },
  ).run();
  return Promise.all(results);
}

function report(outcomes: DemoOutcome[], { temporal }: LocalStack, json: boolean): void {
  const linkOf = ({ workflowId, runId }: DemoOutcome): string | undefined =>
    temporal.uiUrl &&
    `${temporal.uiUrl}/namespaces/${temporal.namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}/history`;
  if (json) return printJson(outcomes.map((outcome) => ({ ...outcome, link: linkOf(outcome) })));
  const rows = outcomes.map(({ title, status }) => [
    title,
    declarationOf(status.provider).title,
    status.outcome,
    status.asset?.id,
    resultOf(status).replaceAll(/ in [^,]*/g, ' floats') || pictureIn(status),
    `${status.timings.elapsedSec?.toFixed(1)} s`,
  ]);
  print(tableOf(['lifecycle', 'provider', 'outcome', 'asset', 'result', 'elapsed'], rows));
  for (const outcome of outcomes) print(`${outcome.title}: ${linkOf(outcome) ?? outcome.workflowId}`);
}

/** Of a lifecycle without branches. */
const pictureIn = ({ asset }: LifecycleStatus): string =>
  asset?.widthPixels === undefined ? '' : `${asset.widthPixels}×${asset.heightPixels}`;
