import type { RouteCount } from './counters';
import type { FaultInput } from './faults';

export interface EmulatorAsset {
  _id: string;
  status: string;
  filename: string;
  user_metadata: Record<string, unknown>;
  sha256?: string;
  /** By the emulator's clock; null while its bytes are being fetched. */
  readyAtMs: number | null;
}

export interface EmulatorState {
  assets: EmulatorAsset[];
  embedTasks: { _id: string; asset_id?: string }[];
  collections: { _id: string; name: string }[];
  entities: { _id: string; name: string; asset_ids: string[]; metadata?: Record<string, unknown> }[];
  indexes: { _id: string; index_name: string }[];
  indexedAssets: {
    _id: string;
    asset_id: string;
    index_id: string;
    status: string;
    user_metadata: Record<string, unknown>;
  }[];
}

/** The emulator's control API, typed. */
export class EmulatorControl {
  /** @param controlUrl `http://host:port/_emulator` */
  constructor(private readonly controlUrl: string) {}

  state = (): Promise<EmulatorState> => this.call('GET', '/state');
  counters = (): Promise<Record<string, RouteCount>> => this.call('GET', '/counters');
  clock = (): Promise<{ nowMs: number; advancedMs: number }> => this.call('GET', '/clock');
  advanceClock = (advanceMs: number): Promise<{ nowMs: number }> => this.call('POST', '/clock', { advanceMs });
  addFault = (fault: FaultInput): Promise<{ id: number }> => this.call('POST', '/faults', fault);
  clearFaults = (): Promise<void> => this.call('DELETE', '/faults');
  faults = (): Promise<unknown[]> => this.call('GET', '/faults');
  setProcessing = (processing: { baseMs: number; msPerMegabyte: number }): Promise<void> =>
    this.call('POST', '/processing', processing);
  /** Makes an asset, embed task or indexed asset end as failed. */
  fail = (id: string, message: string): Promise<void> => this.call('POST', '/fail', { id, message });
  reset = (): Promise<void> => this.call('POST', '/reset');

  private async call<T>(method: string, route: string, body?: object): Promise<T> {
    const response = await fetch(`${this.controlUrl}${route}`, {
      method,
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}
