import type { Fault } from './faults';

/** A request to the provider's API or its part store, as a test that runs in the emulator's process sees it. */
export interface Call {
  /** Counts up from 1. */
  readonly id: number;
  /** As in the counters: `DELETE /assets/{asset_id}`. */
  readonly route: string;
  /** With its query. */
  readonly url: string;
  /** Who calls; absent at the part store. */
  readonly apiKey?: string;
  /** Epoch milliseconds of this machine. */
  readonly at: number;
}

/** For tests in the same process: sees every call, and may strike it with a fault made for it alone. */
export interface CallHooks {
  /** The request was read and has had no effect yet; awaited. Of a part only the head was read. */
  arrived?(call: Call): Promise<Fault | undefined> | Fault | undefined;
  /** The answer is out, or the connection dropped. */
  answered?(call: Call, outcome: number | 'dropped'): void;
}
