import { FAILURES, failureType, type FailureType } from '../../../contracts/failures';
import type { Handle } from '../../../contracts/branches/handle';
import type { MediaProvider, Observation, ObservationTrouble, WatchOptions } from '../../media-provider';

/** Hears what a round learns. */
export interface RoundListener extends WatchOptions {
  seen(observation: Observation): void;
  /** The provider refuses to tell of these for good. */
  refused(trouble: ObservationTrouble): void;
  /** These were not read this time. */
  unread(trouble: ObservationTrouble): void;
  /** The key or the plan was refused for these. One answer proves nothing, so it is to be asked again. */
  doubted(trouble: ObservationTrouble): void;
}

/** After so many outages in a row, the rest of the same kind is left for the next round. */
const MAX_OUTAGES_IN_A_ROW = 3;

/** Final for every wait of the account, if it is true: one server among many, or a key that is being renewed, may err. */
const TO_CONFIRM: ReadonlySet<FailureType> = new Set(['ProviderAuth', 'QuotaExhausted']);

export const needsConfirmation = (type: FailureType | undefined): boolean => type !== undefined && TO_CONFIRM.has(type);

/**
 * Asks once for the state of every handle. Trouble with some keeps no other from being read: each kind is asked for
 * by itself, and the round fails only when a limit is reached or when nothing at all was answered.
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
    for await (const heard of watching(provider, same, listener)) {
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

/** A provider that throws instead has trouble with every handle it was asked for. */
async function* watching(
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
