import { isGrpcDeadlineError, type Client } from '@temporalio/client';
import { isInvalidArgument } from '../../temporal/grpc-errors';
import { isSameNews, newsAfter, NO_NEWS, type RunNews } from './run-news';

export interface RunRef {
  workflowId: string;
  runId: string;
}

/** The server answers an empty poll after 20 s; an answer that takes longer than this is lost. */
const POLL_TIMEOUT_MS = 60_000;

/** A token that is refused so often, one after another, is no token that has aged. */
const MOST_REFUSALS = 3;

/**
 * Follows a run from its first event to its last by long poll. The page token is kept, so that every event is read once
 * and a quiet run costs three requests a minute. A token that the server does not take any more, as after it lost its last
 * writes, is given up, and the run read from its first event.
 * @throws the signal's reason · gRPC errors, such as NOT_FOUND once the run is deleted.
 */
export async function* followHistory(client: Client, run: RunRef, signal: AbortSignal): AsyncGenerator<RunNews> {
  let news: RunNews | undefined;
  let read: RunNews = NO_NEWS;
  let nextPageToken: Uint8Array | null | undefined;
  let refusals = 0;
  for (;;) {
    const page = await poll(client, run, nextPageToken, signal).catch((error: unknown) => {
      const isOfToken = nextPageToken && isInvalidArgument(error) && ++refusals < MOST_REFUSALS;
      if (isOfToken) return 'refused' as const;
      throw error;
    });
    if (page === 'refused') {
      nextPageToken = undefined;
      read = NO_NEWS;
      continue;
    }
    if (nextPageToken && page) refusals = 0;
    nextPageToken = page?.nextPageToken ?? nextPageToken;
    read = newsAfter(read, page?.history?.events ?? []);
    if (news === undefined || !isSameNews(read, news)) yield read;
    news = read;
    if (news.closed) return;
  }
}

/** Reads the next page; `undefined` if no answer came in time, and the same page must be read again. */
async function poll(client: Client, run: RunRef, nextPageToken: Uint8Array | null | undefined, signal: AbortSignal) {
  try {
    const once = AbortSignal.any([signal]); // the client never takes its listeners off a signal
    return await client.withAbortSignal(once, () =>
      client.withDeadline(Date.now() + POLL_TIMEOUT_MS, () =>
        client.workflowService.getWorkflowExecutionHistory({
          namespace: client.options.namespace,
          execution: run,
          waitNewEvent: true,
          skipArchival: true,
          nextPageToken,
        }),
      ),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (isGrpcDeadlineError(error)) return undefined;
    throw error;
  }
}
