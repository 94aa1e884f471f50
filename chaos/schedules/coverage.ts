import type { Evidence, RunEvidence } from '../checks/evidence';
import { phaseAt } from './phases';
import { HAPPENINGS, STRUCK_PHASES, type StruckPhase } from './strikes';
import { SITUATIONS } from './situations';

/** What is counted of a schedule. */
type Covered = Pick<Evidence, 'earlier'> & CoveredRun & { situations: readonly string[] };
type CoveredRun = Pick<RunEvidence, 'phases'> & { struck: readonly { what: string; at: number }[] };

/**
 * How often each thing has happened in each phase, by the histories of the lifecycles it happened to; and in how many
 * runs something has happened in a phase while a situation was really there.
 */
export class Coverage {
  private readonly counts = new Map<string, number>();

  /** @param situations that are counted, and phases in which they can be. */
  constructor(
    private readonly situations: readonly string[] = SITUATIONS,
    private readonly phases: readonly StruckPhase[] = STRUCK_PHASES,
  ) {}

  /** Counts what has happened to the lifecycle, and to the one that its key had before. */
  add({ earlier, situations, ...run }: Covered): void {
    this.addRun(run, situations);
    if (earlier) this.addRun(earlier.run, situations);
  }

  private addRun({ struck, phases }: CoveredRun, situations: readonly string[]): void {
    for (const { what, at } of struck) this.count(phaseAt(phases, at), what);
    const reached = new Set(struck.map(({ at }) => phaseAt(phases, at)));
    for (const phase of reached) for (const situation of situations) this.count(phase, situation);
  }

  /** Pairs that have not happened. */
  get missing(): string[] {
    return this.phases.flatMap((phase) =>
      this.rows.filter((row) => this.of(phase, row) === 0).map((row) => `${phase} × ${row}`),
    );
  }

  get isEmpty(): boolean {
    return this.counts.size === 0;
  }

  get total(): number {
    return this.phases.length * this.rows.length;
  }

  /** A row for each thing that can happen and each situation, a column for each phase. */
  get table(): string {
    const width = Math.max(...this.rows.map((row) => row.length));
    const line = (name: string, cells: (string | number)[]): string =>
      [name.padEnd(width), ...cells.map((cell) => String(cell).padStart(11))].join('');
    const counts = this.rows.map((row) =>
      line(
        row,
        this.phases.map((phase) => this.of(phase, row)),
      ),
    );
    return [line('', [...this.phases]), ...counts].join('\n');
  }

  private get rows(): readonly string[] {
    return [...HAPPENINGS, ...this.situations];
  }

  private count(phase: string, row: string): void {
    const pair = `${phase} × ${row}`;
    this.counts.set(pair, (this.counts.get(pair) ?? 0) + 1);
  }

  private of(phase: StruckPhase, row: string): number {
    return this.counts.get(`${phase} × ${row}`) ?? 0;
  }
}
