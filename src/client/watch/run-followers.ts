import type { Client } from '@temporalio/client';
import { followHistory, type RunRef } from './follow-history';
import { RunList } from './run-list';
import type { RunNews } from './run-news';

/** Most runs that have a long poll each. Further runs share one list request. */
const MAX_LONG_POLLS = 10;

/** Follows runs of one client, a few by their histories and many by one list. */
export class RunFollowers {
  private polls = 0;
  private readonly list: RunList;

  constructor(
    private readonly client: Client,
    private readonly longPolls = MAX_LONG_POLLS,
    listEveryMs?: number,
  ) {
    this.list = new RunList(client, listEveryMs);
  }

  /** Follows a run until it closes. @throws the signal's reason · gRPC errors */
  async *follow(run: RunRef, signal: AbortSignal): AsyncGenerator<RunNews> {
    if (this.polls >= this.longPolls) {
      for await (const news of this.list.follow(run, signal)) {
        yield news;
        if (news.closed) return;
      } // the list cannot show this run: read its history
    }
    this.polls += 1;
    try {
      yield* followHistory(this.client, run, signal);
    } finally {
      this.polls -= 1;
    }
  }
}
