import type { ItemOutcome } from '../../../contracts/batch/item-outcome';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** As long as a call of a lifecycle is tried again, and its cleanup. */
export const CALL_TRIED_FOR_MS = 2 * DAY_MS;
export const CLEANUP_TRIED_FOR_MS = 7 * DAY_MS;

const SOONEST_MS = 2 * MINUTE_MS;
const LATEST_MS = 30 * MINUTE_MS;
/** Waits get longer with what has passed, so that days take some hundreds of rounds. */
const SHARE_OF_AGE = 1 / 4;

/** The step of the item failed in a way that is worth trying again. */
export function withTrouble(record: ItemOutcome): ItemOutcome {
  const { work } = record;
  if (!work || work.troubledSince !== undefined) return record;
  return { ...record, work: { ...work, troubledSince: new Date().toISOString() } };
}

export function withoutTrouble(record: ItemOutcome): ItemOutcome {
  const { work } = record;
  return work?.troubledSince === undefined ? record : { ...record, work: { ...work, troubledSince: undefined } };
}

/** True if its step has failed for so long, again and again. */
export const isTroubledFor = (record: ItemOutcome | undefined, ms: number): boolean => ageOf(record) >= ms;

/** After so long items are to be tried again that their step could not be taken for; `undefined` if there is none. */
export function triedAgainAfterMs(records: readonly (ItemOutcome | undefined)[]): number | undefined {
  const ages = records.map(ageOf).filter((age) => age >= 0);
  if (ages.length === 0) return undefined;
  return Math.min(Math.max(Math.max(...ages) * SHARE_OF_AGE, SOONEST_MS), LATEST_MS);
}

const ageOf = (record: ItemOutcome | undefined): number =>
  record?.work?.troubledSince === undefined ? -1 : Math.max(Date.now() - Date.parse(record.work.troubledSince), 0);
