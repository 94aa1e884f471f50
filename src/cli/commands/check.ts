import { Command } from 'commander';
import { loadConfig } from '../../config';
import type { MediaFacts } from '../../media/media-facts';
import { acceptInput, PROVIDERS, type Registry } from '../../providers/registry';
import { action } from '../context';
import { EXIT, UsageError } from '../exit';
import { addInputFlags } from '../input-flags';
import { note, print, printJson, tableOf } from '../output';
import { refusedFor, SourceCheck, type SourceVerdict } from '../source-check';
import { inputOf, type StartFlags } from '../start-input';

/** Sources looked at side by side. */
const AT_ONCE = 8;

export const checkCommand = (registry: Registry = PROVIDERS): Command => {
  const command = new Command('check')
    .summary('say what "start" would refuse, without starting anything')
    .description(
      'Looks at files and S3 objects as a worker does before it submits them, and says in the words of "start" which ' +
        'the provider’s published limits rule out for that branch. Needs neither Temporal nor a provider.',
    )
    .argument('<file|s3...>', 'local files, or s3://bucket/key');
  addInputFlags(command, registry);
  return command
    .option('--filename <name>', 'name at the provider, of a single file; default: the file’s own')
    .option('--upload-method <method>', 'auto (default: by size and kind), direct or multipart')
    .option('--json', 'print a JSON array only')
    .addHelpText(
      'after',
      '\nExit code 2 if one is refused.\n\nExample:\n  $ asset-lifecycle check *.mp4 --branch embed --branch index --index <id>',
    )
    .action(
      action(async (targets: string[], flags: StartFlags & { json?: boolean }) => {
        if (targets.length > 1 && flags.filename !== undefined) {
          throw new UsageError('--filename: is the name of one file; give it with a single one');
        }
        const verdicts = await verdictsOf(targets, flags);
        if (flags.json) printJson(verdicts);
        else report(verdicts);
        return verdicts.some(({ verdict }) => verdict === 'refused') ? EXIT.badInput : EXIT.done;
      }),
    );
};

async function verdictsOf(targets: readonly string[], flags: StartFlags): Promise<SourceVerdict[]> {
  const check = new SourceCheck(loadConfig());
  const verdicts: SourceVerdict[] = [];
  const left = targets.map((target, index) => ({ target, index })).toReversed();
  const work = async (): Promise<void> => {
    for (let next = left.pop(); next; next = left.pop()) {
      verdicts[next.index] = await verdictOf(check, next.target, flags);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    await check.close();
  }
  return verdicts;
}

async function verdictOf(check: SourceCheck, target: string, flags: StartFlags): Promise<SourceVerdict> {
  const input = await inputOf(target, flags);
  try {
    return await check.check(acceptInput(input));
  } catch (error) {
    return refusedFor(target, error); // what stands in the flags is refused for each
  }
}

function report(verdicts: readonly SourceVerdict[]): void {
  const rows = verdicts.map(({ source, verdict, refusal, sizeBytes, media }) => [
    source,
    refusal === undefined ? verdict : [verdict, refusal],
    media?.container,
    media && lengthAndSize(media),
    sizeBytes,
  ]);
  print(tableOf(['source', 'verdict', 'format', 'media', 'bytes'], rows));
  const refused = verdicts.filter(({ verdict }) => verdict === 'refused').length;
  note(`${verdicts.length} looked at, ${refused} refused`);
}

const lengthAndSize = ({ durationSec, sizes: [size] }: MediaFacts): string =>
  [durationSec && `${Math.round(durationSec * 10) / 10} s`, size && `${size.width}x${size.height}`]
    .filter(Boolean)
    .join(', ');
