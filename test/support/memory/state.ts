import { failure } from '../../../src/contracts/failures';
import type { ProviderAsset } from '../../../src/providers/assets';

export interface MemoryEntity {
  /** The collection; `c` where it is left out. */
  in?: string;
  name: string;
  metadata: Record<string, unknown>;
  assetIds: string[];
}

export interface MemorySession {
  assetId: string;
  sizeBytes: number;
  createdAt: string;
  state: 'active' | 'completed' | 'failed' | 'expired';
  /** Parts in the store, reported or not. */
  stored: Map<number, { etag: string; bytes: Buffer }>;
  reported: Set<number>;
  /** URLs that were given out and not used yet. */
  urls: Set<string>;
}

interface Fault {
  error: unknown;
  /** `after`: the call has its effect, and its answer is lost. */
  when: 'before' | 'after';
}

/** What a provider in memory holds, and what it was asked. */
export class MemoryState {
  readonly held = new Map<string, ProviderAsset>();
  readonly references = new Map<string, { indexId: string; indexedAssetId: string }[]>();
  readonly entities = new Map<string, MemoryEntity>();
  readonly entryMetadata = new Map<string, Record<string, unknown>>();
  readonly sessions = new Map<string, MemorySession>();
  /** Embedding tasks. */
  readonly tasks = new Set<string>();
  /** What every embedding task gives. */
  vectors: number[][] = [[0.6, 0.8]];
  /** Bytes of the assets that came whole or in all of their parts. */
  readonly contents = new Map<string, Buffer>();
  /** Every call is refused while the key is revoked. */
  keyRevoked = false;
  /** Calls that are answered before the rate limit; then every call is refused. */
  callsLeft = Number.POSITIVE_INFINITY;
  /** Assets that the plan still allows. */
  assetsLeft = Number.POSITIVE_INFINITY;
  /** Names of what was called, in the port's words: `assets.list`, `intake.submit`, `entity.start`. */
  readonly calls: string[] = [];
  private readonly faults = new Map<string, Fault[]>();
  private readonly arrivals = new Map<string, () => void>();
  private made = 0;

  nextId(kind: string): string {
    return `${kind}-${++this.made}`;
  }

  addAsset(asset: Partial<ProviderAsset> = {}): ProviderAsset {
    if (this.assetsLeft <= 0) throw failure('QuotaExhausted', 'the plan allows no further asset');
    this.assetsLeft -= 1;
    const id = asset.id ?? this.nextId('asset');
    const createdAt = new Date().toISOString();
    const whole: ProviderAsset = { status: 'processing', metadata: {}, createdAt, ...asset, id };
    this.held.set(id, whole);
    return whole;
  }

  asset(id: string): ProviderAsset {
    return this.held.get(id) ?? gone(id);
  }

  /** Lets the next call of that name fail. */
  failNext(call: string, error: unknown, when: Fault['when'] = 'before'): void {
    this.faults.set(call, [...(this.faults.get(call) ?? []), { error, when }]);
  }

  /** Runs when the next call of that name has arrived, before its effect. */
  onNext(call: string, run: () => void): void {
    this.arrivals.set(call, run);
  }

  /** Notes the call, and has `work` fail if a test wants that. Reads end at once when the caller has left. */
  async call<T>(name: string, signal: AbortSignal | undefined, work: () => T): Promise<T> {
    signal?.throwIfAborted();
    this.calls.push(name);
    this.arrivals.get(name)?.();
    this.arrivals.delete(name);
    if (this.keyRevoked) throw failure('ProviderAuth', `${name}: the key is revoked`);
    if (this.callsLeft <= 0) throw failure('RateLimited', `${name}: too many calls`);
    this.callsLeft -= 1;
    const fault = this.faults.get(name)?.shift();
    if (fault?.when === 'before') throw fault.error;
    const value = work();
    if (fault) throw fault.error;
    return value;
  }
}

export function gone(id: string): never {
  throw failure('ResourceGone', `${id} is unknown`);
}
