import type { Clock } from './clock';
import { ApiError } from './rules/errors';

export type RateLimitTier = 'off' | 'free' | 'tier2' | 'tier3';
/** Routes of one category share their counters. */
export type RateCategory = 'upload' | 'index' | 'embed-media' | 'embed-still';

interface Figures {
  requestsPerMinute: number;
  requestsPerDay: number;
  minutesPerHour?: number;
  minutesPerDay?: number;
}

const figures = (rpm: number, rpd: number, dph?: number, dpd?: number): Figures => ({
  requestsPerMinute: rpm,
  requestsPerDay: rpd,
  ...(dph === undefined ? {} : { minutesPerHour: dph }),
  ...(dpd === undefined ? {} : { minutesPerDay: dpd }),
});

const TIERS: Record<Exclude<RateLimitTier, 'off'>, Record<RateCategory, Figures>> = {
  free: {
    upload: figures(60, 3000),
    index: figures(60, 3000, 600, 3000),
    'embed-media': figures(25, 3000, 600, 3000),
    'embed-still': figures(600, 3000),
  },
  tier2: {
    upload: figures(120, 6000),
    index: figures(120, 6000, 1200, 6000),
    'embed-media': figures(50, 6000, 1200, 6000),
    'embed-still': figures(1200, 12000),
  },
  tier3: {
    upload: figures(240, 12000),
    index: figures(240, 12000, 2400, 12000),
    'embed-media': figures(75, 9000, 2400, 12000),
    'embed-still': figures(2400, 30000),
  },
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A fixed window: it starts with its first use and forgets everything when it ends. */
class Window {
  private endsAtMs = 0;
  private usedSoFar = 0;

  constructor(
    private readonly clock: Clock,
    readonly lengthMs: number,
    readonly limit: number,
    readonly unit: string,
  ) {}

  get used(): number {
    return this.clock.now() >= this.endsAtMs ? 0 : this.usedSoFar;
  }

  get resetAt(): number {
    return this.used === 0 ? this.clock.now() + this.lengthMs : this.endsAtMs;
  }

  get remaining(): number {
    return Math.max(0, this.limit - this.used);
  }

  fits(amount: number): boolean {
    return this.used + amount <= this.limit;
  }

  use(amount: number): void {
    const [used, resetAt] = [this.used, this.resetAt];
    this.usedSoFar = used + amount;
    this.endsAtMs = resetAt;
  }
}

interface Windows {
  requests: Window[];
  minutes: Window[];
}

/** The published limits of a plan, for the whole account: all keys count together. */
export class RateLimits {
  private readonly windows = new Map<RateCategory, Windows>();

  constructor(
    private readonly clock: Clock,
    private readonly tier: RateLimitTier,
    private readonly retryAfterHeader: boolean,
  ) {}

  /**
   * Counts a request.
   * @returns the headers for its answer; none when limits are off.
   * @throws ApiError 429
   */
  spendRequest(category: RateCategory): Record<string, string> {
    const windows = this.windowsOf(category);
    if (!windows) return {};
    this.spend(windows, windows.requests, 1);
    return this.headers(windows, fullest(windows.requests));
  }

  /** Counts the length of media. @throws ApiError 429 */
  spendMinutes(category: RateCategory, minutes: number): void {
    const windows = this.windowsOf(category);
    if (windows) this.spend(windows, windows.minutes, minutes);
  }

  reset(): void {
    this.windows.clear();
  }

  private spend(windows: Windows, spent: Window[], amount: number): void {
    const full = spent.filter((window) => !window.fits(amount)).sort((a, b) => b.resetAt - a.resetAt)[0];
    if (full) throw this.refusal(windows, full);
    for (const window of spent) window.use(amount);
  }

  private windowsOf(category: RateCategory): Windows | undefined {
    if (this.tier === 'off') return undefined;
    const known = this.windows.get(category);
    if (known) return known;
    const { requestsPerMinute, requestsPerDay, minutesPerHour, minutesPerDay } = TIERS[this.tier][category];
    const made: Windows = {
      requests: [
        new Window(this.clock, MINUTE, requestsPerMinute, 'requests per minute'),
        new Window(this.clock, DAY, requestsPerDay, 'requests per day'),
      ],
      minutes: [
        ...(minutesPerHour ? [new Window(this.clock, HOUR, minutesPerHour, 'media minutes per hour')] : []),
        ...(minutesPerDay ? [new Window(this.clock, DAY, minutesPerDay, 'media minutes per day')] : []),
      ],
    };
    this.windows.set(category, made);
    return made;
  }

  private refusal(windows: Windows, full: Window): ApiError {
    const seconds = Math.max(1, Math.ceil((full.resetAt - this.clock.now()) / 1000));
    const message = `You have reached the limit of ${full.limit} ${full.unit}. Try again after ${seconds} seconds.`;
    const retryAfter = this.retryAfterHeader ? { 'retry-after': String(seconds) } : {};
    return new ApiError(429, 'too_many_requests', message, { ...this.headers(windows, full), ...retryAfter });
  }

  /** The current names and the older ones, with times in UTC epoch seconds. */
  private headers({ requests, minutes }: Windows, shown: Window): Record<string, string> {
    const request = requests.includes(shown) ? shown : fullest(requests);
    const duration = minutes.includes(shown) ? shown : minutes[0] && fullest(minutes);
    return {
      'X-RateLimit-Request-Remaining': whole(request.remaining),
      'X-RateLimit-Request-Reset': epochSeconds(request.resetAt),
      ...(duration && {
        'X-RateLimit-Duration-Remaining': whole(duration.remaining),
        'X-RateLimit-Duration-Reset': epochSeconds(duration.resetAt),
      }),
      'X-Ratelimit-Limit': whole(shown.limit),
      'X-Ratelimit-Remaining': whole(shown.remaining),
      'X-Ratelimit-Used': whole(shown.used),
      'X-Ratelimit-Reset': epochSeconds(shown.resetAt),
    };
  }
}

const fullest = (windows: Window[]): Window => [...windows].sort((a, b) => a.remaining - b.remaining)[0] as Window;

const whole = (value: number): string => String(Math.floor(value));

const epochSeconds = (ms: number): string => String(Math.ceil(ms / 1000));
