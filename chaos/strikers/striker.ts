import { setTimeout as delay } from 'node:timers/promises';
import type { Call, CallHooks } from '../../emulator/shared/traffic/call-hooks';
import { FaultSchema, type Fault, type FaultInput } from '../../emulator/shared/traffic/faults';
import type { CleanupPolicy } from '../../src/contracts/cleanup-policy';
import type { AskedStop, JournalEntry, Struck } from '../checks/evidence';
import { replacesFile } from '../schedules/later-starts';
import type { Schedule } from '../schedules/schedule';
import { isDeath, isFinal, isStop, type FaultKind, type StopKind } from '../schedules/strikes';
import type { Strike, StruckPhase } from '../schedules/strikes';
import { isAround } from '../schedules/situations';

/** Moments at which others act. */
export type Moment = 'processing' | 'branching' | 'entity-made';

/** What a striker needs of a schedule. */
export type ArmedSchedule = Pick<Schedule, 'strikes' | 'shape' | 'around'>;

/** Actions of the lane that the striker can start. */
export interface Means {
  /** Ends when the worker is dead. */
  kill(): Promise<void>;
  restart(): void;
  /** False when the lifecycle has closed already. */
  stop(what: StopKind, cleanup?: CleanupPolicy): Promise<boolean>;
  /** Reads what running activities have told Temporal so far. */
  lookAtHeartbeats(): Promise<void>;
  /** The lifecycle has come so far; nothing that it calls takes effect until this ends. */
  moment(what: Moment): Promise<void>;
}

const LATE_MS = 700;
const TOO_LATE_MS = 2800;
const STUCK_MS = 2600;
/** An effect that is to come late comes within this of its time; a slow provider's later. */
const SLACK_MS = 200;
const SLOW_SLACK_MS = 1000;
/** Heartbeats of a step that may write, and the answer of a slow provider. */
const HEARS_WITHIN_MS = 3000;
const QUIET_WITHIN_MS = 30_000;
const ENTITIES = 'POST /entity-collections/{entity_collection_id}/entities';
const MARK = 'PATCH /assets/{asset_id}/user-metadata';

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
  /** API key of calls that are not the lifecycle's. */
  static readonly NOT_OURS = 'somebody';

  calls: JournalEntry[] = [];
  struck: Struck[] = [];
  stops: AskedStop[] = [];
  /** A change of an asset's metadata was refused by the surroundings. */
  marksRefused = false;
  /** One was let through, or may have been: while others worked aside, or since it was struck otherwise. */
  marksAside = false;
  private readonly seen = new Map<StruckPhase, number>();
  private readonly entries = new Map<number, JournalEntry>();
  private readonly killAfter = new Set<number>();
  private left: Strike[] = [];
  private means: Means | undefined;
  protected pending: Promise<unknown>[] = [];
  private quietAt = 0;
  private replacesAsset = false;
  protected progress: StruckPhase = 'creating';
  /** Calls wait until this resolves. */
  private gate: Promise<void> = Promise.resolve();
  private isEntityNew = false;
  private isAside = false;
  private slackMs = SLACK_MS;
  private markFault: Fault | undefined;

  arm(schedule: ArmedSchedule, means: Means): void {
    this.replacesAsset = replacesFile(schedule.shape);
    this.means = means;
    this.markFault = markFaultOf(schedule);
    this.marksRefused = false;
    this.marksAside = false;
    this.slackMs = isAround(schedule, 'slow-provider') ? SLOW_SLACK_MS : SLACK_MS;
    this.isEntityNew = false;
    this.left = [...schedule.strikes];
    this.calls = [];
    this.struck = [];
    this.stops = [];
    this.pending = [];
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
    if (this.stops.some(({ what, accepted }) => what === 'terminate' && accepted)) await this.untilQuiet();
    this.means = undefined;
    await delay(Math.max(0, this.quietAt - Date.now()));
  }

  /** A step hears with its next heartbeat that its run was terminated; what it has sent by then takes effect. */
  private async untilQuiet(): Promise<void> {
    const until = Date.now() + QUIET_WITHIN_MS;
    for (let known = -1; this.calls.length > known && Date.now() < until;) {
      known = this.calls.length;
      await delay(HEARS_WITHIN_MS);
    }
  }

  /** Calls made meanwhile are not taken for the lifecycle's, and nothing is done to them. */
  async aside<T>(work: () => Promise<T>): Promise<T> {
    this.isAside = true;
    try {
      return await work();
    } finally {
      this.isAside = false;
    }
  }

  async arrived(call: Call): Promise<Fault | undefined> {
    if (!this.means || call.apiKey === Striker.NOT_OURS) return undefined;
    if (this.isAside) {
      this.marksAside ||= call.route === MARK;
      return undefined;
    }
    await this.gate;
    const entry: JournalEntry = { route: call.route, at: call.at };
    this.calls.push(entry);
    this.entries.set(call.id, entry);
    if (call.route.startsWith('PUT ')) this.pending.push(this.means.lookAtHeartbeats());
    const phase = this.phaseOf(call);
    await this.gate;
    const nth = this.seen.get(phase) ?? 0;
    this.seen.set(phase, nth + 1);
    const index = this.left.findIndex((strike) => strike.phase === phase && strike.nth === nth);
    const [strike] = index < 0 ? [] : this.left.splice(index, 1);
    const fault = strike && (await this.strike(strike, call));
    if (call.route !== MARK || !this.markFault) return fault;
    if (fault)
      this.marksAside = true; // it may take effect
    else this.marksRefused = true;
    return fault ?? this.markFault;
  }

  answered({ id }: Call, outcome: number | 'dropped'): void {
    const entry = this.entries.get(id);
    if (entry) entry.outcome = outcome;
    if (entry?.route === ENTITIES && outcome !== 'dropped' && outcome < 300) this.isEntityNew = true;
    if (this.killAfter.delete(id) && this.means) this.pending.push(this.means.kill());
  }

  private async strike(strike: Strike, call: Call): Promise<Fault | undefined> {
    const { what } = strike;
    if (isStop(what)) {
      this.pending.push(this.stopLater(strike, what));
      return undefined;
    }
    this.struck.push({ what, at: call.at, phase: strike.phase });
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
    this.quietAt = Math.max(this.quietAt, Date.now() + (fault.lateMs ?? 0) + (fault.delayMs ?? 0) + this.slackMs);
    return fault;
  }

  private async stopLater({ delayMs, cleanup, phase }: Strike, what: StopKind): Promise<void> {
    await delay(delayMs);
    const at = Date.now();
    const accepted = (await this.means?.stop(what, cleanup)) ?? false;
    this.stops.push({ what, at, accepted });
    if (accepted) this.struck.push({ what, at, phase });
    if (accepted) this.progress = 'cleaning';
  }

  /** By what is called, as far as that tells; coverage goes by the history instead. */
  protected phaseOf({ route, url }: Call): StruckPhase {
    if (this.isEntityNew) {
      this.isEntityNew = false;
      this.await('entity-made');
    }
    if (this.progress === 'cleaning') return 'cleaning';
    const replaces = this.replacesAsset && this.progress === 'creating'; // the asset of an earlier run makes room
    if (route.startsWith('DELETE') && !replaces) return (this.progress = 'cleaning');
    if (this.progress === 'creating' && url.includes('asset_ids=')) {
      this.progress = 'processing';
      this.await('processing');
    }
    const observes = route === 'GET /assets' && url.includes('asset_ids=');
    if (this.progress === 'processing' && !observes) {
      this.progress = 'branching';
      this.await('branching');
    }
    return this.progress;
  }

  protected await(moment: Moment): void {
    this.gate = this.gate.then(() => this.means?.moment(moment));
  }
}

function markFaultOf(schedule: ArmedSchedule): Fault | undefined {
  if (isAround(schedule, 'key-expired')) return FaultSchema.parse({ route: MARK, ...FAULT_OF.unauthorized });
  return isAround(schedule, 'mark-refused') ? FaultSchema.parse({ route: MARK, ...FAULT_OF.refused }) : undefined;
}
