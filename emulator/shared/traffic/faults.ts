import { z } from 'zod';
import { mulberry32 } from '../random';

export const FaultSchema = z
  .strictObject({
    /** As in the counters: `POST /assets`, `DELETE /assets/{asset_id}`. */
    route: z.string().regex(/^[A-Z]+ \//, 'must be a method and a path, such as "POST /assets"'),
    /** Answer with this instead; with `when: "after"` the effect has taken place all the same. */
    status: z.number().int().min(200).max(599).optional(),
    /** `null` for an answer without one. */
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    when: z.enum(['before', 'after']).default('before'),
    /** Close the connection without an answer, before or after the effect. */
    drop: z.enum(['before', 'after']).optional(),
    /** Close the connection in the middle, once that many bytes of the body have come; for routes of a part store only. */
    dropAfterBytes: z.number().int().min(0).optional(),
    /** The effect takes place this long after the connection was dropped, or the answer given. */
    lateMs: z.number().min(0).optional(),
    /** The effect takes place twice, as if the network had delivered the request twice. */
    twice: z.boolean().optional(),
    /** Wait before anything else. */
    delayMs: z.number().min(0).optional(),
    /** How often it strikes; always when left out. */
    times: z.number().int().min(1).optional(),
    /** How likely it strikes; drawn from `seed`. */
    probability: z.number().min(0).max(1).default(1),
    seed: z.number().int().default(1),
  })
  .refine(
    ({ status, drop, dropAfterBytes, delayMs, twice }) =>
      [status, drop, dropAfterBytes, delayMs, twice].some((one) => one !== undefined),
    { error: 'needs a status, a drop, a dropAfterBytes, a delayMs or twice' },
  );
export type Fault = z.output<typeof FaultSchema>;
export type FaultInput = z.input<typeof FaultSchema>;

/** Active faults, in the order they were added. At most one strikes a request: the first that matches. */
export class Faults {
  private readonly active = new Map<number, { fault: Fault; left: number; draw: () => number }>();
  private lastId = 0;

  add(fault: Fault): number {
    this.active.set(++this.lastId, {
      fault,
      left: fault.times ?? Number.POSITIVE_INFINITY,
      draw: mulberry32(fault.seed),
    });
    return this.lastId;
  }

  remove(id: number): boolean {
    return this.active.delete(id);
  }

  clear(): void {
    this.active.clear();
  }

  list(): (Fault & { id: number; left: number | null })[] {
    return [...this.active].map(([id, { fault, left }]) => ({
      id,
      ...fault,
      left: Number.isFinite(left) ? left : null,
    }));
  }

  /** The fault that strikes this request, if any. */
  take(route: string): Fault | undefined {
    for (const [id, entry] of this.active) {
      if (entry.fault.route !== route || entry.draw() >= entry.fault.probability) continue;
      entry.left -= 1;
      if (entry.left <= 0) this.active.delete(id);
      return entry.fault;
    }
    return undefined;
  }
}
