import type { Evidence } from './evidence';
import { phaseAt } from './phases';
import { HAPPENINGS, STRUCK_PHASES, type Happening, type StruckPhase } from './schedule';

/** How often each thing has happened in each phase, by the histories of the lifecycles it happened to. */
export class Coverage {
  private readonly counts = new Map<string, number>();

  add({ struck, phases }: Evidence): void {
    for (const { what, at } of struck) {
      const pair = `${phaseAt(phases, at)} × ${what}`;
      this.counts.set(pair, (this.counts.get(pair) ?? 0) + 1);
    }
  }

  /** Pairs that have not happened. */
  get missing(): string[] {
    return STRUCK_PHASES.flatMap((phase) =>
      HAPPENINGS.filter((what) => this.of(phase, what) === 0).map((what) => `${phase} × ${what}`),
    );
  }

  get total(): number {
    return STRUCK_PHASES.length * HAPPENINGS.length;
  }

  /** A row for each thing that can happen, a column for each phase. */
  get table(): string {
    const width = Math.max(...HAPPENINGS.map((what) => what.length));
    const line = (name: string, cells: (string | number)[]): string =>
      [name.padEnd(width), ...cells.map((cell) => String(cell).padStart(11))].join('');
    const rows = HAPPENINGS.map((what) =>
      line(
        what,
        STRUCK_PHASES.map((phase) => this.of(phase, what)),
      ),
    );
    return [line('', [...STRUCK_PHASES]), ...rows].join('\n');
  }

  private of(phase: StruckPhase, what: Happening): number {
    return this.counts.get(`${phase} × ${what}`) ?? 0;
  }
}
