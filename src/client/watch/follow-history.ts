import { isGrpcDeadlineError, type Client } from '@temporalio/client';
import { isSameNews, newsAfter, NO_NEWS, type RunNews } from './run-news';

export interface RunRef {
  workflowId: string;
  runId: string;
}

/** The server answers an empty poll after 20 s; an answer that takes longer than this is lost. */
const POLL_TIMEOUT_MS = 60_000;

/**
 * Follows a run from its first event to its last by long poll. The page token is kept, so that every event is read once
 * and a quiet run costs three requests a minute.
 * @throws the signal's reason · gRPC errors, such as NOT_FOUND once the run is deleted.
 */
export async function* followHistory(client: Client, run: RunRef, signal: AbortSignal): AsyncGenerator<RunNews> {
  let news: RunNews | undefined;
  let nextPageToken: Uint8Array | null | undefined;
  for (;;) {
    const page = await poll(client, run, nextPageToken, signal);
    nextPageToken = page?.nextPageToken ?? nextPageToken;
    const known = newsAfter(news ?? NO_NEWS, page?.history?.events ?? []);
    if (news === undefined || !isSameNews(known, news)) yield known;
    news = known;
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
