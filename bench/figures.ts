/** One line of the bench's table. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  /** The figure to reach, in words. */
  goal: string;
  ok: boolean;
  note?: string;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The value below which `part` (0 to 1) of the values lie. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
