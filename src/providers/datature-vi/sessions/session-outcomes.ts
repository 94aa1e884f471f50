import { failure, failureType, type FailureType } from '../../../contracts/failures';
import { outcomeOf } from '../../outcome';
import { sleep } from '../../shared/sleep';
import type { AssetAnswer, SessionAnswer } from '../api/schemas';
import { isContent } from '../intake/content-facts';
import type { Departures } from '../intake/departures';
import { errorsIn, hasEnded, hasToldOfAll, wordsOfEnd, type SessionsApi } from '../intake/sessions-api';
import type { Outbound } from './check-files';
import type { UploadStates } from './upload-states';

interface Looking {
  sessions: SessionsApi;
  departures: Departures;
  states: UploadStates;
  /** The assets that have the names of these files. */
  assetsOf: (outbound: readonly Outbound[]) => Promise<ReadonlyMap<string, AssetAnswer>>;
  signal?: AbortSignal;
}

const FIRST_LOOK_AFTER_MS = 100;
const LOOK_EVERY_MS = 2000;
const DEFAULT_DEADLINE_MS = 3_600_000;
const WORTH_ANOTHER_LOOK: ReadonlySet<FailureType | undefined> = new Set(['ProviderUnavailable', 'RateLimited']);

/** The sessions of one upload, and what they tell of its files. */
export class SessionOutcomes {
  private readonly seen = new Map<string, SessionAnswer>();
  private wasCancelled = false;
  private readonly sentIn = new Map<string, readonly Outbound[]>();

  constructor(private readonly deps: Looking) {}

  /** As they were seen last. */
  sessions(): SessionAnswer[] {
    return [...this.seen.values()];
  }

  opened(session: SessionAnswer): void {
    this.seen.set(session.assetIngestionSessionId, session);
  }

  /** These files went up in it. */
  sent(id: string, outbound: readonly Outbound[]): void {
    this.sentIn.set(id, outbound);
  }

  /** No session is left open for files that do not come. */
  async cancelAll(): Promise<void> {
    this.wasCancelled = true;
    const open = [...this.seen.values()].filter((session) => !hasEnded(session));
    await Promise.all(open.map(({ assetIngestionSessionId: id }) => this.deps.sessions.cancel(id)));
  }

  /** Reads a session, and cancels it if only files that do not come are missing. */
  async look(id: string): Promise<SessionAnswer> {
    const { sessions, departures, signal } = this.deps;
    let session = await sessions.get(id, signal);
    if ((await departures.settle(sessions, id, { known: session })) && !hasEnded(session))
      session = await sessions.get(id, signal);
    this.seen.set(id, session);
    return session;
  }

  /**
   * Waits for the sessions, or looks at each once, and takes down what became of every file in it.
   * @throws DeadlineExceeded; the sessions go on
   */
  async takeDown({ wait, deadlineMs = DEFAULT_DEADLINE_MS }: { wait: boolean; deadlineMs?: number }): Promise<void> {
    const until = wait ? Date.now() + deadlineMs : 0;
    for (const [id, outbound] of this.sentIn) {
      const session = await this.untilEnded(id, until);
      if (wait && !hasEnded(session)) throw notEnded(session);
      await this.takeDownOne(session, outbound);
    }
  }

  /** @param until epoch milliseconds; one that has passed asks for a single look. */
  private async untilEnded(id: string, until: number): Promise<SessionAnswer> {
    const { signal } = this.deps;
    for (let pauseMs = FIRST_LOOK_AFTER_MS; ; pauseMs = Math.min(pauseMs * 2, LOOK_EVERY_MS)) {
      const looked = await outcomeOf(() => this.look(id));
      if (signal?.aborted) {
        await this.cancelAll().catch(() => {}); // the abort is told
        signal.throwIfAborted();
      }
      if (!looked.ok && !WORTH_ANOTHER_LOOK.has(failureType(looked.error))) throw looked.error;
      if (looked.ok && (hasEnded(looked.value) || Date.now() >= until)) return looked.value;
      if (Date.now() >= until && !looked.ok) throw looked.error;
      await sleep(Math.min(pauseMs, Math.max(until - Date.now(), 0)), signal);
    }
  }

  private async takeDownOne(session: SessionAnswer, outbound: readonly Outbound[]): Promise<void> {
    const { states } = this.deps;
    const errors = errorsIn(session);
    const isWhole = hasToldOfAll(session);
    const there = hasEnded(session) && !isWhole ? await this.deps.assetsOf(outbound) : undefined; // it does not tell which came
    for (const { at, file, facts } of outbound) {
      const code = errors.get(file.filename);
      const asset = there?.get(file.filename);
      if (code !== undefined) states.failByCode(at, code);
      else if (!hasEnded(session)) states.set(at, 'open');
      else if (isWhole || (asset && isContent(facts, asset.metadata) === true)) states.set(at, 'succeeded');
      else if (errors.size > 0 || this.wasCancelled) states.set(at, 'unsent');
      else states.fail(at, failure('ProcessingFailed', `${file.filename}: its session ended: ${wordsOfEnd(session)}`));
    }
  }
}

function notEnded({ assetIngestionSessionId: id, status }: SessionAnswer): Error {
  const { total, succeeded, errored } = status.progressCount;
  const has = `${succeeded} of ${total} files succeeded and ${errored} failed so far`;
  return failure('DeadlineExceeded', `Session ${id} has not ended: ${has}; it goes on, and can be waited for`);
}
