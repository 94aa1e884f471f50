import type { ProviderRef } from '../contracts/activities';
import { failure } from '../contracts/failures';
import type { ProviderName } from '../contracts/ids';
import type { UploadProgress } from '../contracts/messages';
import type { LedgerTag, LifecycleTag } from '../contracts/resource';
import type { MediaReader } from '../media/media-reader';
import type { MediaProvider } from '../providers/media-provider';
import { NO_BRANCH } from '../contracts/branches/branch';
import type { BranchKind } from '../providers/branch-kind';
import type { StatusWatcher } from '../providers/shared/watch/status-watcher';
import type { MarkStore } from '../storage/results/mark-store';
import type { ResultStore } from '../storage/results/result-store';
import type { FileSources } from '../storage/files/file-sources';
import type { ObjectSources } from '../storage/files/source-object';
import type { LifecycleRuns } from './lifecycle-runs';
import type { SourceQueues } from './source-queues';
import type { PartBuffers } from '../providers/shared/parts/part-buffers';

/** A provider account as the activities use it. */
export interface Account {
  provider: MediaProvider;
  watcher: Pick<StatusWatcher, 'until'>;
}

export interface ActivityProgress {
  /** Ends once the server has these heartbeat details, so that the next attempt has them whatever happens now. */
  makeDurable(details: unknown): Promise<void>;
  /** Tells the workflow how far an upload is; costs it events. */
  tell(progress: UploadProgress): Promise<void>;
}

/** What the activities work with; `worker.ts` composes it. */
export interface ActivityDependencies {
  accounts: Readonly<Record<ProviderName, Account>>;
  sources: FileSources;
  objects: ObjectSources;
  /** Looks into sources before they are submitted. */
  media: Pick<MediaReader, 'factsOf'>;
  results: ResultStore;
  /** What was added to the tags of assets at a provider that adds nothing to an asset. */
  marks: MarkStore;
  /** Other hosts than this one whose workers serve the provider. */
  otherHosts: (provider: ProviderName) => Promise<readonly string[]>;
  /** The lifecycles that Temporal knows of. */
  runs: LifecycleRuns;
  /** Who serves which folder. */
  sourceQueues: SourceQueues;
  /** How long a file may wait for a worker that serves its folder, in milliseconds. */
  sourceDeadlineMs: number;
  /** Id of the Temporal namespace, which marks what its lifecycles make. */
  owner: string;
  /** What a running activity tells Temporal beside its heartbeats. */
  progress: ActivityProgress;
  /** Aborted once the worker was told to stop: what can go on elsewhere is handed back. */
  stopping: AbortSignal;
  /** Memory of the parts on their way, of all uploads of this worker. */
  partBuffers: PartBuffers;
  /** Least time between two pages of a walk over all assets, in milliseconds. */
  listSpacingMs: number;
  /** How long a create whose answer was lost may still take effect, in milliseconds. */
  settleWindowMs: number;
}

export function accountOf(deps: ActivityDependencies, name: ProviderName): Account {
  const account: Account | undefined = deps.accounts[name];
  if (account) return account;
  throw failure('InvalidRequest', `provider: this worker has no account at "${name}"; give it that provider's API key`);
}

/** The tag with which this worker marks what a lifecycle makes. */
export const ledgerTag = ({ owner }: ActivityDependencies, tag: LifecycleTag): LedgerTag => ({ ...tag, owner });

/**
 * The provider as a step uses it: within the asset's place, where the provider has places.
 * @throws InvalidRequest for a place that is missing there, or named elsewhere
 */
export function providerOf(deps: ActivityDependencies, { provider: name, place }: ProviderRef): MediaProvider {
  const { provider } = accountOf(deps, name);
  const { within } = provider;
  if (within && place !== undefined) return within(place);
  if (!within && place === undefined) return provider;
  throw failure('InvalidRequest', within ? `place: say in which, at "${name}"` : `place: "${name}" has no places`);
}

/** @throws InvalidRequest for a branch that the provider does not have */
export function branchKindOf({ name, branches }: MediaProvider, type: string): BranchKind {
  const kind = branches[type];
  if (kind) return kind;
  const known = [...Object.keys(branches), NO_BRANCH].map((one) => `"${one}"`).join(', ');
  throw failure('InvalidRequest', `branch.type: "${name}" has no branch "${type}", only ${known}`);
}
