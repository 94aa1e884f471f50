import type { Command } from 'commander';
import { durationMs } from '../../../contracts/duration';
import type { ListFilter } from '../../../temporal/runs/list-query';
import { UsageError } from '../../exit';

/** Flags of {@link addListFlags}. */
export interface ListFlags {
  key?: string;
  asset?: string;
  since?: Date;
  until?: Date;
  closedSince?: Date;
  closedUntil?: Date;
  query?: string;
}

/** Adds the flags that narrow a list, of every command that goes by one. */
export const addListFlags = (command: Command): Command =>
  command
    .option('--key <start>', 'only keys that begin with this')
    .option('--asset <id>', 'only those of this asset')
    .option(
      '--since <when>',
      'only those started since then: a duration such as 30m or 1d, or a time',
      timeOf('--since'),
    )
    .option('--until <when>', 'only those started before then', timeOf('--until'))
    .option('--closed-since <when>', 'only those that ended since then', timeOf('--closed-since'))
    .option('--closed-until <when>', 'only those that ended before then', timeOf('--closed-until'))
    .option('--query <filter>', 'further conditions in Temporal’s list filter language');

/** The filter that the flags say. */
export const filterOf = ({ key, asset, since, until, closedSince, closedUntil, query }: ListFlags): ListFilter => ({
  key,
  assetId: asset,
  startedAfter: since,
  startedBefore: until,
  closedAfter: closedSince,
  closedBefore: closedUntil,
  query,
});

const TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** The moment that was so long ago, or a time as RFC 3339 has it; a date alone begins at midnight UTC. */
const timeOf =
  (flag: string) =>
  (text: string): Date => {
    const ms = durationMs(text);
    const time = new Date(ms === undefined ? (TIME.test(text) ? Date.parse(text) : Number.NaN) : Date.now() - ms);
    if (time.getTime() >= 0) return time;
    throw new UsageError(
      `${flag}: must be a duration such as "30m", "12h" or "1d", or a time such as "2026-11-26T08:00Z", ` +
        `after 1970; not "${text}"`,
    );
  };
