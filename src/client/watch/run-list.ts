import type { Client } from '@temporalio/client';
import { summaryOf } from '../../temporal/runs/run-status';
import type { RunRef } from './follow-history';
import { isSameNews, type RunNews } from './run-news';

const EVERY_MS = 5000;
/** Runs asked for in one list request. */
const MAX_RUNS_PER_REQUEST = 100;
/** Rounds in which the list may lack a run. Then its history is read, which shows whether the run exists. */
const MAX_MISSING_ROUNDS = 12;

interface Listener {
  run: RunRef;
  last?: RunNews;
  missed: number;
  hear: (news: RunNews) => void;
  /** The list does not show this run. */
  giveUp: () => void;
}

/**
 * Watches many runs by one list. While there are listeners, it asks visibility for up to 100 run ids in a request.
 * Visibility lags by about a second.
 */
export class RunList {
  private readonly listeners = new Map<string, Set<Listener>>();
  private loop: Promise<void> | undefined;
  private wake: (() => void) | undefined;

  constructor(
    private readonly client: Client,
    private readonly everyMs = EVERY_MS,
  ) {}

  /** Follows a run until it closes, or until the list cannot show it. @throws the signal's reason */
  async *follow(run: RunRef, signal: AbortSignal): AsyncGenerator<RunNews> {
    const heard: RunNews[] = [];
    let ended = false;
    let notify = (): void => {};
    const listener: Listener = {
      run,
      missed: 0,
      hear: (news) => {
        heard.push(news);
        notify();
      },
      giveUp: () => {
        ended = true;
        notify();
      },
    };
    const onAbort = (): void => notify();
    signal.addEventListener('abort', onAbort);
    this.add(listener);
    try {
      for (;;) {
        signal.throwIfAborted();
        const news = heard.shift();
        if (news) yield news;
        if (news?.closed) return;
        if (news) continue;
        if (ended) return;
        await new Promise<void>((resolve) => (notify = resolve));
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.remove(listener);
    }
  }

  private add(listener: Listener): void {
    const { runId } = listener.run;
    const others = this.listeners.get(runId);
    if (others) others.add(listener);
    else this.listeners.set(runId, new Set([listener]));
    this.loop ??= this.run().finally(() => (this.loop = undefined));
  }

  private remove(listener: Listener): void {
    const { runId } = listener.run;
    const others = this.listeners.get(runId);
    others?.delete(listener);
    if (others?.size === 0) this.listeners.delete(runId);
    if (this.listeners.size === 0) this.wake?.();
  }

  private async run(): Promise<void> {
    await Promise.resolve(); // listeners of the same tick join the first round
    while (this.listeners.size > 0) {
      const runIds = [...this.listeners.keys()];
      for (let from = 0; from < runIds.length; from += MAX_RUNS_PER_REQUEST) {
        await this.ask(runIds.slice(from, from + MAX_RUNS_PER_REQUEST));
      }
      await this.pause();
    }
  }

  /** A failed round counts as an empty one: the next round asks again. */
  private async ask(runIds: readonly string[]): Promise<void> {
    const missing = new Set(runIds);
    try {
      for await (const run of this.client.workflow.list({ query: queryOf(runIds), pageSize: MAX_RUNS_PER_REQUEST })) {
        missing.delete(run.runId);
        const { phase } = summaryOf(run);
        const closed = run.status.name !== 'RUNNING';
        this.tell(run.runId, { phase, closed, uploading: !closed && phase === 'creating' });
      }
    } catch {
      // the missing runs show it
    }
    for (const runId of missing) for (const listener of this.of(runId)) this.miss(listener);
  }

  private tell(runId: string, news: RunNews): void {
    for (const listener of this.of(runId)) {
      listener.missed = 0;
      if (listener.last && isSameNews(listener.last, news)) continue;
      listener.last = news;
      listener.hear(news);
    }
  }

  private miss(listener: Listener): void {
    listener.missed += 1;
    if (listener.missed >= MAX_MISSING_ROUNDS) listener.giveUp();
  }

  private of(runId: string): Listener[] {
    return [...(this.listeners.get(runId) ?? [])];
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.everyMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Run ids are the server's own UUIDs: no caller's text gets into the query. */
const queryOf = (runIds: readonly string[]): string => `RunId IN (${runIds.map((id) => `'${id}'`).join(', ')})`;
