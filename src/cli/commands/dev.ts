import { Command } from 'commander';
import { EMULATORS } from '../../../emulator/registry';
import { connectTo } from '../../temporal/connection';
import { ensureSweepSchedule } from '../../client/sweeps';
import { DEFAULT_GRACE } from '../../contracts/ledger/sweep';
import { declarationOf } from '../../providers/registry';
import type { ReadyPart } from '../../stack/local-stack';
import { action, untilStopped } from '../context';
import { checkDistinct, folderName, portNumber, wholeNumber } from '../flags';
import { addEmulatorPortFlags, emulatorPorts, portsByFlag } from './emulator-ports';
import { note, print, printJson } from '../output';

interface DevFlags {
  temporalPort: number;
  uiPort: number;
  state: string;
  processingMs: number;
  json?: boolean;
  /** Flags of the emulators' ports. */
  [flag: string]: unknown;
}

const SWEEP_EVERY_MS = 3_600_000;

export function devCommand(): Command {
  const command = new Command('dev')
    .summary('the whole stack on this machine, staying up')
    .description(
      'Temporal with Temporal Web, the emulator of each provider, and one worker for all of them; state survives a ' +
        'restart. Ctrl-C stops it.',
    )
    .option('--temporal-port <n>', 'gRPC', portNumber('--temporal-port', 1), 7233)
    .option('--ui-port <n>', 'Temporal Web', portNumber('--ui-port', 1), 8233);
  addEmulatorPortFlags(command);
  return command
    .option('--state <folder>', 'where the state is kept', folderName('--state'), '.asset-lifecycle')
    .option(
      '--processing-ms <n>',
      'processing time of an asset at an emulator',
      wholeNumber('--processing-ms', 0),
      1500,
    )
    .option('--json', 'print the ready lines as JSON')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle dev --ui-port 8080')
    .action(
      action(async (flags: DevFlags) => {
        const { temporalPort, uiPort, state, processingMs, json } = flags;
        const emulators = emulatorPorts(flags);
        checkDistinct({ '--temporal-port': temporalPort, '--ui-port': uiPort, ...portsByFlag(emulators) });
        const path = await import('node:path');
        const { startLocalStack } = await import('../../stack/local-stack.js');
        const { claimFolder } = await import('../../stack/dev/claim-folder.js');
        const stateFolder = path.resolve(state);
        const claim = await claimFolder(stateFolder);
        const stack = await startLocalStack({
          environment: process.env,
          onProgress: note,
          onReady: (ready) => (json ? printJson(asJson(ready)) : print(readyLine(ready))),
          ports: { temporal: temporalPort, ui: uiPort, emulators },
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
}

/** `Temporal ready: 127.0.0.1:7233`; of an emulator with the name of its provider before it. */
export const readyLine = ({ part, where, provider }: ReadyPart): string =>
  `${provider ? `${provider.title} ` : ''}${part} ready: ${where}`;

const asJson = ({ part, where, provider }: ReadyPart): object => ({ part, provider: provider?.name, where });

/** As `setup` does; the search attributes are the server's own. */
async function scheduleSweeps(temporal: { address: string; namespace: string }): Promise<void> {
  const { client, connection } = await connectTo(temporal);
  try {
    for (const { name, places } of EMULATORS) {
      const { placeField } = declarationOf(name);
      const where = placeField === undefined ? {} : { [placeField]: places };
      const sweeps = { everyMs: SWEEP_EVERY_MS, grace: DEFAULT_GRACE, ...where };
      const { state, because } = await ensureSweepSchedule(client, name, sweeps);
      if (state === 'refused') note(`no sweeps: the server does not let us make their Schedule: ${because}`);
    }
  } finally {
    await connection.close();
  }
}
