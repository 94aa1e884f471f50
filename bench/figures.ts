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

/** Of each figure the run in which it was the median, so that note and verdict are of the same run as the value. */
export function medianFigures(runs: readonly (readonly Figure[])[]): Figure[] {
  const [first = []] = runs;
  return first.map((figure, place) => {
    const sorted = runs.flatMap((run) => run[place] ?? []).toSorted((a, b) => a.value - b.value);
    const middle = sorted[Math.floor(sorted.length / 2)] ?? figure;
    if (sorted.length === 1) return middle;
    const all = sorted.map(({ value }) => value.toFixed(2)).join(', ');
    return { ...middle, note: [middle.note, `median of ${all}`].filter(Boolean).join('; ') };
  });
}

/** The value below which `part` (0 to 1) of the values lie. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
