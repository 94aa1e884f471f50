import type { Clock } from '../shared/clock';
import { ApiError } from './rules/errors';

export const PLANS = ['off', 'free', 'tier2', 'tier3'] as const;
export type Plan = (typeof PLANS)[number];
/** Each is counted apart from the others, over all keys of the account. */
export const CATEGORIES = [
  'upload',
  'index',
  'embed-video',
  'embed-audio',
  'embed-image',
  'embed-text',
  'embed-text_image',
] as const;
export type Category = (typeof CATEGORIES)[number];

/** What one window of time takes: so many requests, or so many seconds of media. */
export type Limit = { windowMs: number } & ({ requests: number } | { mediaSec: number });

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export type CustomLimits = Partial<Record<Category, readonly Limit[]>>;

/** Published: requests a minute and a day, minutes of media an hour and a day. Limits by tokens are not imitated. */
const PUBLISHED: Record<Exclude<Plan, 'off'>, CustomLimits> = {
  free: limits({ upload: [60, 3000], media: [25, 3000], text: [600, 3000], minutes: [600, 3000] }),
  tier2: limits({ upload: [120, 6000], media: [50, 6000], text: [1200, 12_000], minutes: [1200, 6000] }),
  tier3: limits({ upload: [240, 12_000], media: [75, 9000], text: [2400, 30_000], minutes: [2400, 12_000] }),
};

type Pair = [short: number, day: number];

function limits({ upload, media, text, minutes }: Record<'upload' | 'media' | 'text' | 'minutes', Pair>): CustomLimits {
  const requests = ([minute, day]: Pair): Limit[] => [
    { requests: day, windowMs: DAY_MS },
    { requests: minute, windowMs: MINUTE_MS },
  ];
  const durations: Limit[] = [
    { mediaSec: minutes[1] * 60, windowMs: DAY_MS },
    { mediaSec: minutes[0] * 60, windowMs: HOUR_MS },
  ];
  return {
    upload: requests(upload),
    index: [...requests(upload), ...durations],
    'embed-video': [...requests(media), ...durations],
    'embed-audio': [...requests(media), ...durations],
    'embed-image': requests(text),
    'embed-text': requests(text),
    'embed-text_image': requests(text),
  };
}

type Dimension = 'Request' | 'Duration';

interface Window {
  dimension: Dimension;
  most: number;
  windowMs: number;
  startedAt: number;
  used: number;
}

/** Fixed windows for each category. */
export class RateLimits {
  private readonly windows = new Map<string, Window>();
  private readonly limits: CustomLimits;

  constructor(
    private readonly clock: Clock,
    plan: Plan | CustomLimits,
  ) {
    this.limits = typeof plan === 'object' ? plan : plan === 'off' ? {} : PUBLISHED[plan];
  }

  /**
   * Counts a request, and the seconds of its media.
   * @param retryAfter whether a refusal carries `Retry-After`
   * @returns headers of its answer. @throws ApiError 429 with the same headers; nothing is counted then.
   */
  spend(category: Category, mediaSec: number, retryAfter: boolean): Record<string, string> {
    const windows = (this.limits[category] ?? []).map((limit) => this.window(category, limit));
    const need = (window: Window): number => (window.dimension === 'Duration' ? mediaSec : 1);
    const full = windows.find((window) => window.used + need(window) > window.most);
    if (full) throw this.refusal(full, windows, retryAfter);
    for (const window of windows) window.used += need(window);
    return this.headersOf(windows);
  }

  reset(): void {
    this.windows.clear();
  }

  private window(category: Category, limit: Limit): Window {
    const dimension = 'mediaSec' in limit ? 'Duration' : 'Request';
    const name = `${category}/${dimension}/${limit.windowMs}`;
    const before = this.windows.get(name);
    if (before && before.startedAt + limit.windowMs > this.clock.now()) return before;
    const most = 'mediaSec' in limit ? limit.mediaSec : limit.requests;
    const fresh = { dimension, most, windowMs: limit.windowMs, startedAt: this.clock.now(), used: 0 } as const;
    this.windows.set(name, fresh);
    return fresh;
  }

  private refusal(window: Window, windows: Window[], retryAfter: boolean): ApiError {
    const waitSec = Math.max(1, Math.ceil(this.msLeft(window) / 1000));
    const unit = window.dimension === 'Duration' ? 'seconds of media' : 'requests';
    const limit = `${window.most} ${unit} in ${window.windowMs / 1000} seconds`;
    return new ApiError(
      429,
      'too_many_requests',
      `You have exceeded the rate limit (${limit}). Please try again later after ${waitSec} seconds.`,
      { ...this.headersOf(windows, window), ...(retryAfter ? { 'retry-after': String(waitSec) } : {}) },
    );
  }

  /** By dimension its tightest window, or the one that refused; resets in epoch seconds by the provider's clock. */
  private headersOf(windows: Window[], full?: Window): Record<string, string> {
    const told = (['Duration', 'Request'] as const).flatMap((dimension) => {
      const [tightest] = windows
        .filter((window) => window.dimension === dimension)
        .toSorted((one, other) => leftOf(one) - leftOf(other));
      return full?.dimension === dimension ? [full] : tightest ? [tightest] : [];
    });
    if (told.length === 0) return {};
    const headers = told.map((window) => this.headersOfOne(window));
    return Object.assign({ 'x-ratelimit-dimensions': told.map(({ dimension }) => dimension).join(',') }, ...headers);
  }

  private headersOfOne(window: Window): Record<string, string> {
    const name = window.dimension.toLowerCase();
    const left = String(Math.max(0, Math.floor(leftOf(window))));
    const reset = String(Math.ceil((Date.parse(this.clock.iso()) + this.msLeft(window)) / 1000));
    const older = {
      'x-ratelimit-limit': String(window.most),
      'x-ratelimit-remaining': left,
      'x-ratelimit-used': String(window.used),
      'x-ratelimit-reset': reset,
    };
    return {
      [`x-ratelimit-${name}-limit`]: String(window.most),
      [`x-ratelimit-${name}-remaining`]: left,
      [`x-ratelimit-${name}-reset`]: reset,
      ...(window.dimension === 'Request' ? older : {}),
    };
  }

  private msLeft({ startedAt, windowMs }: Window): number {
    return startedAt + windowMs - this.clock.now();
  }
}

const leftOf = ({ most, used }: Window): number => most - used;
