import type { Clock } from '../shared/clock';
import { RateWindows, type RateWindow, type WindowLimit } from '../shared/rate-windows';
import { ApiError } from '../shared/server/api-error';

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

/** The windows of a plan, and the headers and refusals that tell of them. */
export class RateLimits {
  private readonly windows: RateWindows;

  constructor(
    private readonly clock: Clock,
    plan: Plan | CustomLimits,
  ) {
    const limits = typeof plan === 'object' ? plan : plan === 'off' ? {} : PUBLISHED[plan];
    this.windows = new RateWindows(clock, (category) => (limits[category as Category] ?? []).map(windowOf));
  }

  /**
   * Counts a request, and the seconds of its media.
   * @param retryAfter whether a refusal carries `Retry-After`
   * @returns headers of its answer. @throws ApiError 429 with the same headers; nothing is counted then.
   */
  spend(category: Category, mediaSec: number, retryAfter: boolean): Record<string, string> {
    const amounts: Record<Dimension, number> = { Request: 1, Duration: mediaSec };
    const { windows, full } = this.windows.take(category, amounts);
    if (full) throw this.refusal(full, windows, retryAfter);
    return this.headersOf(windows);
  }

  reset(): void {
    this.windows.reset();
  }

  private refusal(window: RateWindow, windows: RateWindow[], retryAfter: boolean): ApiError {
    const waitSec = Math.max(1, Math.ceil(this.windows.msLeft(window) / 1000));
    const unit = window.of === 'Duration' ? 'seconds of media' : 'requests';
    const limit = `${window.most} ${unit} in ${window.windowMs / 1000} seconds`;
    return new ApiError(
      429,
      'too_many_requests',
      `You have exceeded the rate limit (${limit}). Please try again later after ${waitSec} seconds.`,
      { ...this.headersOf(windows, window), ...(retryAfter ? { 'retry-after': String(waitSec) } : {}) },
    );
  }

  /** By dimension its tightest window, or the one that refused; resets in epoch seconds by the provider's clock. */
  private headersOf(windows: RateWindow[], full?: RateWindow): Record<string, string> {
    const told = (['Duration', 'Request'] as const).flatMap((dimension) => {
      const [tightest] = windows
        .filter((window) => window.of === dimension)
        .toSorted((one, other) => leftOf(one) - leftOf(other));
      return full?.of === dimension ? [full] : tightest ? [tightest] : [];
    });
    if (told.length === 0) return {};
    const headers = told.map((window) => this.headersOfOne(window));
    return Object.assign({ 'x-ratelimit-dimensions': told.map((window) => window.of).join(',') }, ...headers);
  }

  private headersOfOne(window: RateWindow): Record<string, string> {
    const name = window.of.toLowerCase();
    const left = String(Math.max(0, Math.floor(leftOf(window))));
    const reset = String(Math.ceil((Date.parse(this.clock.iso()) + this.windows.msLeft(window)) / 1000));
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
      ...(window.of === 'Request' ? older : {}),
    };
  }
}

function windowOf(limit: Limit): WindowLimit {
  const { windowMs } = limit;
  return 'mediaSec' in limit
    ? { of: 'Duration' satisfies Dimension, most: limit.mediaSec, windowMs }
    : { of: 'Request' satisfies Dimension, most: limit.requests, windowMs };
}

const leftOf = ({ most, used }: RateWindow): number => most - used;
