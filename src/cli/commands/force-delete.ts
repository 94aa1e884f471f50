import { Command } from 'commander';
import { action, withClient } from '../context';
import { exitCodeOfOutcome } from '../exit';
import { follow } from '../follow';
import { describeStatus, note, print, printJson } from '../output';

export const forceDeleteCommand = (): Command =>
  new Command('force-delete')
    .summary('stop a lifecycle and remove everything, by force')
    .description('Stops a running lifecycle and removes its asset, also where indexed assets refer to it.')
    .argument('<key>', 'the lifecycle’s key')
    .option('--reason <text>', 'kept in the status')
    .option('--wait', 'wait for the receipt; exit 1 unless the lifecycle ends as deleted')
    .option('--json', 'print JSON only')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle force-delete movies/intro.mp4 --wait')
    .action(
      action((key: string, { reason, wait, json }: { reason?: string; wait?: boolean; json?: boolean }) =>
        withClient(async (client) => {
          await client.forceDelete(key, { reason });
          if (!json) note(`asked ${key} to stop and to delete`);
          const status = wait ? await follow(client, key, json === true) : await client.status(key);
          if (json) printJson(status);
          else if (wait) print(describeStatus(status));
          return wait ? exitCodeOfOutcome(status, 'deleted') : undefined;
        }),
      ),
    );
