import { FAILURES, failureType, type FailureType } from '../contracts/failures';
import type { MediaProvider, Observation, ObservationTrouble, ObserveOptions, WatchTarget } from './media-provider';

/** Whom a round tells what it hears. */
export interface RoundListener extends ObserveOptions {
  seen(observation: Observation): void;
  /** The provider refuses to tell of these for good. */
  refused(trouble: ObservationTrouble): void;
  /** These were not read this time. */
  unread(trouble: ObservationTrouble): void;
}

/** So many outages in a row, and the rest of the same kind is left for the next round. */
const GIVE_UP_AFTER = 3;

/** Troubles of the account and not of a target: a limit to wait out, or a key or plan that ends every wait. */
const OF_ACCOUNT: ReadonlySet<FailureType> = new Set(['RateLimited', 'ProviderAuth', 'QuotaExhausted']);

/**
 * Asks once for the state of every target. Trouble with some keeps no other from being read: each kind is asked for
 * by itself, and the round fails only when the trouble is the account's or when nothing at all was answered.
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
        [answered, inARow] = [true, 0];
        listener.seen(heard);
        continue;
      }
      const type = failureType(heard.error);
      if (type === undefined || OF_ACCOUNT.has(type)) throw heard.error;
      if (!FAILURES[type].retry) {
        [answered, inARow] = [true, 0];
        listener.refused(heard);
        continue;
      }
      outage = heard.error;
      listener.unread(heard);
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
