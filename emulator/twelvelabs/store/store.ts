import { randomBytes } from 'node:crypto';
import type { KeptState } from '../../shared/state-folder';
import type {
  AssetRecord,
  CollectionRecord,
  EmbedTaskRecord,
  EntityRecord,
  IndexedAssetRecord,
  IndexRecord,
  MediaFacts,
} from './records';
import type { UploadRecord } from './upload-records';

/** Everything the emulator keeps, as plain JSON; each list oldest first. */
export interface StoreContents {
  media: MediaFacts[];
  assets: AssetRecord[];
  embedTasks: EmbedTaskRecord[];
  collections: CollectionRecord[];
  entities: EntityRecord[];
  indexes: IndexRecord[];
  indexedAssets: IndexedAssetRecord[];
  uploads: UploadRecord[];
}

const LISTS = [
  'media',
  'assets',
  'embedTasks',
  'collections',
  'entities',
  'indexes',
  'indexedAssets',
  'uploads',
] as const satisfies (keyof StoreContents)[];

/** State in memory. The maps keep the order of creation; `onChange` hears of every change. */
export class Store implements KeptState {
  readonly media = new Map<string, MediaFacts>();
  readonly assets = new Map<string, AssetRecord>();
  readonly embedTasks = new Map<string, EmbedTaskRecord>();
  readonly collections = new Map<string, CollectionRecord>();
  readonly entities = new Map<string, EntityRecord>();
  readonly indexes = new Map<string, IndexRecord>();
  readonly indexedAssets = new Map<string, IndexedAssetRecord>();
  readonly uploads = new Map<string, UploadRecord>();
  onChange: () => void = () => undefined;

  changed(): void {
    this.onChange();
  }

  /** 24 hex digits, as every id of the provider's examples. */
  newId(): string {
    return randomBytes(12).toString('hex');
  }

  mediaOf(record: { sha256?: string }): MediaFacts | undefined {
    return record.sha256 === undefined ? undefined : this.media.get(record.sha256);
  }

  clear(): void {
    for (const list of LISTS) this[list].clear();
    this.changed();
  }

  contents(): StoreContents {
    return {
      media: [...this.media.values()],
      assets: [...this.assets.values()],
      embedTasks: [...this.embedTasks.values()],
      collections: [...this.collections.values()],
      entities: [...this.entities.values()],
      indexes: [...this.indexes.values()],
      indexedAssets: [...this.indexedAssets.values()],
      uploads: [...this.uploads.values()],
    };
  }

  /** @throws Error that names the list that is none. */
  load(kept: Readonly<Record<string, unknown>>): void {
    const contents = { ...ADDED_LATER, ...kept };
    assertLists(contents);
    for (const facts of contents.media) this.media.set(facts.sha256, facts);
    fill(this.assets, contents.assets);
    fill(this.embedTasks, contents.embedTasks);
    fill(this.collections, contents.collections);
    fill(this.entities, contents.entities);
    fill(this.indexes, contents.indexes);
    fill(this.indexedAssets, contents.indexedAssets);
    fill(this.uploads, contents.uploads);
  }
}

/** Lists that older files do not have. */
const ADDED_LATER: Partial<StoreContents> = { uploads: [] };

function assertLists(contents: object): asserts contents is StoreContents {
  const lists = contents as Partial<Record<string, unknown>>;
  for (const list of LISTS) if (!Array.isArray(lists[list])) throw new Error(`"${list}" is not a list`);
}

function fill<T extends { id: string }>(map: Map<string, T>, records: T[]): void {
  for (const record of records) map.set(record.id, record);
}
