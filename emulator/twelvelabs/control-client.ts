import type { PartCounts, RouteCount } from '../shared/counters';
import type { FaultInput } from '../shared/faults';
import type { Pace } from '../shared/traffic';
import type { UploadSettings } from './rules/uploads/settings';
import type { UploadStatus } from './rules/uploads/status';

export interface EmulatorAsset {
  _id: string;
  status: string;
  filename: string;
  user_metadata: Record<string, unknown>;
  sha256?: string;
  /** By the emulator's clock; null while its bytes are not there. */
  readyAtMs: number | null;
}

/** A multipart upload session, with what the provider does not tell. */
export interface EmulatorUpload {
  upload_id: string;
  asset_id: string;
  filename: string;
  status: UploadStatus;
  total_size: number;
  chunk_size: number;
  total_chunks: number;
  /** Taken in by the store; reported ones among them. */
  received_chunks: number;
  /** Reported. */
  completed_chunks: number;
  createdAtMs: number;
  completedAtMs?: number;
  expiresAtMs: number;
  /** Where bytes are only hashed, once all parts are in: the SHA-256 over the SHA-256 digests of the parts. */
  partsSha256?: string;
  /** Why the session failed. */
  failure?: string;
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
  uploads: EmulatorUpload[];
}

/** The emulator's control API, typed. */
export class EmulatorControl {
  /** @param controlUrl `http://host:port/_emulator` */
  constructor(private readonly controlUrl: string) {}

  state = (): Promise<EmulatorState> => this.call('GET', '/state');
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
  setProcessing = (processing: { baseMs: number; msPerMegabyte: number }): Promise<void> =>
    this.call('POST', '/processing', processing);
  uploadSettings = (): Promise<UploadSettings> => this.call('GET', '/uploads');
  /** Changes those that are given; sessions keep what they began with. */
  setUploads = (settings: Partial<UploadSettings>): Promise<UploadSettings> => this.call('POST', '/uploads', settings);
  /** Makes an asset, upload session, embed task or indexed asset end as failed. */
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
