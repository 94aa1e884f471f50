import type { IncomingHttpHeaders } from 'node:http';
import type { ToldWindow } from '../request-gate/rate-window';

/** Without a hint, a minute-window limit is over after this. */
const DEFAULT_WAIT_MS = 15_000;
const LONGEST_WAIT_MS = 24 * 3_600_000;
/** Spreads those who were told the same moment. */
const JITTER_MS = 1000;

/** Pairs of headers that say how much is left and when the window ends; the newer names first, then the older one. */
const WINDOWS = [
  ['x-ratelimit-request-remaining', 'x-ratelimit-request-reset'],
  ['x-ratelimit-duration-remaining', 'x-ratelimit-duration-reset'],
  ['x-ratelimit-outputtoken-remaining', 'x-ratelimit-outputtoken-reset'],
  ['x-ratelimit-remaining', 'x-ratelimit-reset'],
] as const;
const REQUEST_WINDOWS = [WINDOWS[0], WINDOWS[3]] as const;

/**
 * How long to wait after a 429, in milliseconds: `Retry-After`, else the latest end of an exhausted window (epoch
 * seconds, measured by the answer's own `Date`), else what the message says, else 15 s.
 */
export function waitAfterLimit(headers: IncomingHttpHeaders, message: string | undefined, now = Date.now()): number {
  const providerNow = Date.parse(one(headers, 'date') ?? '') || now;
  const wait =
    retryAfter(one(headers, 'retry-after'), providerNow) ??
    windowEnd(headers, providerNow) ??
    waitInWords(message) ??
    DEFAULT_WAIT_MS;
  return Math.round(Math.min(Math.max(wait, 0), LONGEST_WAIT_MS) + Math.random() * JITTER_MS);
}

/** What an answer tells of the request limit it was counted under; `undefined` when it does not. */
export function windowOf(headers: IncomingHttpHeaders, now = Date.now()): ToldWindow | undefined {
  const providerNow = Date.parse(one(headers, 'date') ?? '') || now;
  for (const [remaining, reset] of REQUEST_WINDOWS) {
    const [left, end] = [one(headers, remaining), Number(one(headers, reset))];
    if (left === undefined || !(Number(left) >= 0) || !(end > 0)) continue;
    const limit = Number(one(headers, 'x-ratelimit-request-limit') ?? one(headers, 'x-ratelimit-limit'));
    return {
      remaining: Number(left),
      resetInMs: Math.max(0, end * 1000 - providerNow),
      ...(limit > 0 ? { limit } : {}),
    };
  }
  return undefined;
}

function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : date - now;
}

function windowEnd(headers: IncomingHttpHeaders, now: number): number | undefined {
  const ends = WINDOWS.flatMap(([remaining, reset]) => {
    const left = one(headers, remaining);
    const end = Number(one(headers, reset));
    const exhausted = left === undefined || Number(left) <= 0;
    return exhausted && end > 0 ? [end * 1000 - now] : [];
  }).filter((wait) => wait > 0);
  return ends.length > 0 ? Math.max(...ends) : undefined;
}

function waitInWords(message: string | undefined): number | undefined {
  const [, amount, unit = 's'] = /retry[ -]?after\D{0,20}(\d+)\s*(ms|s|m)?/i.exec(message ?? '') ?? [];
  if (!amount) return undefined;
  return Number(amount) * ({ ms: 1, s: 1000, m: 60_000 }[unit.toLowerCase()] ?? 1000);
}

function one(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
