import { failure } from '../../../contracts/failures';
import { Outages, type Trouble } from './outages';
import { RateWindow, type ToldWindow } from './rate-window';

/** A request that was let through; says once what became of it. */
export interface Pass {
  /** An answer came, other than a refusal for the limit. */
  answered(told: ToldWindow | undefined): void;
  /** Refused for the limit (429). */
  limited(told: ToldWindow | undefined, waitMs: number): void;
  /** No usable answer, and the provider or the way to it is why. */
  failed(trouble: Trouble): void;
  /** Ended for a reason that tells nothing of the provider, such as the caller's. */
  abandoned(): void;
}

/** A request that waits no longer than this keeps its activity slot; longer waits are Temporal's. */
const LONGEST_HOLD_MS = 5000;

interface Waiter {
  window: RateWindow;
  go(): void;
}

/**
 * Every request of an account passes here, so that a rate limit is kept instead of found out by all, and an outage is
 * probed by one. Whoever may not pass soon is sent back with the time of its turn, and nothing goes out.
 */
export class RequestGate {
  private readonly windows = new Map<string, RateWindow>();
  private readonly outages = new Outages();
  private waiters: Waiter[] = [];
  private timer: NodeJS.Timeout | undefined;

  /** True while the provider is down as a whole. A large request must not be the one that finds out: it takes long. */
  get providerDown(): boolean {
    return this.outages.providerDown;
  }

  /**
   * @param kind what the provider counts it under.
   * @param route method and path template, which is also its name in messages.
   * @throws RateLimited · ProviderUnavailable, both with the wait · the signal's reason.
   */
  async enter(kind: string, route: string, signal?: AbortSignal): Promise<Pass> {
    const window = this.windowOf(kind);
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

  private windowOf(kind: string): RateWindow {
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

  /** Waits for a place in the window; the place is taken when this ends. */
  private untilTurn(window: RateWindow, what: string, signal: AbortSignal | undefined): Promise<void> {
    const now = Date.now();
    if (window.opensAt(now) - now > LONGEST_HOLD_MS) throw comeBack(window, what);
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
      }, LONGEST_HOLD_MS);
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

  /** Lets in who can go, in the order they came, and looks again when the next window opens. */
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
