import { Command, Option } from 'commander';
import type { ProviderAsset } from '../../../providers/assets';
import { action } from '../../context';
import { providerOption, wholeNumber } from '../../flags';
import { print, printJson } from '../../output';
import { withAssets, type AccountFlags } from './account';
import { detailOf, referencesTable, tableOfAssets } from './describe-asset';
import { metadataCommand } from './metadata';

interface ListFlags extends AccountFlags {
  page?: number;
  pageSize?: number;
  id?: string[];
  type?: ('image' | 'video' | 'audio')[];
  filename?: string;
  all?: boolean;
}

const listCommand = (): Command =>
  new Command('list')
    .summary('list assets at the provider, newest first')
    .addOption(providerOption())
    .option('--page <n>', 'which page, from 1', wholeNumber('--page', 1))
    .option('--page-size <n>', '1 to 50 (default: 10)', wholeNumber('--page-size', 1, 50))
    .option('--id <id...>', 'only these')
    .addOption(new Option('--type <type...>', 'only these kinds').choices(['image', 'video', 'audio']))
    .option('--filename <part>', 'only names that contain this')
    .option('--all', 'every page from there on')
    .option('--json', 'print a JSON array only')
    .action(
      action(({ provider, page, pageSize, id, type, filename, all, json }: ListFlags) =>
        withAssets(provider, async (assets) => {
          const query = { page, pageSize, ids: id, types: type, filename };
          const items: ProviderAsset[] = [];
          if (all) for await (const asset of assets.listAll(query)) items.push(asset);
          else items.push(...(await assets.list(query)).items);
          if (json) printJson(items);
          else print(tableOfAssets(items));
        }),
      ),
    );

/** A command about one asset, with the flags that all of them have. */
const commandOfOne = (name: string, summary: string): Command =>
  new Command(name)
    .summary(summary)
    .argument('<id>', 'asset id')
    .addOption(providerOption())
    .option('--json', 'print JSON only');

const getCommand = (): Command =>
  commandOfOne(
    'get',
    'show an asset with everything that the provider tells; its URLs are secrets while they are good',
  ).action(
    action((id: string, { provider, json }: AccountFlags) =>
      withAssets(provider, async (assets) => {
        const asset = await assets.get(id);
        if (json) printJson(asset);
        else print(detailOf(asset));
      }),
    ),
  );

const referencesCommand = (): Command =>
  commandOfOne('references', 'show what refers to an asset, and whether it blocks its deletion').action(
    action((id: string, { provider, json }: AccountFlags) =>
      withAssets(provider, async (assets) => {
        const referrers = await assets.references(id);
        if (json) printJson(referrers.map(({ words: _words, ...fields }) => fields));
        else print(referencesTable(id, referrers));
      }),
    ),
  );

const deleteCommand = (): Command =>
  commandOfOne('delete', 'delete an asset')
    .option('--force', 'also where others refer to it, which lose it then')
    .action(
      action((id: string, { provider, force, json }: AccountFlags & { force?: boolean }) =>
        withAssets(provider, async (assets) => {
          await assets.delete(id, { force });
          if (json) printJson({ id, deleted: true });
          else print(`deleted ${id}`);
        }),
      ),
    );

export const assetsCommand = (): Command =>
  new Command('assets')
    .summary('the provider’s own assets, whoever made them')
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(referencesCommand())
    .addCommand(metadataCommand(commandOfOne('metadata', 'show or change the user metadata of an asset')))
    .addCommand(deleteCommand())
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle assets list --filename intro --json');
