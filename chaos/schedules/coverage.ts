import type { Evidence, RunEvidence } from '../checks/evidence';
import { phaseAt } from './phases';
import { HAPPENINGS, STRUCK_PHASES, type StruckPhase } from './strikes';
import { SITUATIONS } from './situations';

/**
 * How often each thing has happened in each phase, by the histories of the lifecycles it happened to; and in how many
 * runs something has happened in a phase while a situation was really there.
 */
export class Coverage {
  private readonly counts = new Map<string, number>();

  /** Counts what has happened to the lifecycle, and to the one that its key had before. */
  add({ earlier, situations, ...run }: Pick<Evidence, 'earlier' | 'struck' | 'phases' | 'situations'>): void {
    this.addRun(run, situations);
    if (earlier) this.addRun(earlier.run, situations);
  }

  private addRun({ struck, phases }: Pick<RunEvidence, 'struck' | 'phases'>, situations: readonly string[]): void {
    for (const { what, at } of struck) this.count(phaseAt(phases, at), what);
    const reached = new Set(struck.map(({ at }) => phaseAt(phases, at)));
    for (const phase of reached) for (const situation of situations) this.count(phase, situation);
  }

  /** Pairs that have not happened. */
  get missing(): string[] {
    return STRUCK_PHASES.flatMap((phase) =>
      ROWS.filter((row) => this.of(phase, row) === 0).map((row) => `${phase} × ${row}`),
    );
  }

  get total(): number {
    return STRUCK_PHASES.length * ROWS.length;
  }

  /** A row for each thing that can happen and each situation, a column for each phase. */
  get table(): string {
    const width = Math.max(...ROWS.map((row) => row.length));
    const line = (name: string, cells: (string | number)[]): string =>
      [name.padEnd(width), ...cells.map((cell) => String(cell).padStart(11))].join('');
    const counts = ROWS.map((row) =>
      line(
        row,
        STRUCK_PHASES.map((phase) => this.of(phase, row)),
      ),
    );
    return [line('', [...STRUCK_PHASES]), ...counts].join('\n');
  }

  private count(phase: string, row: string): void {
    const pair = `${phase} × ${row}`;
    this.counts.set(pair, (this.counts.get(pair) ?? 0) + 1);
  }

  private of(phase: StruckPhase, row: string): number {
    return this.counts.get(`${phase} × ${row}`) ?? 0;
  }
}

const ROWS: readonly string[] = [...HAPPENINGS, ...SITUATIONS];
