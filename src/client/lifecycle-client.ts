import {
  ServiceError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { STATUS_QUERY, type ProviderName } from '../contracts/ids';
import type { SweepInput, SweepReport } from '../contracts/ledger/sweep';
import type { LifecycleStatus } from '../contracts/lifecycle-status';
import type { CancelRequest, ForceDeleteRequest } from '../contracts/messages';
import type { MediaProvider } from '../providers/media-provider';
import { acceptInput, acceptSweep, branchTypes, DEFAULT_PROVIDER, placeOf } from '../providers/registry';
import type { LifecycleInput, PlaceInput, PlacesInput } from '../providers/registry';
import { grpcCodeOf } from '../temporal/grpc-errors';
import { connectTemporal } from '../temporal/connection';
import { defaultKey } from './default-key';
import { Batches } from './batches/batches';
import { BatchItems, isKeyInUse, type KeyItem } from './batches/batch-items';
import { ClientStore, type OpenStore } from './batches/client-store';
import { cancelItem, deleteItem, retryItem } from './batches/steer-items';
import type { ForceDeletion } from './deletions';
import { InvalidInput, LifecycleNotFound } from '../temporal/errors';
import { isWanted, listQuery, type ListFilter } from '../temporal/runs/list-query';
import { LifecycleCalls, type TemporalAccess } from './lifecycle-calls';
import { retryLifecycle, type RetryOptions } from './start/retry-lifecycle';
import { checkedInput, withSignedUrlAllowed } from './start/checked-input';
import { startLifecycle, type KeyedInput, type StartedLifecycle, type StartOptions } from './start/start-lifecycle';
import type { ProviderAssets } from './assets/provider-assets';
import { providerPlace, withinPlace, type ProviderPlace } from './assets/provider-place';
import { closedStatus } from '../temporal/runs/lifecycle-runs';
import { cancelLifecycle, checkPlace, deleteClosed, signalForceDelete } from './stops';
import { sweep } from './sweeps';
import { statusOfSummary, summaryOf, type LifecycleSummary } from '../temporal/runs/run-status';
import { withUpload } from '../temporal/runs/upload-status';
import type { RunRef } from './watch/follow-history';
import { RunFollowers } from './watch/run-followers';
import { watchRun, type WatchedRun } from './watch/watch-lifecycle';

export interface LifecycleClientOptions {
  /** An existing connection; without it the client connects as the environment says. */
  temporal?: TemporalAccess;
  /** Provider of the lifecycles; default: the first of the registry. */
  provider?: ProviderName;
  /** Opens the provider account behind `assets`, on first use; without it those operations throw. */
  openAccount?: (provider: ProviderName) => Promise<MediaProvider>;
  /**
   * Opens the store of the workers, on first use: reports of batches are read there, and who is at work on a key. Without
   * it reports throw, and keys are those of single lifecycles only.
   */
  openStore?: OpenStore;
}

/** How long to wait for the answer of an open run before its status is read from visibility. */
const QUERY_TIMEOUT_MS = 5000;

/** Starts, follows and stops lifecycles. Every status has the shape {@link LifecycleStatus}. */
export class LifecycleClient {
  readonly assets: ProviderAssets;
  readonly batches: Batches;

  private account: Promise<MediaProvider> | undefined;
  private readonly calls: LifecycleCalls;
  private readonly store: ClientStore;
  private readonly items: BatchItems;
  private readonly followers: RunFollowers;

  private constructor(
    private readonly temporal: TemporalAccess,
    private readonly provider: ProviderName,
    private readonly openAccount: LifecycleClientOptions['openAccount'],
    openStore: OpenStore | undefined,
  ) {
    this.calls = new LifecycleCalls(temporal, provider);
    this.store = new ClientStore(this.calls, openStore);
    this.batches = new Batches(this.calls, this.store);
    this.items = new BatchItems(this.calls, this.store);
    this.followers = new RunFollowers(temporal.client);
    this.assets = providerPlace(() => this.openedAccount()).assets;
  }

  /** @throws TemporalUnreachable · TemporalRefused */
  static async connect(options: LifecycleClientOptions = {}): Promise<LifecycleClient> {
    const temporal = options.temporal ?? (await connectTemporal());
    return new LifecycleClient(temporal, options.provider ?? DEFAULT_PROVIDER, options.openAccount, options.openStore);
  }

  /** Assets and upload sessions in one of the provider's places, such as a data set. */
  within(place: string): ProviderPlace {
    return providerPlace(async () => withinPlace(await this.openedAccount(), place), place);
  }

  /**
   * Starts a lifecycle, or joins the running or completed one of its key. If the key's last run failed, was stopped, or
   * was force-deleted later, a new run starts. It adopts the asset that the run before kept, if the content is the same.
   * A completed key that is started with another branch gets a run that takes that branch over the same asset.
   * Safe to repeat, except with `again`.
   * @throws InvalidInput before anything is started · KeyInUse · LifecycleBeingDeleted
   */
  async start(input: LifecycleInput, options: StartOptions = {}): Promise<StartedLifecycle> {
    const accepted = this.acceptWithKey(options.allowSignedUrl ? withSignedUrlAllowed(input) : input);
    return this.calls.withClientErrors(() => startLifecycle(this.client, accepted, options), accepted.key);
  }

  /**
   * Takes up a failed lifecycle after its cause is mended, such as a quota or a wrong index: a new run adopts the asset, if
   * its content is still the source's, and takes the branches that are not ready. Nothing is uploaded twice.
   * @param options.branch other branches than those of the run.
   * @throws LifecycleNotFound · LifecycleNotFailed for one that runs, has completed or was stopped · InvalidInput
   */
  async retry(key: string, options: RetryOptions = {}): Promise<StartedLifecycle> {
    const place = await this.items.locate(key);
    return 'item' in place
      ? retryItem(this.calls, this.items, place.item, options)
      : retryLifecycle(this.calls, place.run, key, options);
  }

  /** Summary of the latest run of a key. @throws LifecycleNotFound */
  async get(key: string): Promise<LifecycleSummary> {
    return summaryOf(await this.calls.describeRun(key));
  }

  /**
   * Status of the latest run of a key. An open run is queried; if no worker answers, and for closed runs, the status
   * comes from Temporal's records. Of an item of a batch it comes from the workers' store.
   * @throws LifecycleNotFound
   */
  async status(key: string): Promise<LifecycleStatus> {
    const place = await this.items.locate(key);
    return 'item' in place ? this.items.status(place.item) : this.statusOfRun(key, place.run);
  }

  private async statusOfRun(key: string, run: WorkflowExecutionDescription): Promise<LifecycleStatus> {
    if (run.status.name !== 'RUNNING') return this.statusOfClosed(key, run);
    const handle = this.calls.handle(key);
    try {
      const status = await this.client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
        handle.query<LifecycleStatus>(STATUS_QUERY),
      );
      return withUpload(status, run);
    } catch (error) {
      const unanswered = error instanceof ServiceError || grpcCodeOf(error) !== undefined; // no worker, or too many queries
      if (error instanceof WorkflowNotFoundError || unanswered) return withUpload(statusOfSummary(summaryOf(run)), run);
      throw error;
    }
  }

  /**
   * Yields every change of a lifecycle's status, from now to its end; the last one has an outcome. It follows the
   * history by long poll: three requests a minute for a quiet run. Many watches share one list, which may lag.
   * @throws LifecycleNotFound · the signal's reason
   */
  async *watch(key: string, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator<LifecycleStatus> {
    while (!(yield* this.watchPlace(key, signal)));
  }

  /** @returns false once something else goes on with the key: another run, or an item of a batch. */
  private async *watchPlace(key: string, signal: AbortSignal | undefined): AsyncGenerator<LifecycleStatus, boolean> {
    const place = await this.items.locate(key);
    if ('item' in place) return yield* this.items.watch(key, signal);
    const { signal: never } = new AbortController();
    const changes = watchRun(this.watchedRun(key, place.run), signal ?? never);
    try {
      for (;;) {
        const change = await this.calls.withClientErrors(() => changes.next(), key);
        if (change.done) return change.value;
        if (isKeyInUse(change.value) && (await this.itemOf(key))) return false; // the item has the key
        yield change.value;
      }
    } finally {
      await changes.return(true);
    }
  }

  /** Waits for the end and gives the final status, also of a failed lifecycle. @throws LifecycleNotFound */
  async result(key: string): Promise<LifecycleStatus> {
    for (;;) {
      const place = await this.items.locate(key);
      const ended = 'item' in place ? await this.endOfItem(key) : await this.endOfRun(key, place.run);
      if (ended && !(isKeyInUse(ended) && (await this.itemOf(key)))) return ended;
    }
  }

  /** `undefined` once a lifecycle of its own has the key. */
  private async endOfItem(key: string): Promise<LifecycleStatus | undefined> {
    for await (const status of this.items.watch(key, undefined)) if (status.outcome) return status;
    return undefined;
  }

  /** `undefined` if another run goes on with its work. */
  private async endOfRun(key: string, run: WorkflowExecutionDescription): Promise<LifecycleStatus | undefined> {
    const watched = this.watchedRun(key, run);
    await this.calls.withClientErrors(async () => {
      const { signal } = new AbortController();
      for await (const { closed } of watched.follow(signal)) if (closed) return;
    }, key);
    return watched.end();
  }

  /**
   * Asks a lifecycle to stop. `cleanup` overrides the input's policy.
   * Of a batch only the item of that key stops; the others go on.
   * @throws LifecycleNotFound · LifecycleClosed
   */
  async cancel(key: string, request: CancelRequest = {}): Promise<void> {
    const place = await this.items.locate(key);
    if ('item' in place) return cancelItem(this.calls, this.items, place.item, request);
    await cancelLifecycle(this.calls, key, request);
  }

  /**
   * Removes by force everything that a key's lifecycle has made. A running lifecycle, or the group of an item, is asked to
   * stop and delete. For a closed or forgotten one, an `assetDeletion` is started or joined. Safe to repeat. The place has
   * to be named where the provider has such and Temporal does not know the key.
   * @throws InvalidInput · KeyInUse for another place than the key's
   */
  async forceDelete(key: string, request: ForceDeleteRequest & PlaceInput = {}): Promise<ForceDeletion> {
    const { reason, ...place } = request;
    const item = await this.itemOf(key);
    if (item) return deleteItem(this.calls, this.items, item, request);
    await checkPlace(this.calls, key, place);
    const { signalled, known } = await signalForceDelete(this.calls, key, { reason });
    if (!signalled) return { ...(await deleteClosed(this.calls, key, request)), known };
    const { workflowId } = this.calls.handle(key);
    const status = (): Promise<LifecycleStatus> => this.status(key);
    const result = (): Promise<LifecycleStatus> => this.result(key);
    return { key, by: 'assetLifecycle', workflowId, known, status, result };
  }

  /**
   * Removes assets whose lifecycle ended without cleaning them up; waits for the report. The input names the places, one
   * or a list, where the provider has such.
   * @throws InvalidInput before anything is started.
   */
  async sweep(input: Omit<SweepInput, 'provider'> & PlacesInput = {}): Promise<SweepReport> {
    checkedInput(() => acceptSweep({ ...input, provider: this.provider }));
    return this.calls.withClientErrors(() => sweep(this.client, this.provider, input));
  }

  /**
   * Lifecycles of all providers, newest first, from Temporal's visibility (which may lag by about a second). A key that
   * ran several times has several.
   * @throws InvalidInput for a filter that no run can match
   */
  async *list(filter: ListFilter = {}): AsyncGenerator<LifecycleSummary> {
    const { limit = Number.POSITIVE_INFINITY } = filter;
    const query = listQuery(filter, branchTypes());
    const runs = this.client.workflow.list({ query })[Symbol.asyncIterator]();
    for (let given = 0; given < limit;) {
      const next = await this.calls.withClientErrors(() => runs.next());
      if (next.done) return;
      const summary = summaryOf(next.value);
      if (!isWanted(summary, filter)) continue;
      given += 1;
      yield summary;
    }
  }

  async close(): Promise<void> {
    await (await this.account)?.close();
    await this.store.close();
    await this.temporal.client.connection.close();
  }

  /** The item of a batch that the key is; `undefined` for a lifecycle of its own, or a key that nobody knows. */
  private async itemOf(key: string): Promise<KeyItem | undefined> {
    try {
      const place = await this.items.locate(key);
      return 'item' in place ? place.item : undefined;
    } catch (error) {
      if (error instanceof LifecycleNotFound) return undefined;
      throw error;
    }
  }

  private async openedAccount(): Promise<MediaProvider> {
    if (!this.openAccount) throw new InvalidInput('assets: this client was made without a provider account');
    return (this.account ??= this.openAccount(this.provider));
  }

  private get client(): Client {
    return this.temporal.client;
  }

  private acceptWithKey(input: LifecycleInput): KeyedInput {
    const accepted = checkedInput(() => acceptInput(input));
    if (accepted.provider !== this.provider) {
      throw new InvalidInput(`provider: this client is for "${this.provider}", not for "${accepted.provider}"`);
    }
    return { ...accepted, key: accepted.key ?? defaultKey(accepted.source, placeOf(accepted)) };
  }

  private watchedRun(key: string, { workflowId, runId, raw }: WorkflowExecutionDescription): WatchedRun {
    const run = { workflowId, runId };
    return {
      follow: (signal) => this.followers.follow(run, signal),
      ask: async () => this.statusOfRun(key, await this.calls.describeRun(key)),
      describe: () =>
        this.calls.withClientErrors(() => this.client.workflow.getHandle(workflowId, runId).describe(), key),
      withUpload,
      end: async () => {
        const latest = await this.calls.describeRun(key);
        const first = raw.workflowExecutionInfo?.firstRunId;
        const goesOn = latest.runId !== runId && latest.raw.workflowExecutionInfo?.firstRunId === first;
        return goesOn ? undefined : this.statusOfClosed(key, run);
      },
    };
  }

  private async statusOfClosed(key: string, run: RunRef): Promise<LifecycleStatus> {
    return this.calls.withClientErrors(() => closedStatus(this.client, run), key);
  }
}
