import { Command, Option } from 'commander';
import { OUTCOMES, PHASES, type Outcome, type Phase } from '../../../contracts/lifecycle-status';
import { branchTypes, providerNames } from '../../../providers/registry';
import type { ListFilter } from '../../../temporal/runs/list-query';
import { action, withClient } from '../../context';
import { wholeNumber } from '../../flags';
import { note, print, printJson, tableOf } from '../../output';
import { addListFlags, filterOf, type ListFlags } from './list-flags';

interface OwnFlags extends ListFlags {
  provider?: string;
  phase?: Phase;
  outcome?: Outcome;
  branch?: string;
  limit: number;
  json?: boolean;
}

export const listCommand = (): Command =>
  addListFlags(
    new Command('list')
      .summary('list lifecycles, newest first')
      .addOption(new Option('--provider <name>', 'only those at this provider').choices(providerNames()))
      .addOption(new Option('--phase <phase>', 'only those in this phase').choices(PHASES))
      .addOption(new Option('--outcome <outcome>', 'only those that ended so').choices(OUTCOMES))
      .addOption(
        new Option('--branch <type>', 'only those of this branch, alone or beside others').choices(branchTypes()),
      ),
  )
    .option('--limit <n>', 'at most so many', wholeNumber('--limit', 1), 100)
    .option('--json', 'print a JSON array only')
    .addHelpText('after', `\nExample:\n  $ asset-lifecycle list --outcome failed --since 1d --key movies/`)
    .action(
      action(({ json, provider, phase, outcome, branch, limit, ...flags }: OwnFlags) =>
        withClient(async (client) => {
          const filter: ListFilter = { ...filterOf(flags), provider, phase, outcome, branch };
          const summaries = [];
          let isCut = false;
          for await (const summary of client.list({ ...filter, limit: limit + 1 })) {
            isCut = summaries.length === limit;
            if (!isCut) summaries.push(summary);
          }
          if (isCut) note(`there are more: the newest ${limit} are shown; --limit shows others`);
          if (json) return printJson(summaries);
          const rows = summaries.map((one) => [one.key, one.phase, one.branch, one.assetId, one.startedAt]);
          print(rows.length > 0 ? tableOf(['key', 'phase', 'branch', 'asset', 'started'], rows) : 'no lifecycles');
        }),
      ),
    );
