import { Command } from 'commander';
import { MAX_UPLOAD_FILES, type UploadResult } from '../../../client/transfers/upload-assets';
import { action } from '../../context';
import { EXIT } from '../../exit';
import { collect, durationFlag } from '../../flags';
import { note, print, printJson, sizeOf, tableOf } from '../../output';
import { metadataOf } from '../../start-input';
import { addAccountFlags, withAssets, type AccountFlags } from './account';
import { withProgress } from './with-progress';

interface UploadFlags extends AccountFlags {
  failureMode?: string;
  overwrite?: string;
  metadata?: string[];
  wait: boolean;
  within?: number;
}

export const uploadCommand = (): Command =>
  addAccountFlags(
    new Command('upload')
      .summary(`upload files or folders in one go, ${MAX_UPLOAD_FILES} files at most`)
      .description(
        'Uploads files straight to the provider, without a lifecycle: nothing is retried once the command has ended, and ' +
          'nothing is cleaned up. What is in the way of it is a failed file, and does not keep the others.',
      )
      .argument('<path...>', 'files, and folders with everything below them'),
  )
    .option('--failure-mode <mode>', 'of the provider: whether a file that fails ends the rest; default: it does not')
    .option('--overwrite <mode>', 'of the provider: overwrite assets of the same names with other content')
    .option('--metadata <name=value>', 'user metadata of every asset; repeatable, or one JSON object', collect)
    .option('--no-wait', 'end once all bytes are sent; "sessions wait" waits for the rest')
    .option('--within <duration>', 'deadline of the wait, such as 30m (default: 1h)', durationFlag('--within'))
    .option('--json', 'print JSON only')
    .addHelpText('after', '\nExit code 1 if a file failed or was not sent.')
    .action(
      action((paths: string[], flags: UploadFlags) =>
        withAssets(flags, async (assets) => {
          const { failureMode, overwrite: overwriteMode, wait, within: deadlineMs, json } = flags;
          const metadata = metadataOf(flags.metadata, '--metadata') as Record<string, string> | undefined;
          const result = await withProgress('upload', { quiet: json === true }, ({ show, signal }) =>
            assets.upload(paths, {
              ...{ failureMode, overwriteMode, wait, deadlineMs, metadata, signal },
              onProgress: ({ totalFiles, ended, totalBytes, sentBytes }) =>
                show({
                  percent: Math.min(100, (sentBytes / Math.max(totalBytes, 1)) * 100),
                  text: `${sizeOf(sentBytes)} of ${sizeOf(totalBytes)} sent, ${ended} of ${totalFiles} files done`,
                }),
            }),
          );
          if (json) printJson(result);
          else report(result);
          return result.totalFailed + result.totalUnsent > 0 ? EXIT.lifecycleFailed : EXIT.done;
        }),
      ),
    );

function report(result: UploadResult): void {
  if (result.failedFiles.length > 0) {
    print(
      tableOf(
        ['failed', 'code', 'why'],
        result.failedFiles.map(({ path, code, message }) => [path, code, message]),
      ),
    );
  }
  for (const { path, message } of result.skipped) note(`left out ${path}: ${message}`);
  print(result.summary());
}
