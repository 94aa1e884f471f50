import { failure, FAILURES, failureType } from '../../../contracts/failures';
import type { MediaProvider, Observation, WatchTarget } from '../../media-provider';
import { sleep } from '../sleep';
import { needsConfirmation, watchRound } from './watch-round';

export interface StatusWatcherOptions {
  provider: Pick<MediaProvider, 'observe' | 'name'>;
  /** Rounds are never closer than this, in milliseconds. */
  minIntervalMs: number;
  /** Rounds are never farther apart than this, the request budget aside. */
  maxIntervalMs: number;
  /** Most requests a minute that watching may spend of the account's rate limit. */
  requestsPerMinute: number;
}

export interface UntilOptions {
  /** Takes the waiter out at once. */
  signal?: AbortSignal;
}

/**
 * One loop that watches for all waiting activities of a worker at one provider account. It runs while somebody waits,
 * asks for up to 50 targets in a request, and is the only thing that spends the rate limit on polling.
 */
export interface StatusWatcher {
  /**
   * Resolves when the target is ready, failed or gone.
   * @throws the signal's reason · WorkerStopping after {@link handBack} · any final failure of the provider:
   *   ProviderAuth and QuotaExhausted only after three rounds in a row that say so. Rate limits and outages are waited
   *   out.
   */
  until(target: WatchTarget, options?: UntilOptions): Promise<Observation>;
  /** Gives every wait back as WorkerStopping, now and from now on. */
  handBack(): void;
  /** How many wait. */
  readonly waiting: number;
}

interface Waiter {
  target: WatchTarget;
  since: number;
  resolve: (observation: Observation) => void;
  reject: (error: unknown) => void;
}

/** A wait of this many intervals makes the next interval as long as it may be. */
const AGE_PER_INTERVAL = 10;
const LONGEST_BACK_OFF_MS = 30_000;
/** A limit that is told to last longer is asked about again: it may be of a day, or a mistake. */
const LONGEST_LIMIT_MS = 10 * 60_000;
/** So many rounds in a row must say that the key or the plan is refused. */
const CONFIRMATIONS = 3;

export function createStatusWatcher(options: StatusWatcherOptions): StatusWatcher {
  return new Watcher(options);
}

class Watcher implements StatusWatcher {
  private readonly waiters = new Map<string, Set<Waiter>>();
  private loop: Promise<void> | undefined;
  private stopped = false;
  private wake: AbortController | undefined;
  private lastRoundAt = Number.NEGATIVE_INFINITY;
  private lastRequestAt = Number.NEGATIVE_INFINITY;
  private outages = 0;
  /** Rounds in a row in which nothing but a refused key or plan was heard. */
  private refusals = 0;
  /** The same for single targets, by id. */
  private readonly doubts = new Map<string, number>();
  /** Ends the requests of the round under way, which nobody waits for any more. */
  private round = new AbortController();

  constructor(private readonly options: StatusWatcherOptions) {}

  get waiting(): number {
    let count = 0;
    for (const waiters of this.waiters.values()) count += waiters.size;
    return count;
  }

  until(target: WatchTarget, { signal }: UntilOptions = {}): Promise<Observation> {
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
      const waiter: Waiter = { target, since: Date.now(), resolve: settle(resolve), reject: settle(reject) };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.add(waiter);
    });
  }

  handBack(): void {
    this.stopped = true;
    this.rejectAll(handedBack());
    this.wake?.abort();
  }

  private add(waiter: Waiter): void {
    const id = idOf(waiter.target);
    const others = this.waiters.get(id);
    if (others) others.add(waiter);
    else this.waiters.set(id, new Set([waiter]));
    this.wake?.abort(); // a new wait brings the next round near
    if (!this.loop) this.start();
  }

  private remove(waiter: Waiter): void {
    const id = idOf(waiter.target);
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
      if (this.waiters.size > 0) this.start(); // somebody came while the loop was ending
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
    const targets = [...this.waiters.values()].flatMap(([waiter]) => (waiter ? [waiter.target] : []));
    return watchRound(this.options.provider, targets, {
      signal,
      pace: () => this.pace(signal),
      seen: (observation) => {
        this.doubts.delete(idOf(observation.target));
        if (observation.state === 'working') return;
        for (const waiter of this.waitersOf(observation.target)) waiter.resolve(observation);
      },
      refused: ({ targets: some, error }) => {
        for (const target of some) this.reject(target, error);
      },
      doubted: ({ targets: some, error }) => {
        for (const target of some) this.doubt(target, error);
      },
      unread: ({ targets: some }) => {
        for (const target of some) this.askLast(idOf(target));
      },
    });
  }

  private waitersOf(target: WatchTarget): Waiter[] {
    return [...(this.waiters.get(idOf(target)) ?? [])];
  }

  private reject(target: WatchTarget, error: unknown): void {
    for (const waiter of this.waitersOf(target)) waiter.reject(error);
  }

  private doubt(target: WatchTarget, error: unknown): void {
    const id = idOf(target);
    const doubts = (this.doubts.get(id) ?? 0) + 1;
    if (doubts >= CONFIRMATIONS) return this.reject(target, error);
    this.doubts.set(id, doubts);
    this.askLast(id);
  }

  /** Who could not be read is asked for after all others, so that it never keeps them from being read. */
  private askLast(id: string): void {
    const waiters = this.waiters.get(id);
    if (!waiters) return;
    this.waiters.delete(id);
    this.waiters.set(id, waiters);
  }

  /** Sleeps until the next round is due; who joins meanwhile may bring it nearer. */
  private async untilNextRound(): Promise<void> {
    for (;;) {
      const wait = this.lastRoundAt + this.interval() - Date.now();
      if (wait <= 0 || this.waiters.size === 0) return;
      this.wake = new AbortController();
      await sleep(wait, this.wake.signal);
    }
  }

  /** Short for young waits, longer as the youngest grows old, and never so short that rounds exceed the budget. */
  private interval(): number {
    const { minIntervalMs, maxIntervalMs, requestsPerMinute } = this.options;
    let youngest = Number.NEGATIVE_INFINITY;
    for (const waiters of this.waiters.values()) for (const { since } of waiters) youngest = Math.max(youngest, since);
    const byAge = (this.lastRoundAt - youngest) / AGE_PER_INTERVAL;
    const byBudget = (Math.ceil(this.waiters.size / 50) * 60_000) / requestsPerMinute;
    return Math.max(Math.min(Math.max(byAge, minIntervalMs), maxIntervalMs), byBudget);
  }

  /** Spaces requests evenly, so that a round of many never bursts over the budget. */
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
    if (final && (this.refusals === 0 || this.refusals >= CONFIRMATIONS)) return this.rejectAll(error);
    this.outages += 1;
    const told = type === 'RateLimited' ? Number((error as { nextRetryDelay?: unknown }).nextRetryDelay) : Number.NaN;
    const backOff = Math.min(this.options.minIntervalMs * 2 ** this.outages, LONGEST_BACK_OFF_MS);
    const wait = Number.isFinite(told) ? Math.min(told, LONGEST_LIMIT_MS) : backOff * (0.5 + Math.random() / 2);
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

const idOf = (target: WatchTarget): string => Object.values(target).join('/');

const handedBack = () => failure('WorkerStopping', 'this worker is stopping; another one goes on waiting');
