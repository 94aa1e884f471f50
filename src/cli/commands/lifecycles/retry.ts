import { Command } from 'commander';
import type { LifecycleClient } from '../../../client/lifecycle-client';
import type { RetryOptions } from '../../../client/start/retry-lifecycle';
import { branchTypes, declarationOf, PROVIDERS, type Registry } from '../../../providers/registry';
import { action, withClient } from '../../context';
import { EXIT, exitCodeOfOutcome, UsageError, type ExitCode } from '../../exit';
import { providerOption } from '../../flags';
import { follow } from '../../follow';
import {
  addBranchFlags,
  addPriorityFlags,
  ownedFlagIn,
  priorityOf,
  refuseStrayFlags,
  type PriorityFlags,
} from '../../input-flags';
import { describeStatus, note, print, printJson } from '../../output';
import { branchOf } from '../../start-input';
import { addListFlags, filterOf, type ListFlags } from './list-flags';
import { failedKeys, forEachKey, retryListed, retryOne, type RetryOutcome } from './retry-many';

interface RetryFlags extends ListFlags, PriorityFlags {
  provider: string;
  failed?: boolean;
  branch?: string[];
  dryRun?: boolean;
  wait?: boolean;
  json?: boolean;
  /** Flags of the branches. */
  [flag: string]: unknown;
}

export const retryCommand = (registry: Registry = PROVIDERS): Command => {
  const command = new Command('retry')
    .summary('take up failed lifecycles after their cause is mended')
    .description(
      'Starts a new run of a failed lifecycle, such as after a quota or a wrong index: it adopts the asset if the ' +
        'content is still the source’s, and takes only the branches that are not ready. Nothing is uploaded twice. ' +
        'A key that runs, has completed or was stopped is refused.',
    )
    .argument('[key...]', 'keys of failed lifecycles')
    .addOption(providerOption())
    .option('--failed', 'all that "list --outcome failed" shows with these flags, instead of keys');
  addBranchFlags(
    command,
    registry,
    'take this instead of the branches of the run; with --failed: only those of this branch',
  );
  addListFlags(command);
  addPriorityFlags(command);
  return command
    .option('--dry-run', 'with --failed: only say what would be retried')
    .option('--wait', 'with a single key: wait to the end; exit 1 unless it completes')
    .option('--json', 'print JSON only; an array unless it is about a single key')
    .addHelpText(
      'after',
      '\nExit code 1 if one of several is refused.\n\nExamples:\n  $ asset-lifecycle retry movies/intro.mp4\n' +
        '  $ asset-lifecycle retry --failed --since 1d --dry-run',
    )
    .action(
      action((keys: string[], flags: RetryFlags) => {
        checkFlags(keys, flags, registry);
        return withClient((client) => retry(client, keys, flags, registry), flags.provider);
      }),
    );
};

async function retry(
  client: LifecycleClient,
  keys: readonly string[],
  flags: RetryFlags,
  registry: Registry,
): Promise<ExitCode> {
  const priority = priorityOf(flags);
  if (flags.failed) {
    const filter = { ...filterOf(flags), provider: flags.provider, branch: flags.branch?.[0] };
    const listed = await failedKeys(client, filter);
    return tellAll(listed, flags, (key) => retryListed(client, key, { priority, dryRun: flags.dryRun }));
  }
  const branch = branchOf(declarationOf(flags.provider, registry), flags) as RetryOptions['branch']; // the client checks it
  const [key = '', ...others] = keys;
  if (others.length > 0) {
    return tellAll([...new Set(keys)], flags, (one) => retryOne(client, one, { branch, priority }));
  }
  const started = await client.retry(key, { branch, priority });
  if (!flags.json) note(`${started.joined ? 'joined' : 'retried'} ${started.workflowId}`);
  if (!flags.wait) {
    if (flags.json) printJson(started);
    else print(started.key);
    return EXIT.done;
  }
  const status = await follow(client, key, flags.json === true);
  if (flags.json) printJson(status);
  else print(describeStatus(status));
  return exitCodeOfOutcome(status);
}

/** A line for each key as it is done; as JSON an array of all, also of those done before an error. */
async function tellAll(
  keys: readonly string[],
  { json = false }: RetryFlags,
  one: (key: string) => Promise<RetryOutcome>,
): Promise<ExitCode> {
  const outcomes: RetryOutcome[] = [];
  try {
    await forEachKey(keys, one, (outcome) => {
      outcomes.push(outcome);
      if (!json) print(lineOf(outcome));
    });
  } finally {
    if (json) printJson(outcomes);
  }
  const of = (wanted: RetryOutcome['result']): number => outcomes.filter(({ result }) => result === wanted).length;
  if (!json) {
    const done = of('would') > 0 ? `${of('would')} would be retried` : `${of('retried')} retried`;
    note(`${done}, ${of('overtaken')} overtaken, ${of('refused')} refused`);
  }
  return of('refused') > 0 ? EXIT.lifecycleFailed : EXIT.done;
}

const WORDS = { retried: 'retried', would: 'would retry', overtaken: 'left alone', refused: 'refused' } as const;

const lineOf = ({ key, result, because }: RetryOutcome): string =>
  `${WORDS[result]} ${key}${because === undefined ? '' : `: ${because}`}`;

/** Flags that go with `--failed` only; each narrows its list. */
const LIST_FLAGS = ['key', 'asset', 'since', 'until', 'closedSince', 'closedUntil', 'query', 'dryRun'] as const;

/** @throws UsageError for flags that would not be heeded */
function checkFlags(keys: readonly string[], flags: RetryFlags, registry: Registry): void {
  const { failed = false, branch = [], wait } = flags;
  if (failed === keys.length > 0) throw new UsageError('give either <key...> or --failed');
  if (wait && keys.length !== 1) throw new UsageError('--wait: goes with a single key');
  const listFlag = LIST_FLAGS.find((name) => flags[name] !== undefined);
  if (!failed && listFlag) throw new UsageError(`${flagOf(listFlag)}: goes with --failed`);
  const given = ownedFlagIn(flags, registry);
  if (given && (failed || branch.length === 0))
    throw new UsageError(`${given}: goes with <key...> and --branch, which it says more of`);
  refuseStrayFlags(flags, flags.provider, registry);
  if (!failed) return;
  const types = branchTypes(registry);
  if (branch.length > 1 || branch.some((type) => !types.includes(type))) {
    throw new UsageError(`--branch: with --failed it narrows the list, and must be one of ${types.join(', ')}`);
  }
}

const flagOf = (name: string): string => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
