import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { isElsewhere } from './activities/find-source-queue';
import { createActivities, createLocalActivities } from './activities/create-activities';
import { connectError, temporalSettings } from './temporal/connection';
import { MediaReader } from './media/media-reader';
import { PartBuffers } from './providers/shared/parts/part-buffers';
import { activityProgress } from './temporal/activity-progress';
import { lifecycleRuns } from './temporal/runs/lifecycle-runs';
import { sourceQueues } from './temporal/source-queues';
import type { Config } from './config';
import { ConfigError } from './config-error';
import type { FileSource, S3Source } from './contracts/source';
import { callTaskQueue, WORKFLOW_TASK_QUEUE } from './contracts/ids';
import type { MediaProvider } from './providers/media-provider';
import { withGatheredIntake } from './providers/shared/gather-submissions';
import { withMarksBeside } from './providers/shared/marks-beside';
import { StatusWatcher } from './providers/shared/watch/status-watcher';
import { createFolderMarkStore } from './storage/results/folder-mark-store';
import { createFolderResultStore } from './storage/results/folder-result-store';
import type { MarkStore } from './storage/results/mark-store';
import { createFolderSharedFiles } from './storage/batches/folder-shared-files';
import { createKeyClaims } from './storage/batches/key-claims';
import type { SharedFiles } from './storage/batches/shared-files';
import { createFileListing } from './storage/files/list-files';
import { createS3Listing } from './storage/s3/s3-listing';
import { createS3SharedFiles } from './storage/s3/s3-shared-files';
import type { ResultStore } from './storage/results/result-store';
import { createS3MarkStore } from './storage/s3/s3-mark-store';
import { createS3ResultStore } from './storage/s3/s3-result-store';
import { createFileSources } from './storage/files/file-sources';
import { s3Access, type S3Access } from './storage/s3/s3-client';
import { createS3Sources } from './storage/s3/s3-sources';
import { inspectNamespace, retentionWarning, type NamespaceState } from './temporal/namespace/namespace';
import { otherHostsPolling } from './temporal/namespace/other-hosts';
import { providerQueues } from './temporal/provider-queues';
import { createWorkers, runWorkers } from './temporal/run-workers';
import { commandsToAdd } from './temporal/namespace/search-attributes';

/** After the grace, calls are cancelled; one that has not ended this much later is abandoned, and the worker fails. */
const ABANDONED_AFTER_MS = 10_000;
/** A cancellation reaches a running call with its next heartbeat, so heartbeats are not held back for long. */
const HEARTBEAT_THROTTLE = '1s';

export type OnNotice = (line: string) => void;

export interface WorkerSettings {
  config: Config;
  /** The opened accounts, one for each provider that is to be served; closed when the worker has stopped. */
  providers: readonly MediaProvider[];
  /** The address is for messages. */
  temporal: { connection: NativeConnection; namespace: string; address?: string };
  /** Hears what the operator should know though the worker starts; a line each. */
  onNotice?: OnNotice;
  /** Path of another bundle of workflows than the build's, for tests. */
  workflowBundle?: string;
  /** Changes to the Temporal workers' own options, for tests and benches. */
  overrides?: Partial<WorkerOptions>;
}

export interface RunningWorker {
  /** Ends when the worker has stopped; fails when it died, or when a call did not end and was abandoned. */
  readonly done: Promise<void>;
  /** Hands held waits back at once, lets calls in flight finish, and stops. */
  stop(): Promise<void>;
}

export interface WorkerConnection {
  connection: NativeConnection;
  namespace: string;
  address: string;
}

/** Connects as Temporal's own tools do, or to the server `at`. @throws TemporalUnreachable naming the address. */
export async function connectWorker(at?: { address: string; namespace: string }): Promise<WorkerConnection> {
  const { connectionOptions, namespace, address } = temporalSettings(at);
  try {
    return { connection: await NativeConnection.connect(connectionOptions), namespace, address };
  } catch (error) {
    throw connectError(error, address);
  }
}

/**
 * Starts polling: workflows, and for each provider its calls, held waits, S3 objects and the uploads of each source root,
 * each on a task queue of its own.
 */
export async function startWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const s3 = s3Access(settings.config.s3, settings.config.proxies);
  const close = async (): Promise<void> => {
    s3.close();
    await Promise.all(settings.providers.map((provider) => provider.close()));
  };
  try {
    return await start(settings, s3, close);
  } catch (error) {
    await close().catch(() => {}); // an error here must not hide why the start failed
    throw error;
  }
}

async function start(settings: WorkerSettings, s3: S3Access, close: () => Promise<void>): Promise<RunningWorker> {
  const { config, providers, temporal, workflowBundle = WORKFLOW_BUNDLE, overrides, onNotice = () => {} } = settings;
  const { id: owner } = await checkedNamespace(temporal, onNotice);
  for (const { name } of providers) await tellOfOtherHosts(config, temporal, callTaskQueue(name), onNotice);
  const client = new Client(temporal);
  const stopping = new AbortController();
  const queues = sourceQueues(client);
  const { results, marks } = await openStores(config, s3);
  for (const provider of providers) provider.keepDeparturesIn?.(marks.departures(provider.name));
  const accounts = providers.map((provider) => ({
    provider: withMarksBeside(withGatheredIntake(provider), { marks, owner }),
    watcher: new StatusWatcher({ provider, ...config.poll }),
  }));
  const files = sharedFiles(config, s3);
  const fileSources = createFileSources({ roots: config.sourceRoots });
  const roots = await namesOfRoots(config.sourceRoots);
  const objects = { ...createS3Sources(s3), ...createS3Listing(s3) };
  const media = new MediaReader();
  const mediaOf = async ({ source, filename }: { source: FileSource | S3Source; filename: string }) => {
    const bytes = await (source.type === 'file' ? fileSources.resolve(source.path) : objects.resolve(source));
    return media.factsOf({ filename, sizeBytes: bytes.sizeBytes, read: (...range) => bytes.read(...range) });
  };
  const activities = createActivities({
    accounts: Object.fromEntries(accounts.map((account) => [account.provider.name, account])),
    sources: fileSources,
    objects,
    batches: {
      files,
      claims: createKeyClaims(files),
      access: {
        files: createFileListing({ roots: config.sourceRoots }),
        manifests: fileSources,
        objects,
        media: mediaOf,
        isElsewhere: (name, file) => isElsewhere(queues, { provider: name, file, own: roots }),
      },
    },
    media,
    results,
    marks,
    otherHosts: (name) => otherHostsPolling(temporal.connection, temporal.namespace, callTaskQueue(name)),
    settleWindowMs: config.settleWindowMs,
    runs: lifecycleRuns(client),
    progress: activityProgress(client),
    stopping: stopping.signal,
    sourceQueues: queues,
    partBuffers: new PartBuffers(config.uploadBufferBytes),
    sourceDeadlineMs: config.sourceDeadlineMs,
    owner,
    listSpacingMs: 60_000 / config.poll.requestsPerMinute,
  });
  const common: WorkerOptions = {
    connection: temporal.connection,
    namespace: temporal.namespace,
    taskQueue: WORKFLOW_TASK_QUEUE,
    shutdownGraceTime: config.shutdownGraceMs,
    shutdownForceTime: config.shutdownGraceMs + ABANDONED_AFTER_MS,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    ...overrides,
  };
  const served = { roots, slots: config.slots };
  const workers = await createWorkers([
    Worker.create({
      workflowBundle: { codePath: workflowBundle },
      maxCachedWorkflows: config.slots.cachedWorkflows,
      ...common,
      activities: createLocalActivities({ owner, sourceQueues: queues }),
      enableNonLocalActivities: false,
    }),
    ...providers
      .flatMap(({ name, traits }) => providerQueues({ name, gathers: traits.gatherMs > 0 }, served, activities))
      .map((options) => Worker.create({ ...common, ...options })),
  ]);
  return runWorkers(workers, {
    handBack: () => {
      for (const { watcher } of accounts) watcher.handBack();
      stopping.abort();
      queues.handBack();
    },
    close,
  });
}

/** What batches keep lies beside the results. */
const sharedFiles = ({ results }: Config, s3: S3Access): SharedFiles =>
  'folder' in results ? createFolderSharedFiles(results.folder) : createS3SharedFiles(s3, results);

/** A root that is reached by a symlink is served under both names. */
async function namesOfRoots(roots: readonly string[]): Promise<string[]> {
  const real = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
  return [...new Set([...roots, ...real])];
}

/** Checks the store before the worker takes any work. Marks lie beside the results. */
async function openStores({ results: at }: Config, s3: S3Access): Promise<{ results: ResultStore; marks: MarkStore }> {
  if ('folder' in at) return { results: createFolderResultStore(at.folder), marks: createFolderMarkStore(at.folder) };
  const results = createS3ResultStore(s3, at);
  await results.check();
  return { results, marks: createS3MarkStore(s3, at) };
}

/**
 * Without its search attributes every workflow task of a namespace would fail, and be tried again for ever.
 * @throws ConfigError with the commands that add them.
 */
async function checkedNamespace(
  { connection, namespace, address = '<address>' }: WorkerSettings['temporal'],
  onNotice: OnNotice,
): Promise<NamespaceState> {
  const state = await inspectNamespace(connection, namespace);
  const { missing, mistyped } = state.searchAttributes;
  if (mistyped.length > 0) throw new ConfigError(`namespace "${namespace}": search attribute ${mistyped.join('; ')}`);
  if (missing.length > 0) {
    throw new ConfigError(
      `namespace "${namespace}" lacks search attributes (${missing.join(', ')}); run "asset-lifecycle setup", or: ` +
        commandsToAdd(namespace, missing, address).join('; on Temporal Cloud: '),
    );
  }
  const warning = retentionWarning(state);
  if (warning) onNotice(`namespace "${namespace}": ${warning}`);
  return state;
}

/** A result in a folder can be deleted by this host alone, but a cleanup or a sweep may run on any. */
async function tellOfOtherHosts(
  { results }: Config,
  { connection, namespace }: WorkerSettings['temporal'],
  taskQueue: string,
  onNotice: OnNotice,
): Promise<void> {
  if (!('folder' in results)) return;
  const hosts = await otherHostsPolling(connection, namespace, taskQueue);
  if (hosts.length === 0) return;
  onNotice(
    `results lie in ${results.folder}, and workers on other hosts (${hosts.join(', ')}) serve this namespace too: unless ` +
      'all of them share that folder, a result is deleted only when its own host cleans up; ' +
      'set ASSET_LIFECYCLE_RESULTS=s3://bucket/prefix for all',
  );
}

/** Written by the build, beside the compiled sources. */
const WORKFLOW_BUNDLE = path.join(__dirname, '../workflow-bundle.js');
