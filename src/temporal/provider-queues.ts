import type { WorkerOptions } from '@temporalio/worker';
import type { AllActivities } from '../contracts/activities';
import {
  callTaskQueue,
  fileTaskQueue,
  objectTaskQueue,
  rootTaskQueue,
  waitTaskQueue,
  type ProviderName,
} from '../contracts/ids';

/** What a worker serves of each provider. */
interface Served {
  /** Folders whose files it uploads, each under every name that is served. */
  roots: readonly string[];
  /** Most activities at once, by task queue; of uploads, for each folder. */
  slots: { calls: number; waits: number; uploads: number; objects: number };
}

interface ServedProvider {
  name: ProviderName;
  /** Its submissions wait for others to share a request. */
  gathers: boolean;
}

/**
 * Slots of a queue whose submissions wait for each other to share a request: with fewer, those that share it would be
 * few. They share the lanes of that request as well, so that its memory stays what it is for one.
 */
const GATHERED_UPLOADS = 500;

/** The task queues of one provider, each with its activities and slots. */
export function providerQueues(
  { name, gathers }: ServedProvider,
  { roots, slots: given }: Served,
  activities: AllActivities,
): Partial<WorkerOptions>[] {
  const least = gathers ? GATHERED_UPLOADS : 1;
  const slots = { ...given, uploads: Math.max(given.uploads, least), objects: Math.max(given.objects, least) };
  const served: Served = { roots, slots };
  const uploads: Partial<AllActivities> = { submitSource: (input) => activities.submitSource(input) };
  return [
    ...fileQueues(name, served).map((options) => ({ ...options, activities: uploads })),
    {
      taskQueue: callTaskQueue(name),
      activities: calls(activities),
      maxConcurrentActivityTaskExecutions: slots.calls,
    },
    { taskQueue: objectTaskQueue(name), activities: uploads, maxConcurrentActivityTaskExecutions: slots.objects },
    { taskQueue: waitTaskQueue(name), activities: waits(activities), maxConcurrentActivityTaskExecutions: slots.waits },
  ];
}

/**
 * Where the uploads of this worker's folders come from, and where it says that it serves them. They come first, so that a
 * run which begins with this worker finds them.
 */
function fileQueues(name: ProviderName, { roots, slots }: Served): Partial<WorkerOptions>[] {
  if (roots.length === 0) return [];
  return [undefined, ...roots].flatMap((root) => [
    { taskQueue: rootTaskQueue(name, root), maxConcurrentActivityTaskExecutions: 1, maxConcurrentActivityTaskPolls: 1 },
    {
      taskQueue: fileTaskQueue(name, root),
      maxConcurrentActivityTaskExecutions: slots.uploads,
      maxConcurrentActivityTaskPolls: 2,
    },
  ]);
}

const WAITS = ['findSourceQueue', 'untilAssetReady', 'untilBranchReady'] as const;

const waits = (activities: AllActivities): Partial<AllActivities> =>
  Object.fromEntries(WAITS.map((name) => [name, activities[name]]));

const calls = (activities: AllActivities): Partial<AllActivities> =>
  Object.fromEntries(Object.entries(activities).filter(([name]) => !(WAITS as readonly string[]).includes(name)));
