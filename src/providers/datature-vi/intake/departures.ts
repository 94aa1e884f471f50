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
  /** Filenames, by session. */
  private readonly gone = new Map<string, Set<string>>();

  /** The file will not come, or nobody wants it. */
  leave(sessionId: string, filename: string): void {
    const files = this.gone.get(sessionId) ?? new Set();
    this.gone.set(sessionId, files.add(filename));
  }

  has(sessionId: string): boolean {
    return this.gone.has(sessionId);
  }

  /**
   * Cancels the session if nobody waits for it any more.
   * @param known what the session said just now; else it is asked.
   * @returns whether it has ended.
   */
  async settle(sessions: SessionsApi, sessionId: string, known?: SessionAnswer): Promise<boolean> {
    const files = this.gone.get(sessionId);
    if (!files) return false;
    const session = known ?? (await orGone(sessions, sessionId));
    if (!session || hasEnded(session)) {
      this.gone.delete(sessionId);
      return true;
    }
    if (!(await hasOnlyGone(sessions, session, files))) return false;
    await sessions.cancel(sessionId);
    this.gone.delete(sessionId);
    return true;
  }
}

/** Whether nobody waits for any file that is still open. Which files have come is told by their assets alone. */
async function hasOnlyGone(
  { dataset }: SessionsApi,
  session: SessionAnswer,
  gone: ReadonlySet<string>,
): Promise<boolean> {
  const { total, succeeded, errored } = session.status.progressCount;
  const errors = errorsIn(session);
  const goneUnfailed = [...gone].filter((filename) => !errors.has(filename));
  const open = total - succeeded - errored;
  if (succeeded === 0 || open > goneUnfailed.length) return open <= goneUnfailed.length;
  const names = new Set([...filesIn(session).map(({ filename }) => filename), ...goneUnfailed]);
  const assets = await namesInUse(dataset, names, { pageSize: MAX_PAGE_ASSETS });
  const { timeCreated } = session.metadata;
  const come = [...assets.values()].filter(({ metadata }) => (metadata.contentsLastUpdated ?? 0) >= timeCreated);
  if (come.length < succeeded) return false; // one that is not listed yet may be of those that have gone
  const cameAndGone = come.filter(({ filename }) => goneUnfailed.includes(filename)).length;
  return open <= goneUnfailed.length - cameAndGone;
}

async function orGone(sessions: SessionsApi, id: string): Promise<SessionAnswer | undefined> {
  try {
    return await sessions.get(id);
  } catch (error) {
    if (failureType(error) === 'ResourceGone') return undefined;
    throw error;
  }
}
