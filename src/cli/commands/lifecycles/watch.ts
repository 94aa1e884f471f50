import { Command } from 'commander';
import { action, withClient } from '../../context';
import { exitCodeOfOutcome } from '../../exit';
import { providerOption } from '../../flags';
import { follow, last } from '../../follow';
import { describeStatus, print, printJson } from '../../output';
import { outputClosed } from '../../terminal';

export const watchCommand = (): Command =>
  new Command('watch')
    .summary('follow a lifecycle to its end')
    .description('Follows a lifecycle to its end; exits 1 unless it completes.')
    .argument('<key>', 'the lifecycle’s key')
    .addOption(providerOption())
    .option('--json', 'print one JSON status a line, one for every change')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle watch movies/intro.mp4')
    .action(
      action((key: string, { provider, json }: { provider: string; json?: boolean }) =>
        withClient(async (client) => {
          const status = json
            ? await last(client, key, printJson, outputClosed)
            : await follow(client, key, false, outputClosed);
          if (!json) print(describeStatus(status));
          return exitCodeOfOutcome(status);
        }, provider),
      ),
    );
