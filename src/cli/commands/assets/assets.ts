import { Command } from 'commander';
import { action } from '../../context';
import { print, printJson } from '../../output';
import { addAccountFlags, withAssets, type AccountFlags } from './account';
import { deleteCommand } from './delete';
import { detailOf, infoTable, referencesTable } from './describe-asset';
import { downloadCommand } from './download';
import { addNarrowingFlags, listCommand, narrowingOf, type NarrowingFlags } from './list';
import { metadataCommand } from './metadata';
import { uploadCommand } from './upload';

/** A command about one asset, with the flags that all of them have. */
const commandOfOne = (name: string, summary: string): Command =>
  addAccountFlags(new Command(name).summary(summary).argument('<id>', 'asset id')).option('--json', 'print JSON only');

const getCommand = (): Command =>
  commandOfOne('get', 'show an asset with everything that the provider tells; its URLs are secrets while they are good')
    .option('--contents', 'with signed URLs of content and thumbnail, at a provider that makes them on request')
    .action(
      action((id: string, flags: AccountFlags & { contents?: boolean }) =>
        withAssets(flags, async (assets) => {
          const asset = await assets.get(id, { contents: flags.contents });
          if (flags.json) printJson(asset);
          else print(detailOf(asset));
        }),
      ),
    );

const infoCommand = (): Command =>
  commandOfOne('info', 'show an asset as a table').action(
    action((id: string, flags: AccountFlags) =>
      withAssets(flags, async (assets) => {
        const asset = await assets.get(id);
        if (flags.json) printJson(asset);
        else print(infoTable(asset));
      }),
    ),
  );

const countCommand = (): Command =>
  addNarrowingFlags(addAccountFlags(new Command('count').summary('say how many assets there are, or match')))
    .option('--json', 'print JSON only')
    .action(
      action((flags: AccountFlags & NarrowingFlags) =>
        withAssets(flags, async (assets) => {
          const count = await assets.count(narrowingOf(flags));
          if (flags.json) printJson({ count });
          else print(String(count));
        }),
      ),
    );

const referencesCommand = (): Command =>
  commandOfOne('references', 'show what refers to an asset, and whether it blocks its deletion').action(
    action((id: string, flags: AccountFlags) =>
      withAssets(flags, async (assets) => {
        const referrers = await assets.references(id);
        if (flags.json) printJson(referrers.map(({ words: _words, ...fields }) => fields));
        else print(referencesTable(id, referrers));
      }),
    ),
  );

export const assetsCommand = (): Command =>
  new Command('assets')
    .summary('the provider’s own assets, whoever made them')
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(infoCommand())
    .addCommand(countCommand())
    .addCommand(referencesCommand())
    .addCommand(metadataCommand(commandOfOne('metadata', 'show or change the user metadata of an asset')))
    .addCommand(uploadCommand())
    .addCommand(downloadCommand())
    .addCommand(deleteCommand())
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle assets list --filename intro --json');
