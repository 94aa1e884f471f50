import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Call, CallHooks } from './call-hooks';
import type { Counters } from './counters';
import type { Fault, Faults } from './faults';

/** What every request meets, at the API as at the part store: counters, hooks and faults. */
export class Traffic {
  private calls = 0;

  constructor(
    readonly faults: Faults,
    readonly counters: Counters,
    private readonly closing: AbortSignal,
    private readonly hooks: CallHooks = {},
  ) {}

  begin(route: string, url: string): Call {
    this.counters.request(route);
    return { id: ++this.calls, route, url, at: Date.now() };
  }

  /** The fault that strikes the call, once its delay is over. */
  async faultFor(call: Call): Promise<Fault | undefined> {
    const fault = (await this.hooks.arrived?.(call)) ?? this.faults.take(call.route);
    if (fault?.delayMs !== undefined) await delay(fault.delayMs, undefined, { signal: this.closing });
    return fault;
  }

  /** Lets the effect take place as the fault wants it: after all, later, or not at all. */
  async effectUnder(fault: Fault, effect: () => unknown): Promise<void> {
    if (fault.lateMs !== undefined) this.runLate(fault.lateMs, effect);
    else if ((fault.drop ?? fault.when) === 'after') await effect();
  }

  answered(call: Call, outcome: number | 'dropped', response: ServerResponse): void {
    this.counters.answer(call.route, outcome);
    if (response.closed) this.hooks.answered?.(call, outcome);
    else response.once('close', () => this.hooks.answered?.(call, outcome));
  }

  /** A commit that comes when the caller has given up already. */
  private runLate(ms: number, effect: () => unknown): void {
    delay(ms, undefined, { signal: this.closing })
      .then(effect)
      .catch(() => {}); // the emulator closed, or the effect was refused: nobody is there to hear it
  }
}
