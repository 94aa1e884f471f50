import type { IncomingHttpHeaders } from 'node:http';
import type { ToldWindow } from '../../shared/request-gate/rate-window';

/** Wait after a 429 for requests, if the answer states none. */
const DEFAULT_WAIT_MS = 15_000;
/** Wait after a 429 for media seconds (per hour or day), if the answer states none. */
const DEFAULT_DURATION_WAIT_MS = 10 * 60_000;
/** No limit lasts longer than a day, so a longer wait is a mistake of the answer. */
const MAX_WAIT_MS = 24 * 3_600_000;
/** A reset later than this belongs to a limit of a day, not of a minute. */
const MAX_MINUTE_WINDOW_MS = 5 * 60_000;
/** Longest media that can be embedded or indexed. If more seconds are left, media seconds are not the limit. */
const MAX_MEDIA_SEC = 4 * 3600;
/** Spreads requests that were told the same reset. */
const JITTER_MS = 1000;

/** Dimensions that the provider counts. Each has a header for its remaining amount and one for its reset. */
const DIMENSIONS = ['request', 'duration', 'outputtoken', 'inputtoken'] as const;
type Dimension = (typeof DIMENSIONS)[number];
/** Starts of the header names. The older, shorter one is about requests. */
const namesOf = (dimension: Dimension): string[] =>
  dimension === 'request' ? ['x-ratelimit-request', 'x-ratelimit'] : [`x-ratelimit-${dimension}`];

/**
 * How long to wait after a 429, in milliseconds, from 0 to a day: `Retry-After`, else the wait in the message, else the
 * reset of the dimension that is used up, else 15 s, or 10 min if media seconds are the limit.
 */
export function waitAfterLimit(headers: IncomingHttpHeaders, message: string | undefined, now = Date.now()): number {
  const providerNow = clockOf(headers, now);
  const wait =
    retryAfter(headerOf(headers, 'retry-after'), providerNow) ??
    waitInWords(message, providerNow) ??
    usedUpFor(headers, providerNow) ??
    (limitedByDuration(headers) ? DEFAULT_DURATION_WAIT_MS : DEFAULT_WAIT_MS);
  return Math.round(Math.min(Math.max(wait, 0), MAX_WAIT_MS) + Math.random() * JITTER_MS);
}

/**
 * Reads the window of requests a minute from an answer; `undefined` if it states none. A window of a day is ignored: it
 * says nothing about this minute, and a used-up day gives a 429 with its wait.
 */
export function readRateWindow(headers: IncomingHttpHeaders, now = Date.now()): ToldWindow | undefined {
  for (const name of namesOf('request')) {
    const left = numberOf(headerOf(headers, `${name}-remaining`));
    const resetInMs = untilReset(headerOf(headers, `${name}-reset`), clockOf(headers, now));
    if (left === undefined || resetInMs === undefined || resetInMs > MAX_MINUTE_WINDOW_MS) continue;
    const limit = numberOf(headerOf(headers, 'x-ratelimit-request-limit') ?? headerOf(headers, 'x-ratelimit-limit'));
    return { remaining: left, resetInMs: Math.max(0, resetInMs), ...(limit ? { limit } : {}) };
  }
  return undefined;
}

/** True if a 429 is about media seconds. Requests with shorter media may then still be accepted. */
export function limitedByDuration(headers: IncomingHttpHeaders): boolean {
  const checked = headerOf(headers, 'x-ratelimit-dimensions')
    ?.toLowerCase()
    .split(/\s*,\s*/);
  if (checked && !checked.includes('duration')) return false;
  if (checked && !checked.includes('request')) return true;
  const requests = remainingOf(headers, 'request');
  const seconds = remainingOf(headers, 'duration');
  if (seconds === undefined || seconds >= MAX_MEDIA_SEC) return false;
  return seconds <= 0 || (requests !== undefined && requests > 0);
}

/** The provider's own time, because resets are stated in it. */
const clockOf = (headers: IncomingHttpHeaders, now: number): number =>
  Date.parse(headerOf(headers, 'date') ?? '') || now;

function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : date - now;
}

/** Latest reset of the dimensions that are used up. A dimension with a reset need not be used up. */
function usedUpFor(headers: IncomingHttpHeaders, now: number): number | undefined {
  const duration = limitedByDuration(headers);
  const waits = DIMENSIONS.flatMap((dimension) => {
    const usedUp = (remainingOf(headers, dimension) ?? 1) <= 0 || (dimension === 'duration' && duration);
    const reset = namesOf(dimension).map((name) => untilReset(headerOf(headers, `${name}-reset`), now));
    return usedUp ? reset.filter((wait) => wait !== undefined && wait > 0) : [];
  });
  return waits.length > 0 ? Math.max(...(waits as number[])) : undefined;
}

const remainingOf = (headers: IncomingHttpHeaders, dimension: Dimension): number | undefined =>
  namesOf(dimension)
    .map((name) => numberOf(headerOf(headers, `${name}-remaining`)))
    .find((left) => left !== undefined);

/** Milliseconds until a reset, which is given in epoch seconds, epoch milliseconds or seconds from now. */
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

/** Reads the wait from a message: "Please try again later after 30 seconds.", "Retry after 1m30s", "… after 2026-01-01T00:00:00Z". */
function waitInWords(message: string | undefined, now: number): number | undefined {
  const [, told = ''] = /(?:again|retry)[ -]?(?:later )?after[:=\s]+(\d.*)$/is.exec(message ?? '') ?? [];
  const [date] = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)/.exec(told) ?? [];
  if (date) return Date.parse(date) - now;
  const durationMs = durationInWords(told);
  if (durationMs > 0) return durationMs;
  const number = numberOf(/^\d+(?:\.\d+)?/.exec(told)?.[0]);
  return number === undefined ? undefined : untilMoment(number, now);
}

/** Sum of the durations at the start of `text`; 0 if there is none. */
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

/** Gives a number that is not negative; else `undefined`. */
function numberOf(value: string | undefined): number | undefined {
  const number = value === undefined || value.trim() === '' ? Number.NaN : Number(value);
  return number >= 0 && Number.isFinite(number) ? number : undefined;
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
