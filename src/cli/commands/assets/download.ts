import { Command } from 'commander';
import type { DownloadProgress, DownloadResult } from '../../../client/transfers/download-assets';
import { action } from '../../context';
import { EXIT } from '../../exit';
import { folderName, wholeNumber } from '../../flags';
import { note, print, printJson, sizeOf, tableOf } from '../../output';
import { withProgress } from './with-progress';
import { addAccountFlags, withAssets, type AccountFlags } from './account';
import { addQueryFlags } from './list';

interface DownloadFlags extends AccountFlags {
  overwrite?: boolean;
  concurrency?: number;
  filter?: string;
  metadataQuery?: string;
}

export const downloadCommand = (): Command =>
  addQueryFlags(
    addAccountFlags(
      new Command('download')
        .summary('download assets to a folder; once more goes on where it stopped')
        .argument('<folder>', 'where the files go', folderName('<folder>')),
    ),
  )
    .option('--overwrite', 'fetch also what is there, and replace files with other content')
    .option('--concurrency <n>', 'assets on their way at once, 1 to 64', wholeNumber('--concurrency', 1, 64))
    .option('--json', 'print JSON only')
    .addHelpText('after', '\nExit code 1 if one did not come.')
    .action(
      action((folder: string, flags: DownloadFlags) =>
        withAssets(flags, async (assets) => {
          const { overwrite, concurrency, filter, metadataQuery, json } = flags;
          const result = await withProgress('download', { quiet: json === true }, ({ show, signal }) =>
            assets.download(folder, {
              ...{ overwrite, concurrency, filter, metadataQuery, signal },
              onProgress: (progress) => show({ percent: percentOf(progress), text: textOf(progress) }),
            }),
          );
          if (json) printJson(result);
          else report(result);
          return result.failed > 0 ? EXIT.lifecycleFailed : EXIT.done;
        }),
      ),
    );

const doneOf = ({ downloaded, present, failed }: DownloadProgress): number => downloaded + present + failed;

const percentOf = (progress: DownloadProgress): number | undefined =>
  progress.total === undefined ? undefined : Math.min(100, (doneOf(progress) / Math.max(progress.total, 1)) * 100);

const textOf = (progress: DownloadProgress): string =>
  `${doneOf(progress)} of ${progress.total ?? 'an unknown number'}, ${sizeOf(progress.bytes)}`;

function report(result: DownloadResult): void {
  const { failures, renamed, unchecked } = result;
  if (failures.length > 0) {
    print(
      tableOf(
        ['failed', 'asset', 'why'],
        failures.map(({ filename, assetId, type, message }) => [filename, assetId, `${type}: ${message}`]),
      ),
    );
  }
  for (const { filename, file } of renamed)
    note(`"${filename}" is in "${file}", since its own name was taken or too long`);
  if (unchecked > 0) note(`${unchecked} were compared by size only: their hash is of an unknown algorithm`);
  print(result.summary());
}
