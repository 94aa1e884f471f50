import type { IncomingHttpHeaders } from 'node:http';

/**
 * Provider's clock minus ours, in milliseconds, from the `Date` header of an answer that has just come. It is too small by the
 * answer's time on the way and up to a second, since the header has whole seconds; never too large.
 */
export function clockAheadMs({ date }: IncomingHttpHeaders, now = Date.now()): number | undefined {
  const told = Date.parse(date ?? '');
  return Number.isNaN(told) ? undefined : told - now;
}
