import { failureType } from '../../../contracts/failures';
import { departureNotesInMemory, type Departed, type DepartureNotes } from '../../../storage/results/departure-notes';
import type { AssetAnswer, SessionAnswer } from '../api/schemas';
import { MAX_PAGE_ASSETS } from '../api/dataset-api';
import { namesInUse } from '../names-in-use';
import { errorsIn, filesIn, hasEnded, type SessionsApi } from './sessions-api';

/** Most open sessions of which a process remembers what has come. */
const MOST_SESSIONS = 1000;

/**
 * Files of open sessions that nobody waits for any more. A session whose open files have all gone is cancelled, so that
 * it does not stay open until its URLs expire. Several workers may have left files of one session, so it is the notes that
 * count.
 */
export class Departures {
  /** By session: what is not noted yet. */
  private readonly unsaved = new Map<string, Map<string, boolean>>();
  /** By session: the write that is on its way. */
  private readonly saving = new Map<string, Promise<unknown>>();
  /** Sessions that this process has left files of, and has not seen end. */
  private readonly left = new Set<string>();
  /** Files that this process has seen come, by sessions that were open then: their assets may have been deleted since. */
  private readonly come = new Map<string, Set<string>>();

  constructor(private notes: DepartureNotes = departureNotesInMemory()) {}

  /** Where all workers see them. To be called before the first file is left. */
  keepIn(notes: DepartureNotes): void {
    this.notes = notes;
  }

  /**
   * The file will not come, or nobody wants it.
   * @param mayHaveCome false where the store cannot have all of its bytes
   */
  leave(sessionId: string, filename: string, mayHaveCome = true): void {
    const files = this.unsaved.get(sessionId) ?? new Map<string, boolean>();
    this.unsaved.set(sessionId, files.set(filename, mayHaveCome && files.get(filename) !== false));
    this.left.add(sessionId);
  }

  /** These files are sent once more, in the session that they had left. */
  async comeBack(sessionId: string, filenames: readonly string[]): Promise<void> {
    const unsaved = this.unsaved.get(sessionId);
    for (const filename of filenames) unsaved?.delete(filename);
    if (unsaved?.size === 0) this.unsaved.delete(sessionId);
    await this.saving.get(sessionId)?.catch(() => {});
    const noted = await this.notes.read(sessionId);
    if (!filenames.some((filename) => noted.has(filename))) return;
    await this.notes.change(sessionId, (gone) => new Map([...gone].filter(([name]) => !filenames.includes(name))));
  }

  /** The file's asset has come of the session, which is still open. */
  hasCome(sessionId: string, filename: string): void {
    const files = this.come.get(sessionId) ?? new Set<string>();
    this.come.set(sessionId, files.add(filename));
    const [oldest] = this.come.keys();
    if (this.come.size > MOST_SESSIONS && oldest !== undefined) this.come.delete(oldest);
  }

  /** The session has ended. */
  hasEnded(sessionId: string): void {
    this.come.delete(sessionId);
  }

  /** Whether this process has left files of the session; others may have. */
  has(sessionId: string): boolean {
    return this.left.has(sessionId);
  }

  /**
   * Cancels the session if nobody waits for it any more.
   * @param known what the session said a moment ago, and who waits for files of it here.
   * @returns whether it has ended, also by another who settled it meanwhile.
   */
  async settle(
    sessions: SessionsApi,
    sessionId: string,
    { known, awaited = [] }: { known?: SessionAnswer; awaited?: readonly string[] } = {},
  ): Promise<boolean> {
    const gone = await this.noted(sessionId);
    // whoever else looks at it either sees this note, or is seen by what the session says from now on
    const session = (gone.size > 0 ? undefined : known) ?? (await orGone(sessions, sessionId));
    const isOpen = session !== undefined && !hasEnded(session);
    if (isOpen && (gone.size === 0 || awaited.some((filename) => !gone.has(filename)))) return false;
    const come = this.come.get(sessionId) ?? new Set();
    if (isOpen && !(await hasOnlyGone(sessions, session, { gone, come }))) return false;
    if (isOpen && (await this.hasAnyComeBack(sessionId, gone))) return false;
    if (isOpen) await sessions.cancel(sessionId);
    if (gone.size > 0) await this.notes.forget(sessionId).catch(() => {}); // a sweep does
    this.left.delete(sessionId);
    this.hasEnded(sessionId);
    return true;
  }

  /**
   * What could not be noted is forgotten: a session that stays open is better than one that is cancelled later, when others
   * have gone on with the file.
   */
  private async noted(sessionId: string): Promise<Departed> {
    await this.saving.get(sessionId)?.catch(() => {}); // whoever began it hears of its failure
    const news = this.unsaved.get(sessionId);
    if (!news) return this.notes.read(sessionId);
    this.unsaved.delete(sessionId);
    const saving = this.notes.change(sessionId, (before) => {
      const all = new Map(before);
      for (const [filename, may] of news) all.set(filename, may && before.get(filename) !== false);
      return all;
    });
    this.saving.set(sessionId, saving);
    try {
      return await saving;
    } finally {
      if (this.saving.get(sessionId) === saving) this.saving.delete(sessionId);
    }
  }

  /** Others may have gone on with a file while the session and its assets were asked for. */
  private async hasAnyComeBack(sessionId: string, gone: Departed): Promise<boolean> {
    const now = await this.notes.read(sessionId);
    return [...gone.keys()].some((filename) => !now.has(filename));
  }
}

/**
 * Whether nobody waits for any file that is still open. A session only counts those that have come: who they were is told
 * by the assets of the files that have not gone, which come of no other session, and by those that were seen and may have
 * been deleted since. Assets may be listed only once the session has ended.
 */
async function hasOnlyGone(
  { dataset }: SessionsApi,
  session: SessionAnswer,
  { gone, come }: { gone: Departed; come: ReadonlySet<string> },
): Promise<boolean> {
  const { total, succeeded, errored } = session.status.progressCount;
  const errors = errorsIn(session);
  const leftFiles = [...gone].filter(([filename]) => !errors.has(filename));
  const left = leftFiles.length;
  const mayHaveCome = leftFiles.filter(([, may]) => may).length;
  const goneSeen = leftFiles.filter(([filename, may]) => may && come.has(filename)).length;
  const open = total - succeeded - errored;
  const others = new Set(filesIn(session).flatMap(({ filename }) => (gone.has(filename) ? [] : [filename])));
  if (open > left || succeeded === 0 || mayHaveCome === 0) return open <= left;
  if (others.size === 0) return open <= left - goneSeen;
  const assets = await namesInUse(dataset, others, { pageSize: MAX_PAGE_ASSETS });
  const { timeCreated } = session.metadata;
  const isNew = ({ metadata }: AssetAnswer): boolean => (metadata.contentsLastUpdated ?? 0) >= timeCreated;
  const hasCome = (filename: string): boolean => {
    const asset = assets.get(filename);
    return come.has(filename) || (asset !== undefined && isNew(asset));
  };
  const came = [...others].filter(hasCome).length;
  const unseen = Math.min(mayHaveCome - goneSeen, Math.max(0, succeeded - came - goneSeen));
  return open <= left - goneSeen - unseen;
}

async function orGone(sessions: SessionsApi, id: string): Promise<SessionAnswer | undefined> {
  try {
    return await sessions.get(id);
  } catch (error) {
    if (failureType(error) === 'ResourceGone') return undefined;
    throw error;
  }
}
