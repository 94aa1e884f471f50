import { Command } from 'commander';
import { loadConfig } from '../../config';
import { acceptInput, PROVIDERS, type Registry } from '../../providers/registry';
import { collect } from '../flags';
import { addInputFlags, addItemFlags, addPriorityFlags, priorityOf, type PriorityFlags } from '../input-flags';
import { action, withClient } from '../context';
import { EXIT, exitCodeOfOutcome } from '../exit';
import { follow } from '../follow';
import { describeStatus, note, print, printJson } from '../output';
import { checkLocalFile, inputOf, type StartFlags } from '../start-input';

/** Flags about the run, not about its input. */
interface RunFlags extends PriorityFlags {
  again?: boolean;
  wait?: boolean;
  json?: boolean;
}

export const startCommand = (registry: Registry = PROVIDERS): Command => {
  const command = new Command('start');
  command
    .summary('start a lifecycle, or join the one its key has')
    .description(
      'Starts the lifecycle of a file, a URL, an S3 object or an existing asset. Repeating it never makes a second asset.',
    )
    .argument(
      '[file|url|s3]',
      'a local file, an http(s) URL that the provider fetches, or s3://bucket/key[?versionId=…]',
    )
    .option('--asset <id>', 'adopt an asset that exists at the provider')
    .option('--key <key>', 'business key; default: the path, the URL, the S3 URI or the asset id');
  addInputFlags(command, registry);
  command
    .option('--filename <name>', 'name at the provider; default: the file’s own')
    .option('--metadata <name=value>', 'user metadata; repeatable, or one JSON object', collect);
  addItemFlags(command)
    .option('--input <json>', 'the whole input as JSON, instead of the flags above')
    .option('--input-file <path>', 'the same from a file')
    .option('--allow-signed-url', 'take a presigned URL, which then stands in Temporal’s history');
  addPriorityFlags(command);
  return command
    .option('--again', 'run a completed key anew: with the same content its asset is used again, else replaced')
    .option('--wait', 'wait to the end; exit 1 unless it completes')
    .option('--json', 'print JSON only')
    .addHelpText(
      'after',
      `
Examples:
${examplesOf(registry)}`,
    )
    .action(
      action(async (target: string | undefined, flags: StartFlags & RunFlags) => {
        const input = await inputOf(target, flags);
        const { provider } = acceptInput(input); // bad input is refused before a connection is tried
        await checkLocalFile(input, loadConfig(), { typed: target, warn: note });
        return withClient(async (client) => {
          const started = await client.start(input, { again: flags.again, priority: priorityOf(flags) });
          if (!flags.json) note(`${started.joined ? 'joined' : 'started'} ${started.workflowId}`);
          if (started.differs) note(differsText(started.differs, started.joined));
          if (!flags.wait) {
            if (flags.json) printJson(started);
            else print(started.key);
            return;
          }
          const status = await follow(client, started.key, flags.json === true);
          if (flags.json) printJson(status);
          else print(describeStatus(status));
          if (!status.batch || started.joined) return exitCodeOfOutcome(status);
          note(refusedText(status.batch));
          return EXIT.lifecycleFailed;
        }, provider);
      }),
    );
};

const examplesOf = (registry: Registry): string =>
  [...registry.flatMap(({ branches }) => branches.map(({ example }) => example)), 's3://media/film.mp4']
    .map((example) => `  $ asset-lifecycle start ${example}`)
    .join('\n');

/** The status of a key is that of the item that has it, which may lack what this start asked for. */
const refusedText = ({ batchId, item }: { batchId: string; item: number }): string =>
  `this start was refused, since item ${item} of the batch "${batchId}" was at work on the key; the status is that item’s`;

function differsText(fields: string[], joined: boolean): string {
  const names = fields.join(', ');
  return joined
    ? `warning: the lifecycle that was joined began with another ${names}; once it has ended, --again runs it anew`
    : `warning: the key’s asset was made with another ${names}, which stays`;
}
