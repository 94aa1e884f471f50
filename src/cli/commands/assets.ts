import { Command, Option } from 'commander';
import { openAccount } from '../../providers/open-account';
import { providerAssets, type ProviderAssets } from '../../client/provider-assets';
import { loadConfig } from '../../config';
import type { ProviderAsset } from '../../providers/assets';
import { action, commandSurroundings } from '../context';
import { providerOption, wholeNumber } from '../flags';
import { print, printJson, tableOf } from '../output';

interface ListFlags {
  provider: string;
  page?: number;
  pageSize?: number;
  id?: string[];
  type?: ('image' | 'video' | 'audio')[];
  filename?: string;
  all?: boolean;
  json?: boolean;
}

/** The provider's own assets need no Temporal server. */
async function withAssets(provider: string, use: (assets: ProviderAssets) => Promise<void>): Promise<void> {
  const account = await openAccount(loadConfig((await commandSurroundings('provider')).environment), provider);
  try {
    await use(providerAssets(async () => account));
  } finally {
    await account.close();
  }
}

const rowsOf = (items: ProviderAsset[]): string | string[] =>
  items.length === 0
    ? 'no assets'
    : tableOf(
        ['id', 'status', 'filename', 'type', 'bytes', 'created'],
        items.map(({ id, status, filename, fileType, sizeBytes, createdAt }) => [
          id,
          status,
          filename,
          fileType,
          sizeBytes,
          createdAt,
        ]),
      );

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
          else print(rowsOf(items));
        }),
      ),
    );

const getCommand = (): Command =>
  new Command('get')
    .summary('show an asset')
    .argument('<id>', 'asset id')
    .addOption(providerOption())
    .option('--json', 'print JSON only')
    .action(
      action((id: string, { provider, json }: { provider: string; json?: boolean }) =>
        withAssets(provider, async (assets) => {
          const asset = await assets.get(id);
          if (json) printJson(asset);
          else print(rowsOf([asset]));
        }),
      ),
    );

const deleteCommand = (): Command =>
  new Command('delete')
    .summary('delete an asset')
    .argument('<id>', 'asset id')
    .addOption(providerOption())
    .option('--force', 'also where others refer to it, which lose it then')
    .option('--json', 'print JSON only')
    .action(
      action((id: string, { provider, force, json }: { provider: string; force?: boolean; json?: boolean }) =>
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
    .addCommand(deleteCommand())
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle assets list --filename intro --json');
