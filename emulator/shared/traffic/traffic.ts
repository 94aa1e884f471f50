import { setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Call, CallHooks } from './call-hooks';
import type { Counters } from './counters';
import type { Fault, Faults } from './faults';

/** How slow every answer is: the effect takes place after the first wait, the answer leaves after the second. */
export const PaceSchema = z.strictObject({
  beforeEffectMs: z.number().min(0).default(0),
  afterEffectMs: z.number().min(0).default(0),
});
export type Pace = z.output<typeof PaceSchema>;

/** What every request meets, at the API as at the part store: counters, hooks and faults. */
export class Traffic {
  pace: Pace = { beforeEffectMs: 0, afterEffectMs: 0 };
  /** Those that a fault can be put on. `bytes`: the body is a part's, so that it can be cut off in the middle. */
  readonly routes = new Map<string, 'json' | 'bytes'>();
  private calls = 0;

  constructor(
    readonly faults: Faults,
    readonly counters: Counters,
    private readonly closing: AbortSignal,
    private readonly hooks: CallHooks = {},
  ) {
    setMaxListeners(0, closing); // each request that is made slow listens
  }

  begin(route: string, url: string, apiKey?: string): Call {
    this.counters.request(route);
    return { id: ++this.calls, route, url, apiKey, at: Date.now() };
  }

  /** The fault that strikes the call, once its delay is over. */
  async faultFor(call: Call): Promise<Fault | undefined> {
    const fault = (await this.hooks.arrived?.(call)) ?? this.faults.take(call.route);
    await this.wait((fault?.delayMs ?? 0) + this.pace.beforeEffectMs);
    return fault;
  }

  /** Between an effect and its answer. */
  async afterEffect(): Promise<void> {
    await this.wait(this.pace.afterEffectMs);
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

  private async wait(ms: number): Promise<void> {
    if (ms > 0) await delay(ms, undefined, { signal: this.closing });
  }

  /** A commit that comes when the caller has given up already. */
  private runLate(ms: number, effect: () => unknown): void {
    delay(ms, undefined, { signal: this.closing })
      .then(effect)
      .catch(() => {}); // the emulator closed, or the effect was refused: nobody is there to hear it
  }
}
