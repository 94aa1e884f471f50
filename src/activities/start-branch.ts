import { log } from '@temporalio/activity';
import type { Activities, StartBranchInput, StartedBranch } from '../contracts/activities';
import { failureType } from '../contracts/failures';
import { carriesTag, joinedField } from '../contracts/resource';
import type { BranchItem, BranchKind, BranchStart } from '../providers/branch-kind';
import type { MediaProvider } from '../providers/media-provider';
import { only, SubmissionAborted } from '../providers/outcome';
import { branchKindOf, ledgerTag, providerOf, type ActivityDependencies } from './dependencies';
import { cancellationOf, withHeartbeat } from './lib/activity-call';
import { writeOnce } from './lib/write-once';
import { storeAndRelease } from './store-records';

/**
 * Starts a branch over the ready asset, once: the branch's own `effect` says how a repeat is guarded. Records that come
 * with the answer are stored at once.
 * @throws InvalidRequest for a branch that the provider does not have · OutcomeUnknown · whatever the provider says.
 */
export const createStartBranch =
  (deps: ActivityDependencies): Activities['startBranch'] =>
  async (input) => {
    const provider = providerOf(deps, input);
    const kind = branchKindOf(provider, input.branch.type);
    const { branch, assetId, fileType, filename, name } = input;
    const item: BranchItem = { branch, assetId, fileType, filename, name, tag: ledgerTag(deps, input.tag) };
    switch (kind.effect(branch)) {
      case 'free':
        return startFreely(deps, { kind, item, input });
      case 'create':
        return startedOf(sparing(await create(deps, kind, item), input));
      case 'join':
        return startedOf(await join(deps, { provider, kind, item, joins: input.joins }));
    }
  };

const startedOf = ({ handle, id, adopted }: BranchStart): StartedBranch => ({ handle, id, adopted });

/** What an earlier run of the key made is not this run's to remove, if it is to be spared. */
const sparing = (start: BranchStart, { sparesEarlier, tag }: StartBranchInput): BranchStart =>
  sparesEarlier && start.madeBy !== undefined && start.madeBy !== tag.runId ? { ...start, adopted: true } : start;

/** Makes nothing at the provider that has to be removed, so after a lost answer it is simply repeated. */
const startFreely = (
  deps: ActivityDependencies,
  { kind, item, input }: { kind: BranchKind; item: BranchItem; input: StartBranchInput },
): Promise<StartedBranch> =>
  withHeartbeat(async (signal) => {
    try {
      const start = only(await kind.start([item], { signal }));
      if (!start.records || !input.store) return startedOf(start);
      if (signal.aborted) throw cancellationOf(signal);
      const { records, words = `The ${kind.type} of asset ${item.assetId}` } = start;
      return { stored: await storeAndRelease(deps, { words, records, target: input.store }, signal) };
    } catch (error) {
      throw error instanceof SubmissionAborted ? cancellationOf(signal) : error;
    }
  });

const create = (deps: ActivityDependencies, kind: BranchKind, item: BranchItem): Promise<BranchStart> =>
  writeOnce<BranchStart, undefined>({
    settleWindowMs: deps.settleWindowMs,
    prepare: async () => undefined,
    find: async (_prepared, { signal }) => (await kind.find?.(item, { signal }))?.[0],
    make: async (_prepared, signal) => only(await kind.start([item], { signal })),
  });

interface Joining {
  provider: MediaProvider;
  kind: BranchKind;
  item: BranchItem;
  joins: StartBranchInput['joins'];
}

/**
 * Adding twice changes nothing, so a repeat waits for no late answer. But whether the asset was there before must be
 * known, so the server gets a record before the write goes out. An attempt that finds the asset and no record knows that
 * somebody else has added it.
 */
const join = (deps: ActivityDependencies, { provider, kind, item, joins }: Joining): Promise<BranchStart> =>
  writeOnce<BranchStart, undefined>({
    settleWindowMs: 0,
    prepare: async () => undefined,
    find: async (_prepared, { ambiguous, signal }) => {
      const [found] = (await kind.find?.(item, { signal })) ?? [];
      return found && { ...found, adopted: ambiguous ? undefined : found.adopted };
    },
    record: (details) => deps.progress.makeDurable(details),
    make: async (_prepared, signal) => {
      if (joins) await noteJoined(provider, item, joins, signal);
      return only(await kind.start([item], { signal }));
    },
  });

/** Notes on the lifecycle's own asset what it joins: a sweep reads there from what the asset is to be taken out. */
async function noteJoined(
  { assets }: MediaProvider,
  { assetId, tag }: Pick<BranchItem, 'assetId' | 'tag'>,
  joined: NonNullable<StartBranchInput['joins']>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { metadata } = await assets.get(assetId, { signal });
    if (!carriesTag(metadata, tag)) return;
    const fields = joinedField({ ...joined, runId: tag.runId });
    only(await assets.annotate([{ assetId, fields }], { signal }));
  } catch (error) {
    if (failureType(error) !== 'ProviderRejected') throw error;
    log.warn('the asset could not be noted as a part of it', { assetId, ...joined, error: String(error) });
  }
}
