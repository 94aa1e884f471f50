import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { Command, Option } from 'commander';
import { FAILURE_MODES } from '../../../contracts/batch/batch-input';
import { loadConfig } from '../../../config';
import type { BatchPlan } from '../../../batch/plan/plan-items';
import { PROVIDERS, type Registry } from '../../../providers/registry';
import { action, withClient } from '../../context';
import { EXIT, UsageError, type ExitCode } from '../../exit';
import { collect, wholeNumber } from '../../flags';
import { addInputFlags, addItemFlags } from '../../input-flags';
import { durationWords, note, print, printJson, tableOf } from '../../output';
import { followBatch } from '../batch/follow-batch';
import { itemsOfTarget } from './ingest-target';
import { inputOf, type StartFlags } from '../../start-input';

interface IngestFlags extends StartFlags {
  batchId?: string;
  include?: string[];
  exclude?: string[];
  inFlight?: number;
  failureMode?: (typeof FAILURE_MODES)[number];
  plan?: boolean;
  wait?: boolean;
  json?: boolean;
}

/** What a batch is to take, as the flags say it. */
interface Ingest {
  target: string;
  include?: readonly string[];
  exclude?: readonly string[];
  /** What every item gets. */
  each: object;
}

/** Items between two notes of how far the look is. */
const NOTE_EVERY = 1000;

export const ingestCommand = (registry: Registry = PROVIDERS): Command => {
  const command = new Command('ingest')
    .summary('take a whole folder, manifest or S3 prefix through its lifecycles')
    .description(
      'Starts a batch: lists the files of a folder, the lines of a manifest or the objects of a prefix once, and takes ' +
        'each through its lifecycle. What is there already is not made again. "asset-lifecycle batch" follows and steers ' +
        'batches. With --plan nothing is started: it says how many items and bytes there are, what would be refused and ' +
        'why, and the least time, requests and billable actions, and needs neither Temporal nor a provider.',
    )
    .argument('<folder|manifest|s3>', 'a folder; a manifest (.csv, else NDJSON); or s3://bucket/prefix')
    .option('--plan', 'only say what the batch would take')
    .option('--batch-id <id>', 'names the batch; a second start joins it, or goes on with it (default: name and time)');
  addInputFlags(command, registry);
  command
    .option('--include <glob>', 'only files whose path below the folder matches; repeat it for several', collect)
    .option('--exclude <glob>', 'no files whose path matches; repeat it for several', collect)
    .option('--filename <template>', 'names at the provider, of {path}, {folder}, {name} and {ext}')
    .option('--metadata <name=value>', 'user metadata of every item; repeatable, or one JSON object', collect);
  return addItemFlags(command)
    .option('--in-flight <n>', 'items under way at once (default: 1000)', wholeNumber('--in-flight', 1))
    .addOption(
      new Option('--failure-mode <mode>', 'after a failure go on (default), or start nothing more').choices(
        FAILURE_MODES,
      ),
    )
    .option('--wait', 'follow the batch to its end; exit 1 unless all items complete; Ctrl-C leaves it running')
    .option('--json', 'print JSON only; with --wait a status a line')
    .addHelpText(
      'after',
      '\nExamples:\n  $ asset-lifecycle ingest videos --include "**/*.mp4" --branch embed --plan\n' +
        '  $ asset-lifecycle ingest videos --branch embed --wait\n  $ asset-lifecycle ingest list.csv --batch-id spring',
    )
    .action(
      action(async (target: string, flags: IngestFlags) => {
        const { include, exclude } = flags;
        const each = await eachOf(flags, registry);
        if (!flags.plan) return ingest({ target, include, exclude, each }, flags);
        refuseBesidePlan(flags);
        const onProgress = (items: number): void => {
          if (items % NOTE_EVERY === 0) note(`${items} items looked into`);
        };
        const items = await itemsOfTarget(target, { include, exclude });
        const { planBatch } = await import('../../../plan-batch.js');
        const plan = await planBatch({ items, each }, loadConfig(), { onProgress });
        if (flags.json) printJson(plan);
        else print(planLines(plan));
        return plan.items === 0 ? EXIT.badInput : EXIT.done;
      }),
    );
};

function refuseBesidePlan({ wait, batchId, inFlight, failureMode }: IngestFlags): void {
  const stray = Object.entries({
    '--wait': wait,
    '--batch-id': batchId,
    '--in-flight': inFlight,
    '--failure-mode': failureMode,
  }).find(([, value]) => value !== undefined);
  if (stray) throw new UsageError(`${stray[0]}: is for a batch that is started; leave out --plan`);
}

async function ingest(what: Ingest, flags: IngestFlags): Promise<ExitCode> {
  const { target, each } = what;
  const { batchId = batchIdFor(target), inFlight, failureMode, wait, json } = flags;
  const items = await itemsOfTarget(target, what);
  const input = { batchId, items, each, ...(inFlight && { inFlight }), ...(failureMode && { failureMode }) };
  return withClient(async (client) => {
    const started = await client.batches.start(input);
    if (!json) note(`${started.joined ? 'joined' : 'started'} ${started.workflowId}`);
    if (wait) return followBatch(client, batchId, { json });
    if (json) printJson(started);
    else print(batchId);
    if (!json) note(`"asset-lifecycle batch watch ${batchId}" follows it`);
    return EXIT.done;
  }, flags.provider);
}

/** Every run of the command is a batch of its own, so that it takes what came into the folder meanwhile. */
function batchIdFor(target: string, now = new Date()): string {
  const name = path
    .basename(target)
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')
    .slice(0, 60);
  const time = now
    .toISOString()
    .replaceAll(/[-:]|\..*/g, '')
    .replace('T', '-');
  return [name || 'batch', time, randomBytes(2).toString('hex')].join('-');
}

/** A lifecycle's input that the flags say, without what only one item has. */
async function eachOf(flags: IngestFlags, registry: Registry): Promise<object> {
  const { source: _source, key: _key, ...each } = await inputOf('item', flags, registry);
  return each;
}

function planLines(plan: BatchPlan): string[] {
  const { items, bytes, withoutSize, mediaSeconds, withoutMedia, refused, skipped, requests, actions } = plan;
  const unknown = (count: number): string => (count === 0 ? '' : ` (and ${count} items of which it is not known)`);
  const { total, ...each } = requests;
  const kinds = Object.entries(each).map(([kind, count]) => `${kind} ${count}`);
  const rows = [
    ['items', items],
    ['bytes', `${bytes}${unknown(withoutSize)}`],
    ['media', `${durationWords(mediaSeconds * 1000)}${unknown(withoutMedia)}`],
    ['refused', refused],
    ['left out by globs, or hidden', skipped],
    ['least time', leastTime(plan)],
    ['requests, at least', `${total} (${kinds.join(', ')})`],
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

const leastTime = ({ leastSeconds, slowedBy, limitSetBy = 'the smallest account' }: BatchPlan): string =>
  slowedBy === undefined
    ? 'no known limit slows it'
    : `${durationWords(leastSeconds * 1000)}, by the limit of ${limitSetBy}: ${slowedBy}`;
