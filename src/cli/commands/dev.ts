import { Command } from 'commander';
import { connectTo } from '../../temporal/connection';
import { ensureSweepSchedule } from '../../client/sweeps';
import { DEFAULT_GRACE } from '../../contracts/ledger/sweep';
import { providerNames } from '../../providers/registry';
import { action, untilStopped } from '../context';
import { checkDistinct, folderName, portNumber, wholeNumber } from '../flags';
import { note, print, printJson } from '../output';

interface DevFlags {
  temporalPort: number;
  uiPort: number;
  emulatorPort: number;
  state: string;
  processingMs: number;
  json?: boolean;
}

const SWEEP_EVERY_MS = 3_600_000;

export const devCommand = (): Command =>
  new Command('dev')
    .summary('the whole stack on this machine, staying up')
    .description('Temporal with Temporal Web, the emulator and one worker; state survives a restart. Ctrl-C stops it.')
    .option('--temporal-port <n>', 'gRPC', portNumber('--temporal-port', 1), 7233)
    .option('--ui-port <n>', 'Temporal Web', portNumber('--ui-port', 1), 8233)
    .option('--emulator-port <n>', 'the emulator', portNumber('--emulator-port', 1), 8090)
    .option('--state <folder>', 'where the state is kept', folderName('--state'), '.asset-lifecycle')
    .option(
      '--processing-ms <n>',
      'processing time of an asset at the emulator',
      wholeNumber('--processing-ms', 0),
      1500,
    )
    .option('--json', 'print the ready lines as JSON')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle dev --ui-port 8080')
    .action(
      action(async ({ temporalPort, uiPort, emulatorPort, state, processingMs, json }: DevFlags) => {
        checkDistinct({ '--temporal-port': temporalPort, '--ui-port': uiPort, '--emulator-port': emulatorPort });
        const path = await import('node:path');
        const { startLocalStack } = await import('../../stack/local-stack.js');
        const { claimFolder } = await import('../../stack/dev/claim-folder.js');
        const stateFolder = path.resolve(state);
        const claim = await claimFolder(stateFolder);
        const stack = await startLocalStack({
          environment: process.env,
          onProgress: note,
          onReady: (part, where) => (json ? printJson({ part, where }) : print(`${part} ready: ${where}`)),
          ports: { temporal: temporalPort, ui: uiPort, emulator: emulatorPort },
          stateFolder,
          persistent: true,
          processing: { baseMs: processingMs, msPerMegabyte: processingMs === 0 ? 0 : 20 },
        }).catch(async (error: unknown) => {
          await claim.release();
          throw error;
        });
        try {
          await scheduleSweeps(stack.temporal);
          const unseen = await claim.publish(stack.served);
          if (unseen) note(unseen);
          if (json) printJson({ ready: true });
          else print('ready');
          await Promise.race([untilStopped(), stack.failed]);
          if (!json) note('stopping …');
        } finally {
          await stack.close();
          await claim.release();
        }
      }),
    );

/** As `setup` does; the search attributes are the server's own. */
async function scheduleSweeps(temporal: { address: string; namespace: string }): Promise<void> {
  const { client, connection } = await connectTo(temporal);
  try {
    const sweeps = { everyMs: SWEEP_EVERY_MS, grace: DEFAULT_GRACE };
    for (const provider of providerNames()) {
      const { state, because } = await ensureSweepSchedule(client, provider, sweeps);
      if (state === 'refused') note(`no sweeps: the server does not let us make their Schedule: ${because}`);
    }
  } finally {
    await connection.close();
  }
}
