import { FAILURES, failureType, type FailureType } from '../../../contracts/failures';
import type { Handle } from '../../../contracts/branches/handle';
import type { MediaProvider, Observation, ObservationTrouble, WatchOptions } from '../../media-provider';

/** Called with the results of a round. */
export interface RoundListener extends WatchOptions {
  seen(observation: Observation): void;
  /** The provider will never give the state of these handles. */
  refused(trouble: ObservationTrouble): void;
  /** The state of these handles could not be read in this round. */
  unread(trouble: ObservationTrouble): void;
  /** The key or the plan was refused for these handles. One answer proves nothing, so the caller asks again. */
  doubted(trouble: ObservationTrouble): void;
}

/** After this many outages in a row, the other handles of the same kind wait for the next round. */
const MAX_OUTAGES_IN_A_ROW = 3;

/** These would end every wait of the account, so they are confirmed: a single server, or a key renewal, may err. */
const FAILURES_TO_CONFIRM: ReadonlySet<FailureType> = new Set(['ProviderAuth', 'QuotaExhausted']);

export const needsConfirmation = (type: FailureType | undefined): boolean =>
  type !== undefined && FAILURES_TO_CONFIRM.has(type);

/**
 * Asks once for the state of every handle. Each kind of handle is asked for separately, so that trouble with one kind
 * does not hide the others. The round fails only on a rate limit, or when no request was answered.
 */
export async function watchRound(
  provider: Pick<MediaProvider, 'watch'>,
  handles: readonly Handle[],
  listener: RoundListener,
): Promise<void> {
  let answered = false;
  let outage: unknown;
  for (const kind of new Set(handles.map((handle) => handle.kind))) {
    const same = handles.filter((handle) => handle.kind === kind);
    let inARow = 0;
    for await (const heard of watchOrReportTrouble(provider, same, listener)) {
      if (!('error' in heard)) {
        answered = true;
        inARow = 0;
        listener.seen(heard);
        continue;
      }
      const type = failureType(heard.error);
      if (type === undefined || type === 'RateLimited') throw heard.error;
      if (!FAILURES[type].retry && !needsConfirmation(type)) {
        answered = true;
        inARow = 0;
        listener.refused(heard);
        continue;
      }
      outage = heard.error;
      if (needsConfirmation(type)) listener.doubted(heard);
      else listener.unread(heard);
      if (++inARow === MAX_OUTAGES_IN_A_ROW) break;
    }
  }
  if (!answered && outage !== undefined) throw outage;
}

/** Yields an error that the provider throws as trouble with every handle of the request. */
async function* watchOrReportTrouble(
  provider: Pick<MediaProvider, 'watch'>,
  handles: readonly Handle[],
  options: WatchOptions,
): AsyncGenerator<Observation | ObservationTrouble> {
  try {
    yield* provider.watch(handles, options);
  } catch (error) {
    yield { handles, error };
  }
}
