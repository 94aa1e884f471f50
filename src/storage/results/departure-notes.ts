import { nameIn, partOf, type DocumentPath, type Documents } from './documents';

/** Files of an upload session that nobody waits for any more: names, and whether each may have come before it was left. */
export type Departed = ReadonlyMap<string, boolean>;

/** Which files of upload sessions nobody waits for. All workers of a store see the same. */
export interface DepartureNotes {
  read(sessionId: string): Promise<Departed>;
  /** @returns what is kept then; a change that another writer overtakes is made again */
  change(sessionId: string, change: (before: Departed) => Departed): Promise<Departed>;
  /** The session has ended. Safe to repeat. */
  forget(sessionId: string): Promise<void>;
  /** Forgets what was noted before a time (epoch milliseconds). */
  forgetBefore(time: number): Promise<void>;
}

interface Note {
  /** RFC 3339: when the first of them was left. */
  since: string;
  files: Readonly<Record<string, boolean>>;
}

const NONE: Departed = new Map();

/** Notes of the provider's sessions, one document for each. */
export function departureNotesOf(documents: Documents, provider: string): DepartureNotes {
  const folder: DocumentPath = ['departures', partOf(provider)];
  const pathOf = (sessionId: string): DocumentPath => [...folder, `${partOf(sessionId)}.json`];
  return {
    read: async (sessionId) => departedIn(await documents.read(pathOf(sessionId))),

    async change(sessionId, change) {
      let kept = NONE;
      await documents.change(pathOf(sessionId), (text) => {
        kept = change(departedIn(text));
        const since = text === undefined ? new Date().toISOString() : noteIn(text).since;
        return JSON.stringify({ since, files: Object.fromEntries(kept) } satisfies Note);
      });
      return kept;
    },

    forget: (sessionId) => documents.remove(pathOf(sessionId)),

    async forgetBefore(time) {
      for await (const file of documents.namesIn(folder)) {
        const sessionId = nameIn(file);
        if (sessionId === undefined) continue;
        const text = await documents.read(pathOf(sessionId));
        if (text !== undefined && Date.parse(noteIn(text).since) < time) await documents.remove(pathOf(sessionId));
      }
    },
  };
}

const noteIn = (text: string): Note => JSON.parse(text) as Note;

const departedIn = (text: string | undefined): Departed =>
  text === undefined ? NONE : new Map(Object.entries(noteIn(text).files));

/** Of one process. */
export function departureNotesInMemory(): DepartureNotes {
  const notes = new Map<string, Departed>();
  return {
    read: async (sessionId) => notes.get(sessionId) ?? NONE,
    async change(sessionId, change) {
      const kept = change(notes.get(sessionId) ?? NONE);
      notes.set(sessionId, kept);
      return kept;
    },
    forget: async (sessionId) => void notes.delete(sessionId),
    forgetBefore: async () => {},
  };
}
