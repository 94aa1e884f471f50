import {
  ServiceError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import {
  CANCEL_SIGNAL,
  FORCE_DELETE_SIGNAL,
  lifecycleWorkflowId,
  STATUS_QUERY,
  type ProviderName,
} from '../contracts/ids';
import type { SweepInput, SweepReport } from '../contracts/ledger/sweep';
import type { LifecycleStatus } from '../contracts/lifecycle-status';
import type { CancelRequest, ForceDeleteRequest } from '../contracts/messages';
import type { MediaProvider } from '../providers/media-provider';
import { acceptInput, acceptSweep, DEFAULT_PROVIDER, type LifecycleInput } from '../providers/registry';
import { grpcCodeOf } from '../temporal/grpc-errors';
import { connectTemporal, temporalError } from '../temporal/connection';
import { defaultKey } from './default-key';
import { startDeletion, type ForceDeletion } from './deletions';
import { InvalidInput, LifecycleClosed, LifecycleNotFound } from '../temporal/errors';
import { listQuery, type ListFilter } from '../temporal/runs/list-query';
import { startLifecycle, type KeyedInput, type StartedLifecycle, type StartOptions } from './start/start-lifecycle';
import { providerAssets, type ProviderAssets } from './provider-assets';
import { closedStatus } from '../temporal/runs/lifecycle-runs';
import { sweep } from './sweeps';
import { statusOfSummary, summaryOf, type LifecycleSummary } from '../temporal/runs/run-status';
import { withUpload } from '../temporal/runs/upload-status';
import type { RunRef } from './watch/follow-history';
import { RunFollowers } from './watch/run-followers';
import { watchRun, type WatchedRun } from './watch/watch-lifecycle';

export interface LifecycleClientOptions {
  /** An existing connection; without it the client connects as the environment says. */
  temporal?: { client: Client; address: string; namespace: string };
  /** Whose lifecycles it starts and follows; default: the first of the registry. */
  provider?: ProviderName;
  /** Opens the provider account behind `assets`, on first use; without it those operations throw. */
  openAccount?: (provider: ProviderName) => Promise<MediaProvider>;
}

/** How long to wait for the answer of an open run before its status is read from visibility. */
const QUERY_TIMEOUT_MS = 5000;

/** Starts and follows lifecycles. Everything it gives has the one shape {@link LifecycleStatus}. */
export class LifecycleClient {
  readonly assets: ProviderAssets;

  private account: Promise<MediaProvider> | undefined;
  private readonly followers: RunFollowers;

  private constructor(
    private readonly temporal: { client: Client; address: string; namespace: string },
    private readonly provider: ProviderName,
    openAccount: LifecycleClientOptions['openAccount'],
  ) {
    this.followers = new RunFollowers(temporal.client);
    this.assets = providerAssets(() => {
      if (!openAccount) throw new InvalidInput('assets: this client was made without a provider account');
      return (this.account ??= openAccount(provider));
    });
  }

  /** @throws TemporalUnreachable · TemporalRefused */
  static async connect(options: LifecycleClientOptions = {}): Promise<LifecycleClient> {
    const temporal = options.temporal ?? (await connectTemporal());
    return new LifecycleClient(temporal, options.provider ?? DEFAULT_PROVIDER, options.openAccount);
  }

  /**
   * Starts a lifecycle, or joins the one that its key has: a running one, or one that completed. A key whose last run
   * failed or was stopped starts anew, and so does one that was force-deleted since; it takes up the asset that the run
   * before may have kept, if that has the same content. Safe to repeat, unless with `again`.
   * @throws InvalidInput before anything is started · LifecycleBeingDeleted
   */
  async start(input: LifecycleInput, options: StartOptions = {}): Promise<StartedLifecycle> {
    const accepted = this.accept(options.allowSignedUrl ? withSignedUrlAllowed(input) : input);
    return this.reached(() => startLifecycle(this.client, accepted, options), accepted.key);
  }

  /** Summary of the latest run of a key. @throws LifecycleNotFound */
  async get(key: string): Promise<LifecycleSummary> {
    return summaryOf(await this.describe(key));
  }

  /**
   * What a lifecycle is doing, or how it ended. An open run answers for itself; when no worker is there to answer,
   * and for closed runs, it comes from what Temporal keeps.
   * @throws LifecycleNotFound
   */
  async status(key: string): Promise<LifecycleStatus> {
    const run = await this.describe(key);
    if (run.status.name !== 'RUNNING') return this.statusOfClosed(key, run);
    const handle = this.handle(key);
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
   * Every change of a lifecycle's status, from now to its end. The last one has an outcome. Its history is followed by
   * long poll, so that a quiet run costs three requests a minute; many at once share one list, which may lag by seconds.
   * @throws LifecycleNotFound · the signal's reason
   */
  async *watch(key: string, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator<LifecycleStatus> {
    const { signal: never } = new AbortController();
    for (;;) {
      const run = await this.describe(key);
      const changes = watchRun(this.watchedRun(key, run), signal ?? never);
      for (;;) {
        const change = await this.reached(() => changes.next(), key);
        if (change.done && change.value) return;
        if (change.done) break; // another run goes on with its work
        yield change.value;
      }
    }
  }

  /** Waits to the end; gives the status however it ended, also when it failed. @throws LifecycleNotFound */
  async result(key: string): Promise<LifecycleStatus> {
    for (;;) {
      const run = await this.describe(key);
      const watched = this.watchedRun(key, run);
      await this.reached(async () => {
        const { signal } = new AbortController();
        for await (const { closed } of watched.follow(signal)) if (closed) return;
      }, key);
      const ended = await watched.end();
      if (ended) return ended;
    }
  }

  /** Asks a lifecycle to stop. `cleanup` overrides its own policy. @throws LifecycleNotFound · LifecycleClosed */
  async cancel(key: string, request: CancelRequest = {}): Promise<void> {
    await this.signal(key, CANCEL_SIGNAL, request);
  }

  /**
   * Removes by force everything that a key's lifecycle has made: a running one is asked to stop and to do it; for a
   * closed one, or one that Temporal has forgotten, an `assetDeletion` is started, or joined. Harmless to repeat.
   */
  async forceDelete(key: string, request: ForceDeleteRequest = {}): Promise<ForceDeletion> {
    const { workflowId } = this.handle(key);
    let known = true;
    try {
      await this.signal(key, FORCE_DELETE_SIGNAL, request);
      const [status, result] = [() => this.status(key), () => this.result(key)];
      return { key, by: 'assetLifecycle', workflowId, known, status, result };
    } catch (error) {
      if (!(error instanceof LifecycleClosed || error instanceof LifecycleNotFound)) throw error;
      known = error instanceof LifecycleClosed;
    }
    const input = { key, provider: this.provider, reason: request.reason };
    const deletion = await this.reached(() => startDeletion(this.client, input));
    const status = (): Promise<LifecycleStatus> => this.reached(() => deletion.status(), key);
    const result = (): Promise<LifecycleStatus> => this.reached(() => deletion.result(), key);
    return { ...deletion, known, status, result };
  }

  /**
   * Removes assets whose lifecycle has gone without cleaning up; waits for the report.
   * @throws InvalidInput before anything is started.
   */
  async sweep(input: Omit<SweepInput, 'provider'> = {}): Promise<SweepReport> {
    const checked = checkedInput(() => acceptSweep({ ...input, provider: this.provider }));
    return this.reached(() => sweep(this.client, this.provider, checked));
  }

  /** Lifecycles, newest first, from Temporal's visibility (which may lag by about a second). */
  async *list(filter: ListFilter = {}): AsyncGenerator<LifecycleSummary> {
    const { key = '', limit = Number.POSITIVE_INFINITY } = filter;
    const runs = this.client.workflow.list({ query: listQuery(filter) })[Symbol.asyncIterator]();
    for (let given = 0; given < limit;) {
      const next = await this.reached(() => runs.next());
      if (next.done) return;
      const summary = summaryOf(next.value);
      if (!summary.key.startsWith(key)) continue;
      given += 1;
      yield summary;
    }
  }

  async close(): Promise<void> {
    await (await this.account)?.close();
    await this.temporal.client.connection.close();
  }

  private get client(): Client {
    return this.temporal.client;
  }

  private accept(input: LifecycleInput): KeyedInput {
    const accepted = checkedInput(() => acceptInput(input));
    if (accepted.provider !== this.provider) {
      throw new InvalidInput(`provider: this client is for "${this.provider}", not for "${accepted.provider}"`);
    }
    return { ...accepted, key: accepted.key ?? defaultKey(accepted.source) };
  }

  private handle(key: string): WorkflowHandle {
    return this.client.workflow.getHandle(lifecycleWorkflowId(this.provider, key));
  }

  private async describe(key: string): Promise<WorkflowExecutionDescription> {
    return this.reached(() => this.handle(key).describe(), key);
  }

  private watchedRun(key: string, { workflowId, runId, raw }: WorkflowExecutionDescription): WatchedRun {
    const run = { workflowId, runId };
    return {
      follow: (signal) => this.followers.follow(run, signal),
      ask: () => this.status(key),
      describe: () => this.reached(() => this.client.workflow.getHandle(workflowId, runId).describe(), key),
      withUpload,
      end: async () => {
        const latest = await this.describe(key);
        const first = raw.workflowExecutionInfo?.firstRunId;
        const goesOn = latest.runId !== runId && latest.raw.workflowExecutionInfo?.firstRunId === first;
        return goesOn ? undefined : this.statusOfClosed(key, run);
      },
    };
  }

  private async statusOfClosed(key: string, run: RunRef): Promise<LifecycleStatus> {
    return this.reached(() => closedStatus(this.client, run), key);
  }

  private async signal(key: string, name: string, request: object): Promise<void> {
    const run = await this.describe(key);
    const closed = new LifecycleClosed(
      `lifecycle "${key}" has ended (${summaryOf(run).outcome}); there is nothing to stop`,
    );
    if (run.status.name !== 'RUNNING') throw closed;
    try {
      await this.handle(key).signal(name, request);
    } catch (error) {
      throw temporalError(error, this.temporal) ?? (error instanceof WorkflowNotFoundError ? closed : error);
    }
  }

  /** Turns errors of the way to Temporal into errors of this client. */
  private async reached<T>(call: () => Promise<T>, key?: string): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const known = temporalError(error, this.temporal);
      if (known) throw known;
      if (error instanceof WorkflowNotFoundError) throw new LifecycleNotFound(`no lifecycle has the key "${key}"`);
      throw error;
    }
  }
}

/** The permission travels with the source, so that the workflow knows of it. */
function withSignedUrlAllowed(input: LifecycleInput): LifecycleInput {
  const source = input?.source; // not checked yet: it may be anything
  return source?.type === 'url' ? { ...input, source: { ...source, allowSignedUrl: true } } : input;
}

function checkedInput<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new InvalidInput((error as Error).message, { cause: error });
  }
}
