import { randomUUID } from 'node:crypto';
import { readable } from '../results/result-place';
import { numbered, type SharedFiles } from './shared-files';

/** Names a batch in the store. */
export interface BatchRef {
  /** Id of the Temporal namespace. */
  owner: string;
  batchId: string;
}

export const ownerFolder = (owner: string): string => `batches/${readable(owner)}`;
export const batchFolder = ({ owner, batchId }: BatchRef): string => `${ownerFolder(owner)}/${readable(batchId)}`;

/** What a batch keeps in the store: how it began, its pages with their index, its starts, whether an item failed, whether it is paused, and when it closed. */
export interface BatchFiles {
  /** Where they lie, for people. */
  readonly uri: string;
  /** Keeps how the batch began, unless that is kept already; gives what is kept. */
  begin(content: string): Promise<string>;
  begun(): Promise<string | undefined>;
  /** Writes a page; false if a page of that number with other content is there, which stays. */
  writePage(number: number, content: string): Promise<boolean>;
  page(number: number): Promise<string | undefined>;
  /** Writes the index, which says that all pages are there; false as for a page. */
  writeIndex(content: string): Promise<boolean>;
  index(): Promise<string | undefined>;
  /** Keeps the starts of the batch in their order; safe to repeat. */
  noteStart(start: string): Promise<void>;
  /** In their order. */
  starts(): Promise<string[]>;
  /** Notes that an item failed in this start of the batch, for groups of this start and of those before it; safe to repeat. */
  noteFailure(start: string): Promise<void>;
  /** Whether one failed in this start, or in a later one. */
  hasFailure(start: string): Promise<boolean>;
  /** Notes that the batch is paused, or takes the note back; safe to repeat. */
  notePause(paused: boolean): Promise<void>;
  isPaused(): Promise<boolean>;
  /** Notes when the batch closed, and as what, if it was stopped; the first time counts. */
  close(at: Date, stopped?: StoppedAs): Promise<void>;
  closedAt(): Promise<Date | undefined>;
  /** `undefined` for a batch that ended by itself, or has not noted its end. */
  stoppedAs(): Promise<StoppedAs | undefined>;
  /** Takes the notes of its end and of a pause back, for a batch that is started again. */
  reopen(): Promise<void>;
  /**
   * Notes that the batch is about to be removed, or is being removed, or takes the first back; safe to repeat. A start of the batch
   * waits meanwhile.
   */
  noteRemoval(state: Removal | 'taken back'): Promise<void>;
  removal(): Promise<Removal | undefined>;
  /** Which removal has begun; it is another one each time, and none once it has ended. */
  removalBegun(): Promise<string | undefined>;
  /** Removes everything of the batch, the note of its removal last: whoever starts the batch comes after all of it. */
  remove(): Promise<void>;
}

/** Once it has begun, a removal goes on to its end. */
export type Removal = 'about to begin' | 'begun';

/** How a batch ends that is asked to stop. */
export type StoppedAs = 'cancelled' | 'deleted';

interface ClosedNote {
  batchId: string;
  closedAt: string;
  stopped?: StoppedAs;
}

const DAY_MS = 86_400_000;
/** How long the manifest and the outcomes of a closed batch are kept. */
export const KEPT_DAYS = 30;

/** True for a batch that closed so long ago that nothing of it is kept any more. */
export const isExpired = (closedAt: Date, now = new Date()): boolean =>
  now.getTime() - closedAt.getTime() >= KEPT_DAYS * DAY_MS;

/** The batches of a namespace of which something is kept; without a time those that have not noted their end. */
export async function keptBatches(files: SharedFiles, owner: string): Promise<{ batchId: string; closedAt?: Date }[]> {
  const kept: { batchId: string; closedAt?: Date }[] = [];
  for (const name of await files.list(ownerFolder(owner))) {
    const at = (file: string): string => `${ownerFolder(owner)}/${name}/${file}`;
    const closed = await files.read(at(CLOSED));
    const content = closed ?? (await files.read(at(BEGIN))) ?? (await files.read(at(REMOVAL_BEGUN)));
    const { batchId, closedAt } = JSON.parse(content ?? '{}') as Partial<ClosedNote>;
    if (batchId !== undefined) kept.push({ batchId, ...(closedAt && { closedAt: new Date(closedAt) }) });
  }
  return kept;
}

const BEGIN = 'begin.json';
const INDEX = 'index.json';
const CLOSED = 'closed.json';
const PAUSED = 'paused';
const REMOVAL = 'removal';
const REMOVAL_BEGUN = 'removal-begun';

export function createBatchFiles(files: SharedFiles, batch: BatchRef): BatchFiles {
  const folder = batchFolder(batch);
  const at = (name: string): string => `${folder}/${name}`;
  const pageName = (number: number): string => at(`pages/${numbered(number)}.ndjson`);
  const failureName = (start: string): string => at(`failed/${readable(start)}`);
  const startName = (number: number): string => at(`starts/${numbered(number)}`);
  const starts = async (): Promise<string[]> => {
    const names = await files.list(at('starts'));
    return Promise.all(names.map(async (name) => (await files.read(at(`starts/${name}`))) ?? ''));
  };
  const closedNote = async (): Promise<ClosedNote | undefined> => {
    const content = await files.read(at(CLOSED));
    return content === undefined ? undefined : (JSON.parse(content) as ClosedNote);
  };
  const keep = async (name: string, content: string): Promise<boolean> =>
    (await files.create(name, content)) || (await files.read(name)) === content;
  return {
    uri: `${files.uri.replace(/\/$/, '')}/${folder}`,

    async begin(content) {
      if (await files.create(at(BEGIN), content)) return content;
      return (await files.read(at(BEGIN))) ?? content;
    },
    begun: () => files.read(at(BEGIN)),

    writePage: (number, content) => keep(pageName(number), content),
    page: (number) => files.read(pageName(number)),
    writeIndex: (content) => keep(at(INDEX), content),
    index: () => files.read(at(INDEX)),

    async noteStart(start) {
      const known = await starts();
      if (!known.includes(start)) await files.create(startName(known.length), start);
    },
    starts,
    async noteFailure(start) {
      const known = await starts();
      const before = known.slice(0, Math.max(known.indexOf(start), 0));
      for (const one of [start, ...before]) await files.create(failureName(one), '');
    },
    hasFailure: async (start) => (await files.read(failureName(start))) !== undefined,

    async notePause(paused) {
      if (paused) await files.create(at(PAUSED), '');
      else await files.remove(at(PAUSED));
    },
    isPaused: async () => (await files.read(at(PAUSED))) !== undefined,

    async close(time, stopped) {
      const note: ClosedNote = { batchId: batch.batchId, closedAt: time.toISOString(), stopped };
      await files.create(at(CLOSED), JSON.stringify(note));
    },
    async closedAt() {
      const note = await closedNote();
      return note && new Date(note.closedAt);
    },
    stoppedAs: async () => (await closedNote())?.stopped,
    async reopen() {
      for (const name of [PAUSED, CLOSED]) await files.remove(at(name));
    },

    async noteRemoval(state) {
      if (state === 'taken back') await files.remove(at(REMOVAL));
      else if (state === 'about to begin') await files.create(at(REMOVAL), '');
      else await files.create(at(REMOVAL_BEGUN), JSON.stringify({ batchId: batch.batchId, id: randomUUID() }));
    },
    async removal() {
      if ((await files.read(at(REMOVAL_BEGUN))) !== undefined) return 'begun';
      return (await files.read(at(REMOVAL))) === undefined ? undefined : 'about to begin';
    },

    removalBegun: () => files.read(at(REMOVAL_BEGUN)),

    async remove() {
      for (const part of ['pages', 'outcomes', 'starts', 'failed', 'found']) await files.removeFolder(at(part));
      for (const name of [PAUSED, INDEX, BEGIN, CLOSED, REMOVAL, REMOVAL_BEGUN]) await files.remove(at(name));
    },
  };
}
