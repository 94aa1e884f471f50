import { failureType } from '../../../contracts/failures';
import type { SessionAnswer } from '../api/schemas';
import { MAX_PAGE_ASSETS } from '../api/dataset-api';
import { namesInUse } from '../names-in-use';
import { errorsIn, filesIn, hasEnded, type SessionsApi } from './sessions-api';

/**
 * Files of open sessions that nobody waits for any more. A session whose open files have all gone is cancelled, so that
 * it does not stay open until its URLs expire.
 */
export class Departures {
  /** By session: filenames, and whether each may have come before it was left. */
  private readonly gone = new Map<string, Map<string, boolean>>();

  /**
   * The file will not come, or nobody wants it.
   * @param mayHaveCome false where the store cannot have all of its bytes
   */
  leave(sessionId: string, filename: string, mayHaveCome = true): void {
    const files = this.gone.get(sessionId) ?? new Map<string, boolean>();
    this.gone.set(sessionId, files.set(filename, mayHaveCome && files.get(filename) !== false));
  }

  /** The file is sent once more, in the session that it had left. */
  comeBack(sessionId: string, filename: string): void {
    const files = this.gone.get(sessionId);
    files?.delete(filename);
    if (files?.size === 0) this.gone.delete(sessionId);
  }

  has(sessionId: string): boolean {
    return this.gone.has(sessionId);
  }

  /**
   * Cancels the session if nobody waits for it any more.
   * @param known what the session said just now; else it is asked.
   * @returns whether it has ended, also by another who settled it meanwhile.
   */
  async settle(sessions: SessionsApi, sessionId: string, known?: SessionAnswer): Promise<boolean> {
    const files = this.gone.get(sessionId);
    const session = known ?? (await orGone(sessions, sessionId));
    if (!session || hasEnded(session)) {
      this.gone.delete(sessionId);
      return true;
    }
    if (!files || !(await hasOnlyGone(sessions, session, files))) return false;
    await sessions.cancel(sessionId);
    this.gone.delete(sessionId);
    return true;
  }
}

/**
 * Whether nobody waits for any file that is still open. A session only counts those that have come: who they were is told
 * by the assets of the files that have not gone, which come of no other session. They may be listed only once it has ended.
 */
async function hasOnlyGone(
  { dataset }: SessionsApi,
  session: SessionAnswer,
  gone: ReadonlyMap<string, boolean>,
): Promise<boolean> {
  const { total, succeeded, errored } = session.status.progressCount;
  const errors = errorsIn(session);
  const leftFiles = [...gone].filter(([filename]) => !errors.has(filename));
  const left = leftFiles.length;
  const mayHaveCome = leftFiles.filter(([, may]) => may).length;
  const open = total - succeeded - errored;
  const others = new Set(filesIn(session).flatMap(({ filename }) => (gone.has(filename) ? [] : [filename])));
  if (open > left || succeeded === 0 || mayHaveCome === 0 || others.size === 0) return open <= left;
  const assets = await namesInUse(dataset, others, { pageSize: MAX_PAGE_ASSETS });
  const { timeCreated } = session.metadata;
  const came = [...assets.values()].filter(({ metadata }) => (metadata.contentsLastUpdated ?? 0) >= timeCreated).length;
  const cameAndGone = Math.min(mayHaveCome, Math.max(0, succeeded - came));
  return open <= left - cameAndGone;
}

async function orGone(sessions: SessionsApi, id: string): Promise<SessionAnswer | undefined> {
  try {
    return await sessions.get(id);
  } catch (error) {
    if (failureType(error) === 'ResourceGone') return undefined;
    throw error;
  }
}
