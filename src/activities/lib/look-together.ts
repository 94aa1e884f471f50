import type { Handle } from '../../contracts/branches/handle';
import { failure } from '../../contracts/failures';
import type { MediaProvider, Observation } from '../../providers/media-provider';

interface Look {
  handle: Handle;
  resolve: (observation: Observation) => void;
  reject: (error: unknown) => void;
}

type Watched = Pick<MediaProvider, 'name' | 'watch'>;

/** Looks that begin within this time share their requests. */
const WINDOW_MS = 50;

const gathered = new WeakMap<Watched, Look[]>();

/** Asks once for the state of what the handle names; all who ask a provider at the same moment share the requests. */
export function lookTogether(provider: Watched, handle: Handle): Promise<Observation> {
  return new Promise((resolve, reject) => {
    const looks = gathered.get(provider) ?? begin(provider);
    looks.push({ handle, resolve, reject });
  });
}

function begin(provider: Watched): Look[] {
  const looks: Look[] = [];
  gathered.set(provider, looks);
  setTimeout(() => {
    gathered.delete(provider);
    void look(provider, looks);
  }, WINDOW_MS);
  return looks;
}

async function look(provider: Watched, looks: readonly Look[]): Promise<void> {
  const byHandle = new Map(looks.map((one) => [nameOf(one.handle), one.handle]));
  const each = (handle: Handle): Look[] => looks.filter((one) => nameOf(one.handle) === nameOf(handle));
  try {
    for await (const heard of provider.watch([...byHandle.values()], { pace: async () => {} })) {
      if ('error' in heard) for (const one of heard.handles.flatMap(each)) one.reject(heard.error);
      else for (const one of each(heard.handle)) one.resolve(heard);
      for (const handle of 'error' in heard ? heard.handles : [heard.handle]) byHandle.delete(nameOf(handle));
      if (byHandle.size === 0) return; // a watch goes on for those that are still at work
    }
    for (const { handle, reject } of looks) {
      reject(failure('ProviderUnavailable', `${provider.name} said nothing of ${handle.words}`));
    }
  } catch (error) {
    for (const { reject } of looks) reject(error);
  }
}

const nameOf = ({ kind, id, in: place = '', item = '' }: Handle): string => [kind, place, id, item].join('\0');
