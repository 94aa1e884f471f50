import type { IncomingHttpHeaders } from 'node:http';

/** Wait after a 429 that states none. */
const DEFAULT_WAIT_MS = 15_000;
/** A longer wait is taken for a mistake of the answer. */
const MAX_WAIT_MS = 24 * 3_600_000;
/** Spreads requests that were told the same moment. */
const JITTER_MS = 500;

/** How long to wait after a 429, in milliseconds: the answer's `Retry-After` in seconds or as a date, else 15 s. */
export function waitAfterLimit(headers: IncomingHttpHeaders, now = Date.now()): number {
  const told = headers['retry-after'];
  const wait = told === undefined ? undefined : (secondsIn(told) ?? untilDate(told, headers, now));
  return Math.round(Math.min(Math.max(wait ?? DEFAULT_WAIT_MS, 0), MAX_WAIT_MS) + Math.random() * JITTER_MS);
}

const secondsIn = (told: string): number | undefined =>
  /^\s*\d+(\.\d+)?\s*$/.test(told) ? Number(told) * 1000 : undefined;

/** By the provider's own clock, where the answer states it. */
function untilDate(told: string, { date }: IncomingHttpHeaders, now: number): number | undefined {
  const at = Date.parse(told);
  return Number.isNaN(at) ? undefined : at - (Date.parse(date ?? '') || now);
}
