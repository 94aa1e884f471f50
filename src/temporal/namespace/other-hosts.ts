import { hostname } from 'node:os';
import type { Connection } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time';

/** `TASK_QUEUE_TYPE_ACTIVITY` of the API. */
const ACTIVITY_TASKS = 2;
/** A worker polls anew every minute; the server forgets one that it has not seen for five. */
const SEEN_WITHIN_MS = 120_000;

/**
 * Hosts whose workers take activities from a task queue, or did a moment ago, other than this one.
 * The SDK's default identity names the host after an `@`; workers with an identity of their own are not seen.
 */
export async function otherHostsPolling(
  { workflowService }: Pick<Connection, 'workflowService'>,
  namespace: string,
  taskQueue: string,
): Promise<string[]> {
  const request = { namespace, taskQueue: { name: taskQueue }, taskQueueType: ACTIVITY_TASKS };
  const { pollers } = await workflowService.describeTaskQueue(request);
  const since = Date.now() - SEEN_WITHIN_MS;
  const recent = (pollers ?? []).filter(({ lastAccessTime }) => (optionalTsToMs(lastAccessTime) ?? 0) > since);
  const hosts = recent.flatMap(({ identity }) => /@(.+)$/.exec(identity ?? '')?.[1] ?? []);
  return [...new Set(hosts)].filter((host) => host !== hostname()).toSorted();
}
