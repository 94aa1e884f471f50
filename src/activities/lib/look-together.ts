import type { Handle } from '../../contracts/branches/handle';
import { failure } from '../../contracts/failures';
import type { MediaProvider, Observation } from '../../providers/media-provider';
import { cancellationOf } from './activity-call';

interface Look {
  handle: Handle;
  resolve: (observation: Observation) => void;
  reject: (error: unknown) => void;
}

/** Looks that share their requests, as long as they have not ended. */
interface Round {
  looks: Set<Look>;
  /** Aborts once nobody looks any more. */
  unwanted: AbortController;
}

type Watched = Pick<MediaProvider, 'name' | 'watch'>;

/** Looks that begin within this time share their requests. */
const WINDOW_MS = 50;

const gathered = new WeakMap<Watched, Round>();

/**
 * Asks once for the state of what the handle names; all who ask a provider at the same moment share the requests.
 * @param signal ends this look with its cancellation, and the requests once all who share them have left.
 */
export function lookTogether(provider: Watched, handle: Handle, signal: AbortSignal): Promise<Observation> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(cancellationOf(signal));
    const round = gathered.get(provider) ?? begin(provider);
    const end = (): void => {
      round.looks.delete(look);
      signal.removeEventListener('abort', leave);
    };
    const look: Look = {
      handle,
      resolve: (observation) => (end(), resolve(observation)),
      reject: (error) => (end(), reject(error as Error)),
    };
    const leave = (): void => {
      look.reject(cancellationOf(signal));
      if (round.looks.size > 0) return;
      if (gathered.get(provider) === round) gathered.delete(provider); // who comes now begins another
      round.unwanted.abort();
    };
    round.looks.add(look);
    signal.addEventListener('abort', leave, { once: true });
  });
}

function begin(provider: Watched): Round {
  const round: Round = { looks: new Set(), unwanted: new AbortController() };
  gathered.set(provider, round);
  setTimeout(() => {
    if (gathered.get(provider) === round) gathered.delete(provider);
    if (round.looks.size > 0) void look(provider, round);
  }, WINDOW_MS);
  return round;
}

async function look(provider: Watched, { looks, unwanted }: Round): Promise<void> {
  const byHandle = new Map([...looks].map(({ handle }) => [nameOf(handle), handle]));
  const each = (handle: Handle): Look[] => [...looks].filter((one) => nameOf(one.handle) === nameOf(handle));
  try {
    for await (const heard of provider.watch([...byHandle.values()], {
      pace: async () => {},
      signal: unwanted.signal,
    })) {
      if ('error' in heard) for (const one of heard.handles.flatMap(each)) one.reject(heard.error);
      else for (const one of each(heard.handle)) one.resolve(heard);
      if (looks.size === 0) return; // a watch goes on for those that are still at work
    }
    for (const { handle, reject } of looks) {
      reject(failure('ProviderUnavailable', `${provider.name} said nothing of ${handle.words}`));
    }
  } catch (error) {
    for (const { reject } of looks) reject(error);
  }
}

const nameOf = ({ kind, id, in: place = '', item = '' }: Handle): string => [kind, place, id, item].join('\0');
