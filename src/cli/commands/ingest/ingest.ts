import { Command } from 'commander';
import { loadConfig } from '../../../config';
import type { BatchPlan } from '../../../batch/plan/plan-batch';
import { PROVIDERS, type Registry } from '../../../providers/registry';
import { action } from '../../context';
import { EXIT, UsageError } from '../../exit';
import { collect } from '../../flags';
import { addInputFlags } from '../../input-flags';
import { durationWords, note, print, printJson, tableOf } from '../../output';
import { planIngest } from './plan-ingest';
import { inputOf, type StartFlags } from '../../start-input';

interface IngestFlags extends StartFlags {
  include?: string[];
  exclude?: string[];
  plan?: boolean;
  json?: boolean;
}

/** Items between two notes of how far the look is. */
const NOTE_EVERY = 1000;

export const ingestCommand = (registry: Registry = PROVIDERS): Command => {
  const command = new Command('ingest')
    .summary('say what a batch of a folder, manifest or S3 prefix would take')
    .description(
      'Lists what a batch would take, looks into each local file, and says how many items and bytes there are, what would ' +
        'be refused and why, and the least time, requests and billable actions. Sends nothing; needs neither Temporal nor ' +
        'a provider.',
    )
    .argument('<folder|manifest|s3>', 'a folder; a manifest (.csv, else NDJSON); or s3://bucket/prefix');
  addInputFlags(command, registry);
  return command
    .option('--plan', 'only say what the batch would do; nothing else is offered yet')
    .option('--include <glob>', 'only files whose path below the folder matches; repeat it for several', collect)
    .option('--exclude <glob>', 'no files whose path matches; repeat it for several', collect)
    .option('--filename <template>', 'names at the provider, of {path}, {folder}, {name} and {ext}')
    .option('--metadata <name=value>', 'user metadata of every item; repeat it for several', collect)
    .option('--no-preflight', 'do not look into the files')
    .option('--json', 'print JSON only')
    .addHelpText(
      'after',
      '\nExit code 2 if nothing can be an item.\n\nExample:\n  $ asset-lifecycle ingest videos --include "**/*.mp4" --branch embed --plan',
    )
    .action(
      action(async (target: string, flags: IngestFlags) => {
        if (!flags.plan)
          throw new UsageError('--plan: batches cannot be started yet; give it to see what one would do');
        const { include, exclude } = flags;
        const onProgress = (items: number): void => {
          if (items % NOTE_EVERY === 0) note(`${items} items looked into`);
        };
        const each = await eachOf(flags, registry);
        const plan = await planIngest({ target, include, exclude, each, onProgress }, loadConfig());
        if (flags.json) printJson(plan);
        else print(planLines(plan));
        return plan.items === 0 ? EXIT.badInput : EXIT.done;
      }),
    );
};

/** A lifecycle's input that the flags say, without what only one item has. */
async function eachOf(flags: IngestFlags, registry: Registry): Promise<object> {
  const { source: _source, key: _key, ...each } = await inputOf('item', flags, registry);
  return each;
}

function planLines(plan: BatchPlan): string[] {
  const { items, bytes, withoutSize, mediaSeconds, withoutMedia, refused, skipped, requests, actions } = plan;
  const unknown = (count: number): string => (count === 0 ? '' : ` (and ${count} items of which it is not known)`);
  const { create, mark, branch, look, total } = requests;
  const rows = [
    ['items', items],
    ['bytes', `${bytes}${unknown(withoutSize)}`],
    ['media', `${durationWords(mediaSeconds * 1000)}${unknown(withoutMedia)}`],
    ['refused', refused],
    ['left out by globs', skipped],
    ['least time', leastTime(plan)],
    ['requests, at least', `${total} (create ${create}, branch ${branch}, mark ${mark}, look ${look})`],
    ['billable actions, at least', actions],
  ] as const;
  const table = tableOf(
    ['a batch would take', ''],
    rows.map((row) => [...row]),
  );
  if (plan.causes.length === 0) return table;
  const causes = plan.causes.map(({ count, type, cause, examples }) => [count, type, cause, examples]);
  return [...table, ...tableOf(['refused', 'type', 'why', 'such as'], causes)];
}

const leastTime = ({ leastSeconds, slowedBy }: BatchPlan): string =>
  slowedBy === undefined
    ? 'no published limit slows it'
    : `${durationWords(leastSeconds * 1000)}, by the limit of the smallest account: ${slowedBy}`;
