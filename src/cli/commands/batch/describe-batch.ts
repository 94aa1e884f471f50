import type { BatchStatus } from '../../../contracts/batch/batch-status';
import { bar, durationWords, sizeOf } from '../../output';

/** Phases and outcomes in the order in which items go through them; others follow. */
const ORDER = ['pending', 'creating', 'processing', 'branching', 'cleaning'];
const ENDED = ['completed', 'failed', 'cancelled', 'deleted'];

/** `3 pending, 47 processing, 950 completed`. */
export function wordsOfCounts({ by }: BatchStatus['counts']): string {
  const place = (name: string): number => [...ORDER, ...ENDED].indexOf(name);
  const counts = Object.entries(by).filter(([, items]) => items > 0);
  return counts
    .sort(([one], [other]) => place(one) - place(other))
    .map(([name, items]) => `${items} ${name}`)
    .join(', ');
}

/** Items that have ended, whatever their end. */
export const endedItems = ({ counts: { by } }: BatchStatus): number =>
  ENDED.reduce((sum, name) => sum + (by[name] ?? 0), 0);

/** 0 to 100, by items. */
export const percentOf = (status: BatchStatus): number =>
  status.counts.items === 0 ? 0 : Math.floor((endedItems(status) / status.counts.items) * 100);

/** One line that says where a batch is. */
export function lineOfBatch(status: BatchStatus): string {
  const { batchId, phase, counts, refused, itemsPerSec, secondsLeft, outcome, error, reason } = status;
  const parts = [`${batchId}: ${phase}`];
  if (counts.items > 0) parts.push(`${endedItems(status)} of ${counts.items} items (${percentOf(status)} %)`);
  const words = wordsOfCounts(counts);
  if (words !== '') parts.push(words);
  if (refused > 0) parts.push(`${refused} refused`);
  if (counts.bytes > 0) parts.push(bytesOf(status));
  if (itemsPerSec !== undefined && outcome === undefined) parts.push(`${itemsPerSec.toFixed(1)} items/s`);
  if (secondsLeft !== undefined && secondsLeft > 0 && outcome === undefined) {
    parts.push(`${durationWords(secondsLeft * 1000)} left`);
  }
  if (reason !== undefined) parts.push(`because: ${reason}`);
  if (error) parts.push(`${error.type}: ${error.message}`);
  return parts.join(', ');
}

/** The same with a bar, for terminals. */
export const liveLineOfBatch = (status: BatchStatus): string =>
  (status.counts.items > 0 ? bar(percentOf(status)) : '') + lineOfBatch(status);

export const lineOfFailure = ({ key, error }: BatchStatus['failures'][number]): string =>
  `failed ${key}: ${error.type}: ${error.message}`;

/** `1.2 MB of 30.4 MB`; sizes of URLs and existing assets are only known once they are ready. */
const bytesOf = ({ counts, totalBytes }: BatchStatus): string =>
  totalBytes >= counts.bytes ? `${sizeOf(counts.bytes)} of ${sizeOf(totalBytes)}` : sizeOf(counts.bytes);

/** A status for people, line by line, with the newest failures. */
export function describeBatch(status: BatchStatus): string[] {
  const { batchId, provider, phase, counts, refused, groups, inFlight, itemsPerSec, secondsLeft, timings } = status;
  const isOpen = status.outcome === undefined;
  const rows: [string, string | number | undefined][] = [
    ['batch', batchId],
    ['provider', provider],
    ['phase', phase],
    ['items', counts.items > 0 ? `${counts.items}: ${wordsOfCounts(counts)}` : undefined],
    ['refused', refused || undefined],
    ['bytes', counts.bytes + status.totalBytes > 0 ? bytesOf(status) : undefined],
    ['window', isOpen ? `${inFlight} items at once, ${groups} groups open` : undefined],
    ['rate', itemsPerSec !== undefined ? `${itemsPerSec.toFixed(1)} items/s` : undefined],
    ['left', isOpen && secondsLeft ? durationWords(secondsLeft * 1000) : undefined],
    ['reason', status.reason],
    ['error', status.error && `${status.error.type}: ${status.error.message}`],
    ['started', timings.startedAt],
    ['closed', timings.closedAt],
    ['kept in', status.uri],
  ];
  const lines = rows.filter(([, value]) => value !== undefined).map(([name, value]) => `${name.padEnd(8)} ${value}`);
  const { failures } = status;
  return [...lines, ...(failures.length > 0 ? ['newest failures:', ...failures.map(lineOfFailure)] : [])];
}
