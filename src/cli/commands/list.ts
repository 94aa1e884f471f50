import { Command, Option } from 'commander';
import { OUTCOMES, PHASES, type Outcome, type Phase } from '../../contracts/lifecycle-status';
import { branchTypes } from '../../providers/registry';
import { durationMs } from '../../contracts/duration';
import { UsageError } from '../exit';
import { action, withClient } from '../context';
import { wholeNumber } from '../flags';
import { print, printJson, tableOf } from '../output';

interface ListFlags {
  phase?: Phase;
  outcome?: Outcome;
  branch?: string;
  key?: string;
  since?: Date;
  query?: string;
  limit: number;
  json?: boolean;
}

/** The moment that was so long ago. */
function sinceOf(text: string): Date {
  const ms = durationMs(text);
  if (ms !== undefined) return new Date(Date.now() - ms);
  throw new UsageError(`--since: must be a duration such as "30m", "12h" or "1d", not "${text}"`);
}

export const listCommand = (): Command =>
  new Command('list')
    .summary('list lifecycles, newest first')
    .addOption(new Option('--phase <phase>', 'only those in this phase').choices(PHASES))
    .addOption(new Option('--outcome <outcome>', 'only those that ended so').choices(OUTCOMES))
    .addOption(new Option('--branch <type>', 'only those of this branch').choices(branchTypes()))
    .option('--key <start>', 'only keys that begin with this')
    .option('--since <duration>', 'only those that were started within it, such as 30m or 1d', sinceOf)
    .option('--query <filter>', 'further conditions in Temporal’s list filter language')
    .option('--limit <n>', 'at most so many', wholeNumber('--limit', 1), 100)
    .option('--json', 'print a JSON array only')
    .addHelpText('after', `\nExample:\n  $ asset-lifecycle list --outcome failed --query "AssetBytes > 1000000"`)
    .action(
      action(({ json, since: startedAfter, ...filter }: ListFlags) =>
        withClient(async (client) => {
          const summaries = [];
          for await (const summary of client.list({ ...filter, startedAfter })) summaries.push(summary);
          if (json) return printJson(summaries);
          const rows = summaries.map((one) => [one.key, one.phase, one.branch, one.assetId, one.startedAt]);
          print(rows.length > 0 ? tableOf(['key', 'phase', 'branch', 'asset', 'started'], rows) : 'no lifecycles');
        }),
      ),
    );
