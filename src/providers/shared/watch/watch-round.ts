import { FAILURES, failureType, type FailureType } from '../../../contracts/failures';
import type { MediaProvider, Observation, ObservationTrouble, ObserveOptions, WatchTarget } from '../../media-provider';

/** Whom a round tells what it hears. */
export interface RoundListener extends ObserveOptions {
  seen(observation: Observation): void;
  /** The provider refuses to tell of these for good. */
  refused(trouble: ObservationTrouble): void;
  /** These were not read this time. */
  unread(trouble: ObservationTrouble): void;
  /** The key or the plan was refused for these. One answer proves nothing, so it is to be asked again. */
  doubted(trouble: ObservationTrouble): void;
}

/** So many outages in a row, and the rest of the same kind is left for the next round. */
const GIVE_UP_AFTER = 3;

/** Final for every wait of the account, if it is true: one server among many, or a key that is being renewed, may err. */
const TO_CONFIRM: ReadonlySet<FailureType> = new Set(['ProviderAuth', 'QuotaExhausted']);

export const needsConfirmation = (type: FailureType | undefined): boolean => type !== undefined && TO_CONFIRM.has(type);

/**
 * Asks once for the state of every target. Trouble with some keeps no other from being read: each kind is asked for
 * by itself, and the round fails only when a limit is reached or when nothing at all was answered.
 */
export async function watchRound(
  provider: Pick<MediaProvider, 'observe'>,
  targets: readonly WatchTarget[],
  listener: RoundListener,
): Promise<void> {
  let answered = false;
  let outage: unknown;
  for (const kind of new Set(targets.map((target) => target.kind))) {
    const same = targets.filter((target) => target.kind === kind);
    let inARow = 0;
    for await (const heard of observing(provider, same, listener)) {
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
      if (++inARow === GIVE_UP_AFTER) break;
    }
  }
  if (!answered && outage !== undefined) throw outage;
}

/** An observer that throws has trouble with everything it was asked for. */
async function* observing(
  provider: Pick<MediaProvider, 'observe'>,
  targets: readonly WatchTarget[],
  options: ObserveOptions,
): AsyncGenerator<Observation | ObservationTrouble> {
  try {
    yield* provider.observe(targets, options);
  } catch (error) {
    yield { targets, error };
  }
}
