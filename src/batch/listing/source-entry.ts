import type { EntryPlace } from '../../contracts/batch/listed-items';
import type { FailureType } from '../../contracts/failures';
import type { Source } from '../../contracts/source';

/** What a source of items gives, one after the other, before it is known whether it can be an item. */
export type SourceEntry =
  | {
      at: EntryPlace;
      line?: number;
      /** A line's fields. */
      record: Readonly<Record<string, unknown>>;
    }
  | {
      at: EntryPlace;
      /** A file or object that was found. */
      source: Source;
      relativePath: string;
      sizeBytes: number;
    }
  | { at: EntryPlace; line?: number; name?: string; refused: FailureType; reason: string }
  | { at: EntryPlace; skipped: true };

/** Where a batch's items come from, opened. */
export interface OpenedItems {
  /** Of a manifest: changes when its content may have changed. */
  fingerprint?: string;
  /** The fingerprint that it has now. */
  fingerprintNow?: () => Promise<string>;
  /** Folder that relative paths of a manifest begin at; empty where they stay as they are. */
  folder: string;
  /** The entries behind `after`, in an order that is always the same. */
  entries(after?: EntryPlace): AsyncIterable<SourceEntry>;
}
