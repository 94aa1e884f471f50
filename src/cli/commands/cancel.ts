import { Command, Option } from 'commander';
import { CLEANUP_POLICIES, type CleanupPolicy } from '../../contracts/cleanup-policy';
import { action, withClient } from '../context';
import { exitCodeOfOutcome } from '../exit';
import { follow } from '../follow';
import { describeStatus, note, print, printJson } from '../output';

interface CancelFlags {
  reason?: string;
  cleanup?: CleanupPolicy;
  wait?: boolean;
  json?: boolean;
}

export const cancelCommand = (): Command =>
  new Command('cancel')
    .summary('stop a lifecycle and clean up as its policy says')
    .argument('<key>', 'the lifecycle’s key')
    .option('--reason <text>', 'kept in the status')
    .addOption(new Option('--cleanup <policy>', 'instead of the input’s own policy').choices(CLEANUP_POLICIES))
    .option('--wait', 'wait for the receipt; exit 1 unless the lifecycle ends as cancelled')
    .option('--json', 'print JSON only')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle cancel movies/intro.mp4 --cleanup keep --wait')
    .action(
      action((key: string, { reason, cleanup, wait, json }: CancelFlags) =>
        withClient(async (client) => {
          await client.cancel(key, { reason, cleanup });
          if (!json) note(`asked ${key} to stop`);
          const status = wait ? await follow(client, key, json === true) : await client.status(key);
          if (json) printJson(status);
          else if (wait) print(describeStatus(status));
          return wait ? exitCodeOfOutcome(status, 'cancelled') : undefined;
        }),
      ),
    );
