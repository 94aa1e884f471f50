import { setTimeout as delay } from 'node:timers/promises';
import type { Call, CallHooks } from '../emulator/call-hooks';
import { FaultSchema, type Fault, type FaultInput } from '../emulator/faults';
import type { CleanupPolicy } from '../src/contracts/cleanup-policy';
import type { AskedStop, JournalEntry, Struck } from './evidence';
import { isDeath, isFinal, isStop, type FaultKind, type Schedule, type StopKind } from './schedule';
import type { Strike, StruckPhase } from './schedule';

/** What the lane can do on the striker's word. */
export interface Means {
  /** Ends when the worker is dead. */
  kill(): Promise<void>;
  restart(): void;
  /** False when the lifecycle has closed already. */
  stop(what: StopKind, cleanup?: CleanupPolicy): Promise<boolean>;
  /** The first call of the branch has come, so the asset is ready. */
  assetReady(): Promise<void>;
}

const LATE_MS = 700;
const TOO_LATE_MS = 2800;
const STUCK_MS = 2600;

/** The faults of the explorer, in the emulator's words. */
const FAULT_OF: Record<FaultKind, Omit<FaultInput, 'route'>> = {
  'drop-before': { drop: 'before' },
  'drop-after': { drop: 'after' },
  late: { drop: 'before', lateMs: LATE_MS },
  'too-late': { drop: 'before', lateMs: TOO_LATE_MS },
  stuck: { delayMs: STUCK_MS },
  twice: { twice: true },
  'rate-limited': { status: 429, headers: { 'retry-after': '1' } },
  'unavailable-before': { status: 503 },
  'unavailable-after': { status: 500, when: 'after' },
  garbled: { status: 200, when: 'after', body: 'not what was promised' },
  refused: { status: 400, body: { code: 'parameter_invalid', message: 'Refused by the schedule.' } },
  unauthorized: { status: 401, body: { code: 'api_key_invalid', message: 'Refused by the schedule.' } },
};

/** Sees every call to a lane's emulator and does what the schedule says. */
export class Striker implements CallHooks {
  /** Query of calls that are not the lifecycle's. */
  static readonly NOT_OURS = 'by=somebody';

  calls: JournalEntry[] = [];
  struck: Struck[] = [];
  stops: AskedStop[] = [];
  private readonly seen = new Map<StruckPhase, number>();
  private readonly entries = new Map<number, JournalEntry>();
  private readonly killAfter = new Set<number>();
  private left: Strike[] = [];
  private means: Means | undefined;
  private pending: Promise<unknown>[] = [];
  private quietAt = 0;
  private progress: StruckPhase = 'creating';

  arm(schedule: Schedule, means: Means): void {
    this.means = means;
    this.left = [...schedule.strikes];
    [this.calls, this.struck, this.stops, this.pending] = [[], [], [], []];
    this.seen.clear();
    this.entries.clear();
    this.killAfter.clear();
    this.quietAt = 0;
    this.progress = 'creating';
  }

  /** Nothing more happens, and what was to come late has come. */
  async disarm(): Promise<void> {
    this.left = [];
    await Promise.all(this.pending);
    this.means = undefined;
    await delay(Math.max(0, this.quietAt - Date.now()));
  }

  async arrived(call: Call): Promise<Fault | undefined> {
    if (!this.means || call.url.includes(Striker.NOT_OURS)) return undefined;
    const entry: JournalEntry = { route: call.route, at: call.at };
    this.calls.push(entry);
    this.entries.set(call.id, entry);
    const phase = await this.phaseOf(call);
    const nth = this.seen.get(phase) ?? 0;
    this.seen.set(phase, nth + 1);
    const index = this.left.findIndex((strike) => strike.phase === phase && strike.nth === nth);
    const [strike] = index < 0 ? [] : this.left.splice(index, 1);
    return strike && this.strike(strike, call);
  }

  answered({ id }: Call, outcome: number | 'dropped'): void {
    const entry = this.entries.get(id);
    if (entry) entry.outcome = outcome;
    if (this.killAfter.delete(id) && this.means) this.pending.push(this.means.kill());
  }

  private async strike(strike: Strike, call: Call): Promise<Fault | undefined> {
    const { what } = strike;
    if (isStop(what)) {
      this.pending.push(this.stopLater(strike, what));
      return undefined;
    }
    this.struck.push({ what, at: call.at });
    if (isFinal(what)) this.progress = 'cleaning';
    if (!isDeath(what)) return this.faultOf(what, call);
    if (what === 'restart') {
      this.means?.restart();
      return undefined;
    }
    if (what === 'kill-after') {
      this.killAfter.add(call.id);
      return undefined;
    }
    await this.means?.kill();
    return FaultSchema.parse({ route: call.route, drop: what === 'kill-before' ? 'before' : 'after' });
  }

  private faultOf(what: FaultKind, { route }: Call): Fault {
    const fault = FaultSchema.parse({ ...FAULT_OF[what], route });
    this.quietAt = Math.max(this.quietAt, Date.now() + (fault.lateMs ?? 0) + (fault.delayMs ?? 0) + 200);
    return fault;
  }

  private async stopLater({ delayMs, cleanup }: Strike, what: StopKind): Promise<void> {
    await delay(delayMs);
    const at = Date.now();
    const accepted = (await this.means?.stop(what, cleanup)) ?? false;
    this.stops.push({ what, at, accepted });
    if (accepted) this.struck.push({ what, at });
    if (accepted) this.progress = 'cleaning';
  }

  /** By what is called, as far as that tells; coverage goes by the history instead. */
  private async phaseOf({ route, url }: Call): Promise<StruckPhase> {
    if (this.progress === 'cleaning') return 'cleaning';
    if (route.startsWith('DELETE')) return (this.progress = 'cleaning');
    if (this.progress === 'creating' && url.includes('asset_ids=')) this.progress = 'processing';
    const observes = route === 'GET /assets' && url.includes('asset_ids=');
    if (this.progress === 'processing' && !observes) {
      this.progress = 'branching';
      await this.means?.assetReady();
    }
    return this.progress;
  }
}
