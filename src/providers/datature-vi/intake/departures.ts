import { failureType } from '../../../contracts/failures';
import type { SessionAnswer } from '../api/schemas';
import { errorsIn, hasEnded, type SessionsApi } from './sessions-api';

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
    const { total, succeeded, errored } = session.status.progressCount;
    const errors = errorsIn(session);
    const openAndGone = [...files].filter((filename) => !errors.has(filename)).length;
    if (total - succeeded - errored > openAndGone) return false;
    await sessions.cancel(sessionId);
    this.gone.delete(sessionId);
    return true;
  }
}

async function orGone(sessions: SessionsApi, id: string): Promise<SessionAnswer | undefined> {
  try {
    return await sessions.get(id);
  } catch (error) {
    if (failureType(error) === 'ResourceGone') return undefined;
    throw error;
  }
}
