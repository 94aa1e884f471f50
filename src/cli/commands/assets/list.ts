import { Command, Option } from 'commander';
import type { AssetPage, AssetQuery } from '../../../providers/assets';
import { action } from '../../context';
import { UsageError } from '../../exit';
import { wholeNumber } from '../../flags';
import { ListPrinter, note } from '../../output';
import { addAccountFlags, withAssets, type AccountFlags } from './account';
import { tableOfAssets } from './describe-asset';

interface ListFlags extends AccountFlags, NarrowingFlags {
  page?: number;
  pageToken?: string;
  pageSize?: number;
  sort?: string;
  order?: 'asc' | 'desc';
  contents?: boolean;
  all?: boolean;
}

export interface NarrowingFlags {
  id?: string[];
  type?: ('image' | 'video' | 'audio')[];
  filename?: string;
  filter?: string;
  metadataQuery?: string;
}

export const addNarrowingFlags = (command: Command): Command =>
  addQueryFlags(
    command
      .option('--id <id...>', 'only these')
      .addOption(new Option('--type <type...>', 'only these kinds').choices(['image', 'video', 'audio']))
      .option('--filename <part>', 'only names that contain this'),
  );

/** Queries in the provider's own language, at one that has such. */
export const addQueryFlags = (command: Command): Command =>
  command
    .option('--filter <query>', 'only those that match, in the provider’s own language')
    .option('--metadata-query <query>', 'only those whose metadata match, in the provider’s own language');

export const narrowingOf = ({ id, type, filename, filter, metadataQuery }: NarrowingFlags) => ({
  ...{ ids: id, types: type, filename, filter, metadataQuery },
});

export const listCommand = (): Command =>
  addNarrowingFlags(addAccountFlags(new Command('list').summary('list assets at the provider, newest first')))
    .option('--sort <order>', 'by what, instead of newest first; a wrong one names those that there are')
    .addOption(new Option('--order <direction>', 'of --sort').choices(['asc', 'desc']))
    .option('--contents', 'with signed URLs of content and thumbnail, which are secrets while they are good')
    .option('--page <n>', 'which page, from 1', wholeNumber('--page', 1))
    .option('--page-token <token>', 'the page that an earlier one named as the next')
    .option('--page-size <n>', 'assets of a page (default: 10)', wholeNumber('--page-size', 1))
    .option('--all', 'every page from there on, each as it comes')
    .option('--json', 'print a JSON array only')
    .action(
      action((flags: ListFlags) =>
        withAssets(flags, async (assets) => {
          const query = queryOf(flags);
          const printer = new ListPrinter(flags.json === true, tableOfAssets);
          const one = async function* (): AsyncGenerator<AssetPage> {
            yield await assets.list(query);
          };
          let last: AssetPage | undefined;
          for await (const page of flags.all ? assets.pages(query) : one()) await printer.page((last = page).items);
          await printer.end();
          if (!flags.all && last?.next !== undefined && last.page === undefined)
            note(`next: --page-token ${last.next}`);
          if (!flags.all && last?.previous !== undefined) note(`previous: --page-token ${last.previous}`);
        }),
      ),
    );

function queryOf({ page, pageToken: from, pageSize, sort: by, order, contents, ...flags }: ListFlags): AssetQuery {
  if (order !== undefined && by === undefined) throw new UsageError('--order: goes with --sort, which says by what');
  return {
    ...narrowingOf(flags),
    ...{ page, from, pageSize, contents },
    ...(by !== undefined && { sort: { by, order } }),
  };
}
