import { Command } from 'commander';
import type { ProviderAssets } from '../../../client/assets/provider-assets';
import type { DeletedAsset } from '../../../client/assets/delete-assets';
import { action } from '../../context';
import { EXIT, UsageError } from '../../exit';
import { print, printJson } from '../../output';
import { addAccountFlags, withAssets, type AccountFlags } from './account';
import { addQueryFlags } from './list';

interface DeleteFlags extends AccountFlags {
  force?: boolean;
  filter?: string;
  metadataQuery?: string;
}

export const deleteCommand = (): Command =>
  addQueryFlags(
    addAccountFlags(
      new Command('delete')
        .summary('delete assets, and say which of them are a lifecycle’s')
        .argument('[id...]', 'asset ids'),
    ),
  )
    .option('--force', 'also where others refer to it, which lose it then')
    .option('--json', 'print JSON only: an object for one id, else an array')
    .addHelpText('after', '\nExit code 1 if one was not deleted.')
    .action(
      action((ids: string[], flags: DeleteFlags) => {
        const { force, filter, metadataQuery, json } = flags;
        const matches = filter !== undefined || metadataQuery !== undefined;
        if (matches === ids.length > 0) throw new UsageError('give asset ids, or --filter or --metadata-query');
        return withAssets(flags, async (assets) => {
          const deleted = matches
            ? await assets.deleteMatching({ filter, metadataQuery })
            : await deleteIds(assets, ids, force);
          if (json) printJson(ids.length === 1 ? deleted[0] : deleted);
          else print(deleted.length === 0 ? 'no assets' : deleted.map(deletedLine));
          return deleted.every((one) => one.deleted) ? EXIT.done : EXIT.lifecycleFailed;
        });
      }),
    );

/** What one alone fails with is the command's own error. */
const deleteIds = async (
  assets: ProviderAssets,
  ids: readonly string[],
  force: boolean | undefined,
): Promise<DeletedAsset[]> => {
  const [id = ''] = ids;
  return ids.length === 1 ? [await assets.delete(id, { force })] : assets.deleteMany(ids, { force });
};

function deletedLine({ id, deleted, filename, lifecycle, error }: DeletedAsset): string {
  if (!deleted) return `not deleted ${id}: ${error?.message}`;
  const name = filename === undefined ? '' : ` (${filename})`;
  return `deleted ${id}${name}${lifecycle === undefined ? '' : `, which was of the lifecycle "${lifecycle}"`}`;
}
