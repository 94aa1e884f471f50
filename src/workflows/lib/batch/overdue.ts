/** Groups that were not heard of for so long are looked at. */
export const OVERDUE_MS = 10 * 60_000;
