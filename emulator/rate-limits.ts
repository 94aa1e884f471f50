import type { Clock } from './clock';
import { ApiError } from './rules/errors';

export const PLANS = ['off', 'free', 'tier2', 'tier3'] as const;
export type Plan = (typeof PLANS)[number];
export type Category = 'upload' | 'index' | 'embed-media' | 'embed-text';

/** Requests a minute and a day, as published; other dimensions (media minutes) are not imitated. */
const LIMITS: Record<Exclude<Plan, 'off'>, Record<Category, { minute: number; day: number }>> = {
  free: limits(60, 60, 25, 600, [3000, 3000, 3000, 3000]),
  tier2: limits(120, 120, 50, 1200, [6000, 6000, 6000, 12_000]),
  tier3: limits(240, 240, 75, 2400, [12_000, 12_000, 9000, 30_000]),
};

function limits(upload: number, index: number, media: number, text: number, day: [number, number, number, number]) {
  return {
    upload: { minute: upload, day: day[0] },
    index: { minute: index, day: day[1] },
    'embed-media': { minute: media, day: day[2] },
    'embed-text': { minute: text, day: day[3] },
  };
}

const WINDOW_MS = { minute: 60_000, day: 86_400_000 } as const;

/** Fixed windows for each category; all keys of an account share them. */
export class RateLimits {
  private readonly windows = new Map<string, { startedAt: number; used: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly plan: Plan,
    private readonly retryAfterHeader: boolean,
  ) {}

  /** Counts a request. @throws ApiError 429 with the headers, old and new. */
  spend(category: Category): void {
    if (this.plan === 'off') return;
    const allowed = LIMITS[this.plan][category];
    for (const unit of ['day', 'minute'] as const) {
      const window = this.window(`${category}/${unit}`, WINDOW_MS[unit]);
      if (window.used >= allowed[unit]) throw this.refusal(allowed[unit], unit, window);
    }
    for (const unit of ['day', 'minute'] as const) this.window(`${category}/${unit}`, WINDOW_MS[unit]).used += 1;
  }

  reset(): void {
    this.windows.clear();
  }

  private window(name: string, lengthMs: number): { startedAt: number; used: number } {
    const known = this.windows.get(name);
    if (known && known.startedAt + lengthMs > this.clock.now()) return known;
    const fresh = { startedAt: this.clock.now(), used: 0 };
    this.windows.set(name, fresh);
    return fresh;
  }

  private refusal(limit: number, unit: keyof typeof WINDOW_MS, window: { startedAt: number; used: number }): ApiError {
    const leftMs = window.startedAt + WINDOW_MS[unit] - this.clock.now();
    const waitSec = Math.max(1, Math.ceil(leftMs / 1000));
    const reset = String(Math.ceil((Date.now() + leftMs) / 1000));
    return new ApiError(
      429,
      'too_many_requests',
      `The limit of ${limit} requests a ${unit} is reached. Retry after ${waitSec} seconds.`,
      {
        'x-ratelimit-request-remaining': '0',
        'x-ratelimit-request-reset': reset,
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': '0',
        'x-ratelimit-used': String(window.used),
        'x-ratelimit-reset': reset,
        ...(this.retryAfterHeader ? { 'retry-after': String(waitSec) } : {}),
      },
    );
  }
}
