import type { IncomingHttpHeaders } from 'node:http';
import type { ToldWindow } from '../../shared/request-gate/rate-window';

/** Without a hint, a limit of requests a minute is over after this. */
const DEFAULT_WAIT_MS = 15_000;
/** Without a hint, a limit of media seconds an hour or a day is asked about again after this. */
const DEFAULT_DURATION_WAIT_MS = 10 * 60_000;
/** No limit is of more than a day: whatever is farther away is a mistake. */
const LONGEST_WAIT_MS = 24 * 3_600_000;
/** A limit of requests a minute begins anew within this. A later reset is that of a day. */
const LONGEST_MINUTE_WINDOW_MS = 5 * 60_000;
/** The longest media there is an embedding or an index entry of: while so much is left, media seconds are not the limit. */
const LONGEST_MEDIA_SEC = 4 * 3600;
/** Spreads those who were told the same moment. */
const JITTER_MS = 1000;

/** What the provider counts; each has a header for what is left and one for when it begins anew. */
const DIMENSIONS = ['request', 'duration', 'outputtoken', 'inputtoken'] as const;
type Dimension = (typeof DIMENSIONS)[number];
/** Names of headers; the older ones tell of requests. */
const namesOf = (dimension: Dimension): string[] =>
  dimension === 'request' ? ['x-ratelimit-request', 'x-ratelimit'] : [`x-ratelimit-${dimension}`];

/**
 * How long to wait after a 429, in milliseconds, from 0 to a day: `Retry-After`, else what the message says, else the
 * reset of what is used up, else 15 s, or 10 min where media seconds are the limit.
 */
export function waitAfterLimit(headers: IncomingHttpHeaders, message: string | undefined, now = Date.now()): number {
  const providerNow = clockOf(headers, now);
  const wait =
    retryAfter(one(headers, 'retry-after'), providerNow) ??
    waitInWords(message, providerNow) ??
    usedUpFor(headers, providerNow) ??
    (limitedByDuration(headers) ? DEFAULT_DURATION_WAIT_MS : DEFAULT_WAIT_MS);
  return Math.round(Math.min(Math.max(wait, 0), LONGEST_WAIT_MS) + Math.random() * JITTER_MS);
}

/**
 * What an answer tells of the requests a minute it was counted under; `undefined` when it does not. A window of a day
 * is left out: what is left of a day says nothing of this minute, and a used-up day is told by a 429 with its wait.
 */
export function windowOf(headers: IncomingHttpHeaders, now = Date.now()): ToldWindow | undefined {
  for (const name of namesOf('request')) {
    const left = numberOf(one(headers, `${name}-remaining`));
    const resetInMs = untilReset(one(headers, `${name}-reset`), clockOf(headers, now));
    if (left === undefined || resetInMs === undefined || resetInMs > LONGEST_MINUTE_WINDOW_MS) continue;
    const limit = numberOf(one(headers, 'x-ratelimit-request-limit') ?? one(headers, 'x-ratelimit-limit'));
    return { remaining: left, resetInMs: Math.max(0, resetInMs), ...(limit ? { limit } : {}) };
  }
  return undefined;
}

/** True where a 429 is for media seconds: others of the same kind, with shorter media, may still pass. */
export function limitedByDuration(headers: IncomingHttpHeaders): boolean {
  const checked = one(headers, 'x-ratelimit-dimensions')
    ?.toLowerCase()
    .split(/\s*,\s*/);
  if (checked && !checked.includes('duration')) return false;
  if (checked && !checked.includes('request')) return true;
  const [requests, seconds] = [remainingOf(headers, 'request'), remainingOf(headers, 'duration')];
  if (seconds === undefined || seconds >= LONGEST_MEDIA_SEC) return false;
  return seconds <= 0 || (requests !== undefined && requests > 0);
}

/** The provider's own time, since resets are told in it. */
const clockOf = (headers: IncomingHttpHeaders, now: number): number => Date.parse(one(headers, 'date') ?? '') || now;

function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : date - now;
}

/** The last reset of the dimensions that have nothing left. A reset alone says nothing of what is left. */
function usedUpFor(headers: IncomingHttpHeaders, now: number): number | undefined {
  const duration = limitedByDuration(headers);
  const waits = DIMENSIONS.flatMap((dimension) => {
    const usedUp = (remainingOf(headers, dimension) ?? 1) <= 0 || (dimension === 'duration' && duration);
    const reset = namesOf(dimension).map((name) => untilReset(one(headers, `${name}-reset`), now));
    return usedUp ? reset.filter((wait) => wait !== undefined && wait > 0) : [];
  });
  return waits.length > 0 ? Math.max(...(waits as number[])) : undefined;
}

const remainingOf = (headers: IncomingHttpHeaders, dimension: Dimension): number | undefined =>
  namesOf(dimension)
    .map((name) => numberOf(one(headers, `${name}-remaining`)))
    .find((left) => left !== undefined);

/** A moment in epoch seconds or milliseconds, or a number of seconds from now; as milliseconds from now. */
function untilReset(value: string | undefined, now: number): number | undefined {
  const number = numberOf(value);
  return number === undefined ? undefined : untilMoment(number, now);
}

function untilMoment(number: number, now: number): number {
  if (number >= 1e11) return number - now;
  return number >= 1e9 ? number * 1000 - now : number * 1000;
}

/** One part of a duration, such as "90 s", "1m", "2 hours and". */
const DURATION_PART =
  /(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])[\s,]*(?:and\s+)?/iy;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "Please try again later after 30 seconds.", "Retry after 1m30s", "… after 2026-01-01T00:00:00Z". */
function waitInWords(message: string | undefined, now: number): number | undefined {
  const [, told = ''] = /(?:again|retry)[ -]?(?:later )?after[:=\s]+(\d.*)$/is.exec(message ?? '') ?? [];
  const [date] = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)/.exec(told) ?? [];
  if (date) return Date.parse(date) - now;
  const durationMs = durationInWords(told);
  if (durationMs > 0) return durationMs;
  const number = numberOf(/^\d+(?:\.\d+)?/.exec(told)?.[0]);
  return number === undefined ? undefined : untilMoment(number, now);
}

/** Sum of the parts that `text` begins with; 0 when there is none. */
function durationInWords(text: string): number {
  let sum = 0;
  DURATION_PART.lastIndex = 0;
  for (let part = DURATION_PART.exec(text); part; part = DURATION_PART.exec(text)) {
    const [, amount = '', unit = ''] = part;
    const milliseconds = /^(ms|milli)/i.test(unit);
    sum += Number(amount) * (milliseconds ? 1 : (UNIT_MS[unit.charAt(0).toLowerCase()] ?? 0));
  }
  return sum;
}

/** `undefined` for what is no number from 0 on. */
function numberOf(value: string | undefined): number | undefined {
  const number = value === undefined || value.trim() === '' ? Number.NaN : Number(value);
  return number >= 0 && Number.isFinite(number) ? number : undefined;
}

function one(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
