import { Command } from 'commander';
import { action, withClient } from '../../context';
import { providerOption } from '../../flags';
import { describeStatus, print, printJson } from '../../output';

export const statusCommand = (): Command =>
  new Command('status')
    .summary('say what a lifecycle is doing, or how it ended')
    .argument('<key>', 'the lifecycle’s key')
    .addOption(providerOption())
    .option('--json', 'print JSON only')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle status movies/intro.mp4 --json')
    .action(
      action((key: string, { provider, json }: { provider: string; json?: boolean }) =>
        withClient(async (client) => {
          const status = await client.status(key);
          if (json) printJson(status);
          else print(describeStatus(status));
        }, provider),
      ),
    );
