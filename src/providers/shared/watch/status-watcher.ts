import { failure, FAILURES, failureType } from '../../../contracts/failures';
import type { Handle } from '../../../contracts/branches/handle';
import type { MediaProvider, Observation } from '../../media-provider';
import { sleep } from '../sleep';
import { needsConfirmation, watchRound } from './watch-round';

export interface StatusWatcherOptions {
  provider: Pick<MediaProvider, 'watch' | 'name' | 'traits'>;
  /** Shortest time between two rounds, in milliseconds. */
  minIntervalMs: number;
  /** Longest time between two rounds; the request budget may make it longer. */
  maxIntervalMs: number;
  /** Most status requests a minute. */
  requestsPerMinute: number;
}

export interface UntilOptions {
  /** Ends the wait at once. */
  signal?: AbortSignal;
}

interface Waiter {
  handle: Handle;
  since: number;
  resolve: (observation: Observation) => void;
  reject: (error: unknown) => void;
}

/** The interval is a tenth of the youngest wait's age, within min and max. */
const AGE_PER_INTERVAL = 10;
const LONGEST_BACK_OFF_MS = 30_000;
/** A longer wait is cut to this: the provider may have named the limit of a day, or made a mistake. */
const MAX_LIMIT_MS = 10 * 60_000;
/** Rounds in a row that must refuse the key or the plan before waits fail. */
const REFUSALS_UNTIL_FINAL = 3;

/**
 * Polls one provider account for all waiting activities of a worker, many handles in a request. The loop runs only
 * while an activity waits. Nothing else polls.
 */
export class StatusWatcher {
  private readonly waiters = new Map<string, Set<Waiter>>();
  private loop: Promise<void> | undefined;
  private stopped = false;
  private wake: AbortController | undefined;
  private lastRoundAt = Number.NEGATIVE_INFINITY;
  private lastRequestAt = Number.NEGATIVE_INFINITY;
  private outages = 0;
  /** Rounds in a row in which every answer refused the key or the plan. */
  private refusals = 0;
  /** Refusals in a row of single handles, by id. */
  private readonly doubts = new Map<string, number>();
  /** Aborts the requests of the current round when the last wait ends. */
  private round = new AbortController();

  constructor(private readonly options: StatusWatcherOptions) {}

  /** Number of waits. */
  get waiting(): number {
    let count = 0;
    for (const waiters of this.waiters.values()) count += waiters.size;
    return count;
  }

  /**
   * Resolves when the object is ready, failed or gone.
   * @throws the signal's reason · WorkerStopping after {@link handBack} · any non-retryable failure of the
   *   provider; ProviderAuth and QuotaExhausted only after three rounds in a row. Rate limits and outages delay it.
   */
  until(handle: Handle, { signal }: UntilOptions = {}): Promise<Observation> {
    return new Promise((resolve, reject) => {
      if (this.stopped) return reject(handedBack());
      if (signal?.aborted) return reject(signal.reason as Error);
      const onAbort = (): void => {
        this.remove(waiter);
        reject(signal?.reason as Error);
      };
      const settle =
        <T>(end: (value: T) => void) =>
        (value: T): void => {
          signal?.removeEventListener('abort', onAbort);
          this.remove(waiter);
          end(value);
        };
      const waiter: Waiter = { handle, since: Date.now(), resolve: settle(resolve), reject: settle(reject) };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.add(waiter);
    });
  }

  /** Fails every wait with WorkerStopping, also those that begin later. */
  handBack(): void {
    this.stopped = true;
    this.rejectAll(handedBack());
    this.wake?.abort();
  }

  private add(waiter: Waiter): void {
    const id = idOf(waiter.handle);
    const others = this.waiters.get(id);
    if (others) others.add(waiter);
    else this.waiters.set(id, new Set([waiter]));
    this.wake?.abort(); // a new wait shortens the interval
    if (!this.loop) this.start();
  }

  private remove(waiter: Waiter): void {
    const id = idOf(waiter.handle);
    const others = this.waiters.get(id);
    others?.delete(waiter);
    if (others?.size === 0) {
      this.waiters.delete(id);
      this.doubts.delete(id);
    }
    if (this.waiters.size > 0) return;
    this.wake?.abort();
    this.round.abort();
  }

  private start(): void {
    this.loop = this.run().finally(() => {
      this.loop = undefined;
      if (this.waiters.size > 0) this.start(); // a wait began while the loop was ending
    });
  }

  private async run(): Promise<void> {
    while (this.waiters.size > 0) {
      await this.untilNextRound();
      if (this.waiters.size === 0) return;
      this.lastRoundAt = Date.now();
      this.round = new AbortController();
      const { signal } = this.round;
      try {
        await this.ask(signal);
        this.outages = 0;
        this.refusals = 0;
      } catch (error) {
        if (!signal.aborted) await this.afterTrouble(error);
      }
    }
  }

  private ask(signal: AbortSignal): Promise<void> {
    const handles = [...this.waiters.values()].flatMap(([waiter]) => (waiter ? [waiter.handle] : []));
    return watchRound(this.options.provider, handles, {
      signal,
      pace: () => this.pace(signal),
      seen: (observation) => {
        this.doubts.delete(idOf(observation.handle));
        if (observation.state === 'working') return;
        for (const waiter of this.waitersOf(observation.handle)) waiter.resolve(observation);
      },
      refused: ({ handles: some, error }) => {
        for (const handle of some) this.reject(handle, error);
      },
      doubted: ({ handles: some, error }) => {
        for (const handle of some) this.doubt(handle, error);
      },
      unread: ({ handles: some }) => {
        for (const handle of some) this.askLast(idOf(handle));
      },
    });
  }

  private waitersOf(handle: Handle): Waiter[] {
    return [...(this.waiters.get(idOf(handle)) ?? [])];
  }

  private reject(handle: Handle, error: unknown): void {
    for (const waiter of this.waitersOf(handle)) waiter.reject(error);
  }

  private doubt(handle: Handle, error: unknown): void {
    const id = idOf(handle);
    const doubts = (this.doubts.get(id) ?? 0) + 1;
    if (doubts >= REFUSALS_UNTIL_FINAL) return this.reject(handle, error);
    this.doubts.set(id, doubts);
    this.askLast(id);
  }

  /** Handles that could not be read move to the end of the round, so that they cannot block the rest. */
  private askLast(id: string): void {
    const waiters = this.waiters.get(id);
    if (!waiters) return;
    this.waiters.delete(id);
    this.waiters.set(id, waiters);
  }

  /** Sleeps until the next round is due; a new wait may make it due sooner. */
  private async untilNextRound(): Promise<void> {
    for (;;) {
      const wait = this.lastRoundAt + this.interval() - Date.now();
      if (wait <= 0 || this.waiters.size === 0) return;
      this.wake = new AbortController();
      await sleep(wait, this.wake.signal);
    }
  }

  /** Grows with the age of the youngest wait; never so short that rounds exceed the request budget. */
  private interval(): number {
    const { minIntervalMs, maxIntervalMs, requestsPerMinute, provider } = this.options;
    let youngest = Number.NEGATIVE_INFINITY;
    for (const waiters of this.waiters.values()) for (const { since } of waiters) youngest = Math.max(youngest, since);
    const byAge = (this.lastRoundAt - youngest) / AGE_PER_INTERVAL;
    const byBudget = (Math.ceil(this.waiters.size / provider.traits.handlesPerWatch) * 60_000) / requestsPerMinute;
    return Math.max(Math.min(Math.max(byAge, minIntervalMs), maxIntervalMs), byBudget);
  }

  /** Spaces the requests of a round evenly within the request budget. */
  private async pace(signal: AbortSignal): Promise<void> {
    const due = this.lastRequestAt + 60_000 / this.options.requestsPerMinute;
    const wait = due - Date.now();
    this.lastRequestAt = Math.max(due, Date.now());
    if (wait > 0) await sleep(wait, signal);
    signal.throwIfAborted();
  }

  private async afterTrouble(error: unknown): Promise<void> {
    const type = failureType(error);
    this.refusals = needsConfirmation(type) ? this.refusals + 1 : 0;
    const final = type === undefined || !FAILURES[type].retry;
    if (final && (this.refusals === 0 || this.refusals >= REFUSALS_UNTIL_FINAL)) return this.rejectAll(error);
    this.outages += 1;
    const told = type === 'RateLimited' ? Number((error as { nextRetryDelay?: unknown }).nextRetryDelay) : Number.NaN;
    const backOff = Math.min(this.options.minIntervalMs * 2 ** this.outages, LONGEST_BACK_OFF_MS);
    const wait = Number.isFinite(told) ? Math.min(told, MAX_LIMIT_MS) : backOff * (0.5 + Math.random() / 2);
    const until = Date.now() + wait;
    while (this.waiters.size > 0 && Date.now() < until) {
      this.wake = new AbortController();
      await sleep(until - Date.now(), this.wake.signal);
    }
  }

  private rejectAll(error: unknown): void {
    for (const waiters of [...this.waiters.values()]) for (const waiter of [...waiters]) waiter.reject(error);
  }
}

const idOf = ({ kind, in: parent = '', id, item = '' }: Handle): string => [kind, parent, id, item].join('/');

const handedBack = () => failure('WorkerStopping', 'this worker is stopping; another one goes on waiting');
