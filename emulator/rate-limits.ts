import type { Clock } from './clock';
import { ApiError } from './rules/errors';

export const PLANS = ['off', 'free', 'tier2', 'tier3'] as const;
export type Plan = (typeof PLANS)[number];
export type Category = 'upload' | 'index' | 'embed-media' | 'embed-text';

/** Requests that one window of time takes. */
export interface Limit {
  requests: number;
  windowMs: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Requests a minute and a day, as published; other dimensions (media minutes) are not imitated. */
const PUBLISHED: Record<Exclude<Plan, 'off'>, Record<Category, readonly Limit[]>> = {
  free: limits(60, 60, 25, 600, [3000, 3000, 3000, 3000]),
  tier2: limits(120, 120, 50, 1200, [6000, 6000, 6000, 12_000]),
  tier3: limits(240, 240, 75, 2400, [12_000, 12_000, 9000, 30_000]),
};

function limits(upload: number, index: number, media: number, text: number, day: [number, number, number, number]) {
  const both = (minute: number, daily: number): Limit[] => [
    { requests: daily, windowMs: DAY_MS },
    { requests: minute, windowMs: MINUTE_MS },
  ];
  return {
    upload: both(upload, day[0]),
    index: both(index, day[1]),
    'embed-media': both(media, day[2]),
    'embed-text': both(text, day[3]),
  };
}

interface Window extends Limit {
  startedAt: number;
  used: number;
}

export type CustomLimits = Partial<Record<Category, readonly Limit[]>>;

/** Fixed windows for each category; all keys of an account share them. */
export class RateLimits {
  private readonly windows = new Map<string, Window>();
  private readonly limits: CustomLimits;

  constructor(
    private readonly clock: Clock,
    plan: Plan | CustomLimits,
    private readonly retryAfterHeader: boolean,
  ) {
    this.limits = typeof plan === 'object' ? plan : plan === 'off' ? {} : PUBLISHED[plan];
  }

  /** Counts a request. @returns headers of its answer, old and new. @throws ApiError 429 with the same headers. */
  spend(category: Category): Record<string, string> {
    const windows = (this.limits[category] ?? []).map((limit) => this.window(category, limit));
    const full = windows.find(({ used, requests }) => used >= requests);
    if (full) throw this.refusal(full);
    for (const window of windows) window.used += 1;
    const [tightest] = windows.toSorted((one, other) => leftOf(one) - leftOf(other));
    return tightest ? this.headersOf(tightest) : {};
  }

  reset(): void {
    this.windows.clear();
  }

  private window(category: Category, limit: Limit): Window {
    const name = `${category}/${limit.windowMs}`;
    const known = this.windows.get(name);
    if (known && known.startedAt + limit.windowMs > this.clock.now()) return known;
    const fresh = { ...limit, startedAt: this.clock.now(), used: 0 };
    this.windows.set(name, fresh);
    return fresh;
  }

  private refusal(window: Window): ApiError {
    const waitSec = Math.max(1, Math.ceil(this.msLeft(window) / 1000));
    return new ApiError(
      429,
      'too_many_requests',
      `The limit of ${window.requests} requests in ${window.windowMs / 1000} seconds is reached. ` +
        `Retry after ${waitSec} seconds.`,
      { ...this.headersOf(window), ...(this.retryAfterHeader ? { 'retry-after': String(waitSec) } : {}) },
    );
  }

  private headersOf(window: Window): Record<string, string> {
    const reset = String(Math.ceil((Date.now() + this.clock.skewMs + this.msLeft(window)) / 1000));
    return {
      'x-ratelimit-request-remaining': String(leftOf(window)),
      'x-ratelimit-request-reset': reset,
      'x-ratelimit-limit': String(window.requests),
      'x-ratelimit-remaining': String(leftOf(window)),
      'x-ratelimit-used': String(window.used),
      'x-ratelimit-reset': reset,
    };
  }

  private msLeft({ startedAt, windowMs }: Window): number {
    return startedAt + windowMs - this.clock.now();
  }
}

const leftOf = ({ requests, used }: Window): number => requests - used;
