import path from 'node:path';
import type { Client } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import type { ProviderName } from '../contracts/ids';
import { failure } from '../contracts/failures';
import { fileTaskQueue, rootTaskQueue } from '../contracts/ids';

type DescribeTaskQueue = Client['workflowService']['describeTaskQueue'];
type Pollers = Pick<Awaited<ReturnType<DescribeTaskQueue>>, 'pollers'>;

/** `TASK_QUEUE_TYPE_ACTIVITY` of the API. */
const ACTIVITY_TASKS = 2;
/** A worker with a free slot polls anew every minute; the server forgets one that it has not seen for five. */
const SEEN_WITHIN_MS = 120_000;
/** An answer is cached for a while, so that a thousand starts need few requests. */
const SERVED_FOR_MS = 10_000;
const UNSERVED_FOR_MS = 1000;
/** The server answers from memory: an answer that takes longer is lost. */
const ANSWER_WITHIN_MS = 3000;
/** Deeper folders are not considered as roots; this bounds the requests for one path. */
const MAX_ROOT_DEPTH = 32;
/** Longest task queue name that the server accepts. */
const MAX_NAME_BYTES = 1000;
const MOST_REMEMBERED = 10_000;

/** Finds out which source queues workers poll. */
export function sourceQueues(client: Client) {
  let stopping = false;
  const isServed = cachingAnswers(async (queue) => {
    const { namespace } = client.options;
    const request = { namespace, taskQueue: { name: queue }, taskQueueType: ACTIVITY_TASKS };
    const deadline = Date.now() + ANSWER_WITHIN_MS;
    return wasPolled(
      await client.withDeadline(deadline, () => client.workflowService.describeTaskQueue(request)),
      Date.now(),
    );
  });
  return {
    async find(provider: ProviderName, file: string): Promise<string | undefined> {
      if (stopping) throw failure('WorkerStopping', 'this worker is stopping; another one goes on');
      const roots = path.isAbsolute(file) ? rootsAbove(file) : [undefined];
      const names = roots.map((root) => ({ root, name: rootTaskQueue(provider, root) }));
      const possible = names.filter(({ name }) => Buffer.byteLength(name) <= MAX_NAME_BYTES);
      const served = await Promise.all(possible.map(({ name }) => isServed(name)));
      const nearest = possible[served.indexOf(true)];
      return nearest && fileTaskQueue(provider, nearest.root);
    },
    /** Ends waits: every later request fails. */
    handBack(): void {
      stopping = true;
    },
  };
}

/** The folders that an absolute path lies in, the innermost first. */
export function rootsAbove(file: string): string[] {
  const folders: string[] = [];
  let folder = path.dirname(path.resolve(file));
  for (;;) {
    folders.push(folder);
    const above = path.dirname(folder);
    if (above === folder) return folders.slice(-MAX_ROOT_DEPTH);
    folder = above;
  }
}

/** True if the answer of `DescribeTaskQueue` names a worker that was seen recently. */
export const wasPolled = ({ pollers }: Pollers, now: number): boolean =>
  (pollers ?? []).some(({ lastAccessTime }) => (optionalTsToMs(lastAccessTime) ?? 0) > now - SEEN_WITHIN_MS);

/** Callers at the same time share one request, and its answer is cached for a while; errors are not cached. */
export function cachingAnswers(ask: (queue: string) => Promise<boolean>): typeof ask {
  const answers = new Map<string, { answer: Promise<boolean>; until: number }>();
  return async (queue) => {
    const known = answers.get(queue);
    if (known && known.until > Date.now()) return known.answer;
    if (answers.size >= MOST_REMEMBERED) answers.clear();
    const entry = { answer: ask(queue), until: Number.POSITIVE_INFINITY };
    answers.set(queue, entry);
    try {
      const served = await entry.answer;
      entry.until = Date.now() + (served ? SERVED_FOR_MS : UNSERVED_FOR_MS);
      return served;
    } catch (error) {
      entry.until = 0;
      throw error;
    }
  };
}
