import { randomBytes } from 'node:crypto';
import type { KeptState } from '../../shared/state-folder';
import type { AssetRecord, DatasetRecord, DeletionRecord, MultipartRecord, SessionRecord } from './records';

const LISTS = ['datasets', 'assets', 'sessions', 'multiparts', 'deletions'] as const;

/** The dataset that is there from the start. */
export const FIRST_DATASET = 'demo';

/** State in memory. The maps keep the order of creation; `onChange` hears of every change. */
export class Store implements KeptState {
  readonly datasets = new Map<string, DatasetRecord>();
  readonly assets = new Map<string, AssetRecord>();
  readonly sessions = new Map<string, SessionRecord>();
  readonly multiparts = new Map<string, MultipartRecord>();
  readonly deletions = new Map<string, DeletionRecord>();
  /** Signs URLs. */
  secret = randomBytes(32).toString('hex');
  onChange: () => void = () => undefined;
  private sequence = 0;

  constructor(private readonly now: () => number) {
    this.addFirstDataset();
  }

  changed(): void {
    this.onChange();
  }

  /** Letters and digits, without an underscore: the SDK takes only what stands behind the last one of a dataset's id. */
  newId(): string {
    return randomBytes(12).toString('hex');
  }

  nextSequence(): number {
    return ++this.sequence;
  }

  assetsOf(datasetId: string): AssetRecord[] {
    return [...this.assets.values()].filter((asset) => asset.datasetId === datasetId);
  }

  assetNamed(datasetId: string, filename: string): AssetRecord | undefined {
    for (const asset of this.assets.values()) {
      if (asset.filename === filename && asset.datasetId === datasetId) return asset;
    }
    return undefined;
  }

  /** Of contents that somebody still needs. */
  contentIds(): Set<string> {
    const ids = new Set([...this.assets.values()].map(({ content }) => content.id));
    for (const { files, ended } of this.sessions.values()) {
      if (ended) continue;
      for (const { arrival, outcome } of files) if (arrival && !outcome) ids.add(arrival.content.id);
    }
    for (const { id, sessionId, abortedAt } of this.multiparts.values()) {
      if (abortedAt === undefined && !this.sessions.get(sessionId)?.ended) ids.add(id);
    }
    return ids;
  }

  clear(): void {
    for (const list of LISTS) this[list].clear();
    this.addFirstDataset();
    this.changed();
  }

  contents(): object {
    return { secret: this.secret, ...Object.fromEntries(LISTS.map((list) => [list, [...this[list].values()]])) };
  }

  /** @throws Error that names the list that is none. */
  load(kept: Readonly<Record<string, unknown>>): void {
    assertKept(kept);
    const { secret, datasets, assets, sessions, multiparts, deletions } = kept;
    this.secret = secret;
    this.datasets.clear();
    fill(this.datasets, datasets);
    fill(this.assets, assets);
    fill(this.sessions, sessions);
    fill(this.multiparts, multiparts);
    fill(this.deletions, deletions);
    this.sequence = assets.reduce((most, asset) => Math.max(most, asset.sequence), 0);
  }

  private addFirstDataset(): void {
    this.datasets.set(FIRST_DATASET, { id: FIRST_DATASET, createdAt: this.now() });
  }
}

interface KeptContents {
  secret: string;
  datasets: DatasetRecord[];
  assets: AssetRecord[];
  sessions: SessionRecord[];
  multiparts: MultipartRecord[];
  deletions: DeletionRecord[];
}

function assertKept(kept: object): asserts kept is KeptContents {
  const values = kept as Partial<Record<string, unknown>>;
  for (const list of LISTS) if (!Array.isArray(values[list])) throw new Error(`"${list}" is not a list`);
  if (typeof values.secret !== 'string') throw new Error('"secret" is not a text');
}

function fill<T extends { id: string }>(map: Map<string, T>, records: readonly T[]): void {
  for (const record of records) map.set(record.id, record);
}
