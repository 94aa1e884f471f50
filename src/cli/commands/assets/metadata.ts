import type { Command } from 'commander';
import type { ProviderAssets } from '../../../client/assets/provider-assets';
import type { AssetMetadataFields } from '../../../client/assets/asset-metadata';
import type { MetadataChanges } from '../../../providers/assets';
import { action } from '../../context';
import { UsageError } from '../../exit';
import { collect } from '../../flags';
import { print, printJson } from '../../output';
import { jsonFromFile, metadataOf } from '../../start-input';
import { withAssets, type AccountFlags } from './account';
import { metadataLines } from './describe-asset';

interface MetadataFlags extends AccountFlags {
  set?: string[];
  unset?: string[];
  replace?: string[];
  jsonFile?: string;
  clear?: boolean;
}

/** Without a flag that writes it only shows. Fields of a lifecycle's tag always stay. */
export const metadataCommand = (command: Command): Command =>
  command
    .option('--set <name=value>', 'set this field and leave all others; repeat it, or give one JSON object', collect)
    .option('--unset <name>', 'remove this field; repeat it', collect)
    .option(
      '--replace <name=value>',
      'set this field and remove all others; repeat it, or give one JSON object',
      collect,
    )
    .option('--json-file <file>', 'the same, with the fields of a JSON object in a file')
    .option('--clear', 'remove all fields')
    .addHelpText(
      'after',
      '\nExample:\n  $ asset-lifecycle assets metadata 68… --set season=2 --set title=Intro --unset draft',
    )
    .action(
      action(async (id: string, flags: MetadataFlags) => {
        const write = await writeOf(flags);
        await withAssets(flags, async (assets) => {
          await write?.(assets, id);
          const { metadata } = await assets.get(id);
          if (flags.json) printJson({ id, metadata });
          else print(metadataLines(metadata));
        });
      }),
    );

type Write = (assets: ProviderAssets, id: string) => Promise<void>;

/** What the flags ask for; the client checks the fields. */
async function writeOf(flags: MetadataFlags): Promise<Write | undefined> {
  const { set, unset, replace, jsonFile, clear } = flags;
  const asked = [set ?? unset, replace, jsonFile, clear].filter((one) => one !== undefined);
  if (asked.length > 1) {
    throw new UsageError('give --set and --unset, or one of --replace, --json-file and --clear');
  }
  if (clear) return (assets, id) => assets.metadata.clear(id);
  if (replace ?? jsonFile) {
    const fields = replace ? metadataOf(replace, '--replace') : await jsonFromFile(jsonFile ?? '', '--json-file');
    return (assets, id) => assets.metadata.replace(id, fields as AssetMetadataFields);
  }
  if (!(set ?? unset)) return undefined;
  const fields = changesOf(metadataOf(set, '--set'), unset ?? []);
  return (assets, id) => assets.metadata.set(id, fields);
}

function changesOf(set: unknown, unset: readonly string[]): MetadataChanges {
  const fields = (set ?? {}) as MetadataChanges;
  const both = unset.find((name) => Object.hasOwn(fields, name));
  if (both !== undefined) throw new UsageError(`--unset: "${both}" is set as well`);
  return { ...fields, ...Object.fromEntries(unset.map((name) => [name, null])) };
}
