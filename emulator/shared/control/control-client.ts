import type { PartCounts, RouteCount } from '../traffic/counters';
import type { FaultInput } from '../traffic/faults';
import type { Pace } from '../traffic/traffic';
import type { Processing } from './control-routes';

/**
 * The part of the control API that every emulator has, typed.
 * @param State what the emulator of a vendor tells of its objects.
 */
export class ControlClient<State> {
  /** @param controlUrl `http://host:port/_emulator` */
  constructor(private readonly controlUrl: string) {}

  state = (): Promise<State> => this.call('GET', '/state');
  counters = (): Promise<Record<string, RouteCount>> => this.call('GET', '/counters');
  /** What the part store took in. */
  partCounters = (): Promise<PartCounts> => this.call('GET', '/counters/parts');
  clock = (): Promise<{ nowMs: number; advancedMs: number; skewMs: number }> => this.call('GET', '/clock');
  advanceClock = (advanceMs: number): Promise<{ nowMs: number }> => this.call('POST', '/clock', { advanceMs });
  /** Shows all times that much ahead of this machine's clock (negative: behind); nothing gets older by it. */
  skewClock = (skewMs: number): Promise<{ nowMs: number }> => this.call('POST', '/clock', { skewMs });
  /** Makes every answer slow: the effect waits, and so does the answer after it. Zero for what is left out. */
  setPace = (pace: Partial<Pace>): Promise<Pace> => this.call('POST', '/pace', pace);
  addFault = (fault: FaultInput): Promise<{ id: number }> => this.call('POST', '/faults', fault);
  clearFaults = (): Promise<void> => this.call('DELETE', '/faults');
  faults = (): Promise<unknown[]> => this.call('GET', '/faults');
  setProcessing = (processing: Processing): Promise<void> => this.call('POST', '/processing', processing);
  /** Makes an object end as failed. */
  fail = (id: string, message: string): Promise<void> => this.call('POST', '/fail', { id, message });
  reset = (): Promise<void> => this.call('POST', '/reset');

  protected async call<T>(method: string, route: string, body?: object): Promise<T> {
    const response = await fetch(`${this.controlUrl}${route}`, {
      method,
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}
