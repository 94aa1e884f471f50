import { setTimeout as delay } from 'node:timers/promises';
import type { Call } from '../../emulator/shared/traffic/call-hooks';
import { Striker, type Means } from './striker';
import type { StruckPhase } from '../schedules/strikes';
import type { BatchEvidence } from '../batches/evidence';
import type { Act, ActKind, BatchSchedule } from '../batches/schedule';

/** Does what a schedule's act says. @returns what came of it */
export type Perform = (what: ActKind) => Promise<string | undefined>;

/**
 * Sees every call of a batch. Its items are in different phases at one time, so that the phase of a call is told by what is
 * called alone.
 */
export class BatchStriker extends Striker {
  acted: BatchEvidence['acts'] = [];
  private actsLeft: Act[] = [];
  private readonly counted = new Map<StruckPhase, number>();
  private perform: Perform | undefined;

  armBatch(schedule: BatchSchedule, means: Means, perform: Perform): void {
    this.actsLeft = [...schedule.acts];
    this.acted = [];
    this.perform = perform;
    this.counted.clear();
    this.arm(
      { strikes: schedule.strikes, around: schedule.around.includes('slow-answers') ? ['slow-provider'] : [] },
      means,
    );
  }

  override async disarm(): Promise<void> {
    this.actsLeft = [];
    await super.disarm();
  }

  protected override phaseOf({ route, url }: Call): StruckPhase {
    const phase = phaseOfCall(route, url);
    const nth = this.counted.get(phase) ?? 0;
    this.counted.set(phase, nth + 1);
    for (const act of this.actsLeft.filter((one) => one.phase === phase && one.nth === nth)) {
      this.actsLeft.splice(this.actsLeft.indexOf(act), 1);
      this.pending.push(this.act(act));
    }
    return phase;
  }

  private async act({ what, delayMs, phase }: Act): Promise<void> {
    await delay(delayMs);
    const at = Date.now();
    const words = await this.perform?.(what);
    this.acted.push({ what, at, phase, ...(words === undefined ? {} : { words }) });
  }
}

const GIVES_UP = /^DELETE |:cancel$/;
const WAITS = /^GET \S+assetIngestionSessions\/\{session_id\}$/;
const CREATES = /^(GET|POST) \/assets($|\/multipart)|^PUT |\/assetSources\//;

/** Marks and everything of branches count as branching. */
function phaseOfCall(route: string, url: string): StruckPhase {
  if (GIVES_UP.test(route)) return 'cleaning';
  if (url.includes('asset_ids=') || WAITS.test(route)) return 'processing';
  return CREATES.test(route) ? 'creating' : 'branching';
}
