import { Command, Option } from 'commander';
import { OUTCOMES, PHASES, type Outcome, type Phase } from '../../contracts/lifecycle-status';
import { branchTypes } from '../../providers/registry';
import { action, withClient } from '../context';
import { wholeNumber } from '../flags';
import { print, printJson, tableOf } from '../output';

interface ListFlags {
  phase?: Phase;
  outcome?: Outcome;
  branch?: string;
  key?: string;
  query?: string;
  limit: number;
  json?: boolean;
}

export const listCommand = (): Command =>
  new Command('list')
    .summary('list lifecycles, newest first')
    .addOption(new Option('--phase <phase>', 'only those in this phase').choices(PHASES))
    .addOption(new Option('--outcome <outcome>', 'only those that ended so').choices(OUTCOMES))
    .addOption(new Option('--branch <type>', 'only those of this branch').choices(branchTypes()))
    .option('--key <start>', 'only keys that begin with this')
    .option('--query <filter>', 'further conditions in Temporal’s list filter language')
    .option('--limit <n>', 'at most so many', wholeNumber('--limit', 1), 100)
    .option('--json', 'print a JSON array only')
    .addHelpText('after', `\nExample:\n  $ asset-lifecycle list --outcome failed --query "AssetBytes > 1000000"`)
    .action(
      action(({ json, ...filter }: ListFlags) =>
        withClient(async (client) => {
          const summaries = [];
          for await (const summary of client.list(filter)) summaries.push(summary);
          if (json) return printJson(summaries);
          const rows = summaries.map((one) => [one.key, one.phase, one.branch, one.assetId, one.startedAt]);
          print(rows.length > 0 ? tableOf(['key', 'phase', 'branch', 'asset', 'started'], rows) : 'no lifecycles');
        }),
      ),
    );
