import { failure } from '../../../contracts/failures';
import { Outages, type Trouble } from './outages';
import { RateWindow, type ToldWindow } from './rate-window';

/** Permission to send one request. The caller reports its end once; later reports are ignored. */
export interface Pass {
  /** An answer came that is not a 429. */
  answered(told: ToldWindow | undefined): void;
  /** The answer was 429. */
  limited(told: ToldWindow | undefined, waitMs: number): void;
  /** No usable answer, because of the provider or the network. */
  failed(trouble: Trouble): void;
  /** The request ended without saying anything about the provider; for example the caller aborted. */
  abandoned(): void;
}

/** Longest wait inside an activity. For a longer one the activity fails and Temporal retries it in time. */
const MAX_HOLD_MS = 5000;

interface Waiter {
  window: RateWindow;
  go(): void;
}

/**
 * Every request of an account asks here first. The gate keeps the rate limit, and during an outage lets a single
 * request probe. A request that would wait too long is refused with the time of its turn, and is not sent.
 */
export class RequestGate {
  private readonly windows = new Map<string, RateWindow>();
  private readonly outages = new Outages();
  private waiters: Waiter[] = [];
  private timer: NodeJS.Timeout | undefined;

  /** True while the whole provider is down. A large request must not be the probe, because it takes long. */
  get providerDown(): boolean {
    return this.outages.providerDown;
  }

  /**
   * Waits until the request may go out.
   * @param kind category under which the provider counts the request.
   * @param route method and path template; also names the request in messages.
   * @throws RateLimited · ProviderUnavailable, both with the wait · the signal's reason.
   */
  async admit(kind: string, route: string, signal?: AbortSignal): Promise<Pass> {
    const window = this.rateWindowFor(kind);
    this.refuseWhileDown(route);
    if (this.waiters.some((waiter) => waiter.window === window) || !window.take(Date.now())) {
      await this.untilTurn(window, route, signal);
    }
    try {
      this.refuseWhileDown(route);
    } catch (error) {
      window.unanswered();
      throw error;
    }
    this.outages.begin(route, Date.now());
    return this.pass(window, route);
  }

  private rateWindowFor(kind: string): RateWindow {
    const known = this.windows.get(kind);
    if (known) return known;
    const fresh = new RateWindow();
    this.windows.set(kind, fresh);
    return fresh;
  }

  private refuseWhileDown(route: string): void {
    const now = Date.now();
    const closed = this.outages.closedFor(route, now);
    if (!closed) return;
    const retryAfter = closed.comeBackAt(now) - now;
    throw failure('ProviderUnavailable', `${route}: not sent: the provider has not answered others either`, {
      retryAfter,
    });
  }

  /** Waits for a place in the window, and takes it. */
  private untilTurn(window: RateWindow, what: string, signal: AbortSignal | undefined): Promise<void> {
    const now = Date.now();
    if (window.opensAt(now) - now > MAX_HOLD_MS) throw comeBack(window, what);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(holdTimer);
        signal?.removeEventListener('abort', onAbort);
        this.waiters = this.waiters.filter((one) => one !== waiter);
      };
      const onAbort = (): void => {
        leave();
        reject(signal?.reason as Error);
      };
      const holdTimer = setTimeout(() => {
        leave();
        reject(comeBack(window, what));
      }, MAX_HOLD_MS);
      const waiter: Waiter = {
        window,
        go: () => {
          leave();
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.waiters.push(waiter);
      this.serve();
    });
  }

  /** Admits waiting requests in their order as far as windows allow; repeats when the next window opens. */
  private serve(): void {
    const now = Date.now();
    for (const waiter of [...this.waiters]) if (waiter.window.take(now)) waiter.go();
    clearTimeout(this.timer);
    const opens = this.waiters.map(({ window }) => window.opensAt(now)).filter((at) => at > now);
    if (opens.length > 0) this.timer = setTimeout(() => this.serve(), Math.min(...opens) - now);
  }

  private pass(window: RateWindow, route: string): Pass {
    let told = false;
    const once = (tell: () => void): void => {
      if (told) return;
      told = true;
      tell();
      this.serve();
    };
    const { outages } = this;
    return {
      answered: (what) =>
        once(() => {
          window.answered(what, Date.now());
          outages.succeeded(route);
        }),
      limited: (what, waitMs) =>
        once(() => {
          window.limited(what, waitMs, Date.now());
          outages.succeeded(route);
        }),
      failed: (trouble) =>
        once(() => {
          window.unanswered();
          outages.failed(route, trouble, Date.now());
        }),
      abandoned: () =>
        once(() => {
          window.unanswered();
          outages.abandoned(route);
        }),
    };
  }
}

function comeBack(window: RateWindow, what: string): Error {
  const now = Date.now();
  const retryAfter = Math.max(1000, Math.round(window.nextTurn(now) - now));
  return failure('RateLimited', `${what}: not sent yet: the provider's rate limit is used up`, { retryAfter });
}
